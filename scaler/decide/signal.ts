import type { MeanWindow } from './window.ts';

/** The running instances as one metric sees them. Read at once; nothing of it is kept. */
export interface Inputs {
  readonly count: number;
  /** The newest sample; NaN where there is none. */
  value(index: number): number;
  /** Age of the newest sample; NaN where there never was one, negative when its clock is ahead. */
  ageMs(index: number): number;
  /** Too young to count. */
  isWarming(index: number): boolean;
  endpoint(index: number): string;
}

/** Something outside of the policies that forbids a change at the moment. */
export type Gate = {
  readonly code: GateCode;
  readonly stops: 'all' | 'add' | 'remove';
  readonly reason: string;
};

export type GateCode =
  | 'docker'
  | 'action-running'
  | 'back-off'
  | 'actions-limit'
  | 'not-removable'
  | 'kill-switch'
  | 'paused'
  | 'fleet-limit'
  | 'observe'
  | 'approval';

/** Bounds that a call has set. */
export type Hook = { readonly floor: number | null; readonly ceiling: number | null; readonly untilMs: number };

export type Signal = {
  /** The wall-clock second that this evaluation stands for. */
  readonly second: number;
  /** Running instances, warming ones included, stuck ones not. */
  readonly current: number;
  /** By metric, in the order of the plan's. */
  readonly readings: readonly Reading[];
  /** By metric: the means of the seconds before, this one included. */
  readonly windows: readonly MeanWindow[];
  readonly gates: readonly Gate[];
  /** Names of alert rules that are open for this group. */
  readonly alerts: ReadonlySet<string>;
  /** By name of the webhook policy. */
  readonly hooks: ReadonlyMap<string, Hook>;
  /** Measured time from a decision to a running instance; null before the first. */
  readonly startMs: number | null;
  /** A floor from outside, such as the hourly forecast of the capacity plan. */
  readonly planned: { readonly floor: number; readonly reason: string } | null;
};

/** What the inputs of one metric amount to. */
export type Reading = {
  /** Over warm instances with a fresh sample; null when fewer than the quorum of the warm ones have one. */
  readonly mean: number | null;
  readonly freshCount: number;
  readonly warmingCount: number;
  /** Warm instances without a fresh sample. While there is one, nothing is removed. */
  readonly missing: readonly string[];
  /** Fresh samples that are exactly 0. */
  readonly zeroCount: number;
};

/** A sample further than this from now, in either direction, is no evidence about now. */
export const FRESH_MS = 2000;

const noneMissing: readonly string[] = [];

export type Trust = {
  /** Share of the warm instances that must have a fresh sample; the others may be silent because they are in trouble. */
  readonly quorum: number;
  readonly freshMs: number;
};

/** The mean over warm instances with a fresh sample; NaN, infinities and skewed clocks are missing. */
export function readInputs(inputs: Inputs, { quorum, freshMs }: Trust): Reading {
  let sum = 0;
  let freshCount = 0;
  let warmingCount = 0;
  let zeroCount = 0;
  let missing: string[] | null = null;
  for (let index = 0; index < inputs.count; index++) {
    if (inputs.isWarming(index)) {
      warmingCount++;
      continue;
    }
    const value = inputs.value(index);
    if (Number.isFinite(value) && Math.abs(inputs.ageMs(index)) <= freshMs) {
      sum += value;
      freshCount++;
      if (value === 0) zeroCount++;
    } else {
      missing ??= [];
      missing.push(inputs.endpoint(index));
    }
  }
  const warm = freshCount + (missing?.length ?? 0);
  // A sum of large numbers may leave the doubles; it is no mean then.
  const enough = freshCount > 0 && freshCount >= quorum * warm && Number.isFinite(sum);
  return {
    mean: enough ? sum / freshCount : null,
    freshCount,
    warmingCount,
    missing: missing ?? noneMissing,
    zeroCount,
  };
}
