import { type Memo, noMemo } from './policies/proposal.ts';

/** A change that was decided: so many more, or fewer. */
export type Change = { readonly atMs: number; readonly delta: number };

/** What was wished within a stretch of time that begins at `fromMs`. */
export type Wishes = { readonly fromMs: number; readonly least: number; readonly most: number };

/** A step of several instances that is not done yet: each instance is an action of its own. */
export type Target = {
  readonly kind: 'add' | 'remove';
  readonly wanted: number;
  readonly size: number;
  readonly sinceMs: number;
};

/** What a group remembers from one evaluation to the next. A value: replaced, never changed. */
export type PolicyState = {
  readonly lastAddMs: number | null;
  readonly lastRemoveMs: number | null;
  /** The second of the last change by load. Steps count anew from there. */
  readonly changedSecond: number;
  readonly target: Target | null;
  /** By policy. */
  readonly memos: readonly Memo[];
  /** Oldest first. */
  readonly wishes: readonly Wishes[];
  /** Since when there are wishes without a hole; null before the first. */
  readonly wishedSinceMs: number | null;
  readonly changes: readonly Change[];
  /** By metric: how its samples came to 0. */
  readonly zeros: Memo;
};

export const initialState: PolicyState = {
  lastAddMs: null,
  lastRemoveMs: null,
  changedSecond: 0,
  target: null,
  memos: [],
  wishes: [],
  wishedSinceMs: null,
  changes: [],
  zeros: noMemo,
};
