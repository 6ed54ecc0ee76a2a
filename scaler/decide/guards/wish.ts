import type { Proposal, ProposalCode, View } from '../policies/proposal.ts';
import type { GateCode } from '../signal.ts';
import type { PolicyState } from '../state.ts';

/** What bounds and load alone would do. */
export type Wish =
  | {
      readonly kind: 'add' | 'remove';
      readonly code: ChangeCode;
      readonly wanted: number;
      readonly reason: string;
    }
  | { readonly kind: 'hold'; readonly code: HoldCode; readonly reason: string };

export type ChangeCode = 'below-min' | 'above-max' | 'going-on' | 'load-high' | 'load-low' | 'panic' | 'alert';
export type HoldCode = ProposalCode | 'at-max' | 'at-min' | 'stabilising';
export type ChangeWish = Exclude<Wish, { readonly kind: 'hold' }>;

/** The reason of a verdict as a word: neighbours with the same one are folded into one record. */
export type VerdictCode = ChangeCode | HoldCode | GuardCode | GateCode | 'freeze';

export type GuardCode =
  | 'missing-data'
  | 'no-data'
  | 'warming'
  | 'cooldown'
  | 'projection'
  | 'at-min'
  | 'zero-at-once'
  | 'rate-limit'
  | 'flap-budget';

/** The wish after the guards: passed, perhaps smaller, or held back. */
export type Guarded =
  | { readonly kind: 'passed'; readonly wanted: number; readonly guards: readonly string[] }
  | { readonly kind: 'held'; readonly code: GuardCode; readonly reason: string };

/** Floor and ceiling in force: the group's own, and those of schedules, forecasts and calls. */
export type Bounds = {
  readonly floor: number;
  readonly ceiling: number;
  /** What set each, where it was not the group's own min or max. */
  readonly floorReason: string | null;
  readonly ceilingReason: string | null;
};

export type Against = {
  readonly view: View;
  readonly state: PolicyState;
  readonly bounds: Bounds;
  readonly winner: Proposal | null;
  readonly wish: ChangeWish;
};

export function held(code: GuardCode, reason: string): Guarded {
  return { kind: 'held', code, reason };
}

export function passed(wanted: number, guards: readonly string[] = []): Guarded {
  return { kind: 'passed', wanted, guards };
}
