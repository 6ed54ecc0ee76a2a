/**
 * How many instances a group should have, and why. Pure: what is decided follows from the
 * arguments alone, so the same code can decide, explain, and replay the past.
 *
 * The order is: what is wished (bounds first, then load), then what limits the wish (guards), then
 * what forbids any change just now (gates). Bounds are an operator's wish and need no samples;
 * everything that removes because of load needs a fresh sample of every instance.
 */
import type { Policy } from '../groups/group.ts';
import { type Guarded, guardAdd, guardRemove, needsSampleOf, type Wish } from './guards.ts';
import { type Counts, countSecond, type Gate, noCounts, type Reading, readInputs, type Signal } from './signal.ts';
import { plural, rounded } from './words.ts';

/** What a policy remembers from one evaluation to the next. */
export type PolicyState = {
  readonly counts: Counts;
  readonly lastAddMs: number | null;
  readonly lastRemoveMs: number | null;
  /** A step of several instances that is not done yet: each instance is an action of its own. */
  readonly target: { readonly kind: 'add' | 'remove'; readonly wanted: number; readonly sinceMs: number } | null;
};

export const initialState: PolicyState = { counts: noCounts, lastAddMs: null, lastRemoveMs: null, target: null };

export type Verdict = {
  readonly kind: 'add' | 'remove' | 'hold';
  /** The reason as a word: neighbours with the same one are folded into one record. */
  readonly code: Wish['code'] | Extract<Guarded, { readonly kind: 'held' }>['code'] | Gate['code'];
  /** Equal to the current count for a hold. */
  readonly wanted: number;
  /** The mean that was compared with the thresholds. */
  readonly mean: number | null;
  readonly reason: string;
  readonly guards: readonly string[];
  readonly newState: PolicyState;
};

/** A step that could not be finished in this time is given up; the load asks again if need be. */
const TARGET_MS_MAX = 60_000;

export function decide(policy: Policy, signal: Signal, state: PolicyState, nowMs: number): Verdict {
  const reading = readInputs(signal.inputs);
  const counts = countSecond(policy, reading, signal.second, state.counts);
  const seen = { policy, current: signal.current, reading, counts };
  const target = targetStillOpen(seen, state.target, nowMs);
  const kept: PolicyState = { ...settled(state, nowMs), counts, target };
  const wish = wishOf(seen, target);
  if (wish.kind === 'hold') return hold(seen, wish, [], kept);

  const guarded = guard(seen, wish, kept, nowMs);
  if (guarded.kind === 'held') return hold(seen, guarded, [guarded.reason], kept);

  const gates = signal.gates.filter((gate) => gate.stops === 'all' || gate.stops === wish.kind);
  const [gate] = gates;
  if (gate !== undefined) {
    const reason = `${wish.kind === 'add' ? 'more' : 'fewer'} wanted (${wish.reason}), but ${gate.reason}`;
    return hold(seen, { code: gate.code, reason }, [...guarded.guards, ...gates.map((closed) => closed.reason)], kept);
  }
  const { wanted, guards } = guarded;
  const newState = acted(kept, wish, { current: seen.current, wanted }, nowMs);
  return { kind: wish.kind, code: wish.code, wanted, mean: reading.mean, reason: wish.reason, guards, newState };
}

/** What an evaluation looks at. */
type Seen = {
  readonly policy: Policy;
  readonly current: number;
  readonly reading: Reading;
  readonly counts: Counts;
};

type Target = PolicyState['target'];
type HoldWish = Extract<Wish, { readonly kind: 'hold' }>;
type ChangeWish = Exclude<Wish, HoldWish>;

function hold(
  { current, reading }: Seen,
  { code, reason }: { readonly code: Verdict['code']; readonly reason: string },
  guards: readonly string[],
  newState: PolicyState,
): Verdict {
  return { kind: 'hold', code, wanted: current, mean: reading.mean, reason, guards, newState };
}

function wishOf(seen: Seen, target: Target): Wish {
  const { policy, current, counts } = seen;
  const { min, max } = policy;
  if (current < min)
    return { kind: 'add', code: 'below-min', wanted: min, reason: `${current} running, min is ${min}` };
  if (current > max) {
    return { kind: 'remove', code: 'above-max', wanted: max, reason: `${current} running, max is ${max}` };
  }
  if (target !== null) {
    const reason = `going on to ${plural(target.wanted, 'instance')}, as decided before`;
    return { kind: target.kind, code: 'going-on', wanted: target.wanted, reason };
  }
  if (counts.up >= policy.add.consecutive) return wishForMore(seen);
  if (counts.down >= policy.remove.consecutive) return wishForFewer(seen);
  return { kind: 'hold', ...watching(seen) };
}

function wishForMore({ policy, current, reading }: Seen): Wish {
  const { metric, max, add, step } = policy;
  const reason = `${metric} above ${add.above} for ${plural(add.consecutive, 'second')} in a row, ${meanWords(reading)}`;
  if (current >= max) return { kind: 'hold', code: 'at-max', reason: `${reason}, but max is ${max}` };
  return { kind: 'add', code: 'load-high', wanted: current + step, reason };
}

function wishForFewer({ policy, current, reading }: Seen): Wish {
  const { metric, remove, step } = policy;
  const words = `${metric} below ${remove.below} for ${plural(remove.consecutive, 'second')} in a row`;
  const reason = `${words}, ${meanWords(reading)}`;
  if (current <= policy.min) return { kind: 'hold', code: 'at-min', reason: `${reason}, but min is ${policy.min}` };
  // With none left there is nothing to measure, so load alone could never bring one back.
  if (current <= 1) return { kind: 'hold', code: 'at-min', reason: `${reason}, but the last instance stays` };
  return { kind: 'remove', code: 'load-low', wanted: current - step, reason };
}

function watching(seen: Seen): Omit<HoldWish, 'kind'> {
  const { policy, current, reading, counts } = seen;
  const { metric, add, remove } = policy;
  if (current === 0) return { code: 'steady', reason: 'no instance is running and min is 0' };
  if (reading.mean === null) return unread(seen);
  const mean = `${metric} ${meanWords(reading)}`;
  if (counts.up > 0) {
    return { code: 'steady', reason: `${mean}: ${counts.up} of ${add.consecutive} seconds above ${add.above}` };
  }
  if (reading.mean >= remove.below) {
    return { code: 'steady', reason: `${mean}: from ${remove.below} to ${add.above} nothing changes` };
  }
  if (reading.missing.length > 0) {
    const reason = `${mean} is below ${remove.below}, but ${needsSampleOf(reading.missing)}`;
    return { code: 'missing-data', reason };
  }
  return { code: 'steady', reason: `${mean}: ${counts.down} of ${remove.consecutive} seconds below ${remove.below}` };
}

function unread({ policy, current, reading }: Seen): Omit<HoldWish, 'kind'> {
  const warm = current - reading.warmingCount;
  if (warm === 0) return { code: 'warming', reason: `${plural(current, 'instance')} warming up, none is warm yet` };
  const fresh = `${reading.freshCount} of ${plural(warm, 'warm instance')}`;
  return { code: 'no-data', reason: `${fresh} with a fresh sample of ${policy.metric}: too few to judge` };
}

function meanWords(reading: Reading): string {
  if (reading.mean === null) return 'no mean just now';
  return `mean ${rounded(reading.mean)} of ${plural(reading.freshCount, 'instance')}`;
}

function guard({ policy, current, reading }: Seen, wish: ChangeWish, state: PolicyState, nowMs: number): Guarded {
  if (wish.code === 'below-min' || wish.code === 'above-max')
    return { kind: 'passed', wanted: wish.wanted, guards: [] };
  const { lastAddMs, lastRemoveMs } = state;
  const against = { policy, wish, current, reading, nowMs, lastAddMs, lastRemoveMs };
  return wish.kind === 'add' ? guardAdd(against) : guardRemove(against);
}

/** A step of several goes on while the load still agrees; fewer needs a reading that says so. */
function targetStillOpen({ policy, current, reading }: Seen, target: Target, nowMs: number): Target {
  if (target === null || nowMs - target.sinceMs > TARGET_MS_MAX) return null;
  const low = reading.mean !== null && reading.mean < policy.remove.below;
  if (target.kind === 'add' ? low : !low) return null;
  const wanted = Math.min(policy.max, Math.max(policy.min, target.wanted));
  const left = target.kind === 'add' ? wanted - current : current - wanted;
  // More than a step is left only where somebody else has changed the group in the meantime.
  const open = left > 0 && left <= policy.step;
  return open ? { ...target, wanted } : null;
}

/** Times in the future are what a wall clock leaves behind that was set back; they count as now. */
function settled(state: PolicyState, nowMs: number): PolicyState {
  const atMost = (time: number | null) => (time === null ? null : Math.min(time, nowMs));
  return { ...state, lastAddMs: atMost(state.lastAddMs), lastRemoveMs: atMost(state.lastRemoveMs) };
}

function acted(
  state: PolicyState,
  wish: ChangeWish,
  { current, wanted }: { readonly current: number; readonly wanted: number },
  nowMs: number,
): PolicyState {
  const several = Math.abs(wanted - current) > 1 && (wish.code === 'load-high' || wish.code === 'load-low');
  const target = several ? { kind: wish.kind, wanted, sinceMs: nowMs } : state.target;
  const counts = { ...state.counts, up: 0, down: 0 };
  if (wish.kind === 'add') return { ...state, counts, target, lastAddMs: nowMs };
  return { ...state, counts, target, lastRemoveMs: nowMs };
}
