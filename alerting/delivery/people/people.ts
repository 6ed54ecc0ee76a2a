/** Who is told: users, rotations and teams, as the rules file has them. */
import type { Recipient } from '../channels/index.ts';

/** Somebody's turns, one after the other, handed over at the same time on the wall clock of a place. */
export type Rotation = {
  readonly name: string;
  /** Names of users, in the order of their turns. */
  readonly users: readonly string[];
  /** First handover, on the wall clock of `timeZone`. */
  readonly start: LocalTime;
  readonly timeZone: string;
  /** Length of a turn: whole days (which a change of the clocks makes an hour longer or shorter) or hours. */
  readonly turn: { readonly unit: 'day' | 'hour'; readonly count: number };
  readonly overrides: readonly Override[];
};

/** `2026-01-05T09:00` on some wall clock. */
export type LocalTime = {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly minute: number;
};

/** Somebody stands in from `fromMs` until before `toMs`. Of two that overlap the later in the list holds. */
export type Override = { readonly user: string; readonly fromMs: number; readonly toMs: number };

/** Who is told when nobody has acknowledged for so long, and through what. */
export type EscalationStep = {
  readonly afterMs: number;
  readonly users: readonly string[];
  readonly rotations: readonly string[];
  readonly channels: readonly string[];
};

export type Team = {
  readonly name: string;
  /** Where the team as a whole hears of everything. */
  readonly channels: readonly string[];
  readonly escalation: readonly EscalationStep[];
};

export type People = {
  readonly users: ReadonlyMap<string, Recipient>;
  readonly rotations: ReadonlyMap<string, Rotation>;
  readonly teams: ReadonlyMap<string, Team>;
};

export const nobody: People = { users: new Map(), rotations: new Map(), teams: new Map() };
