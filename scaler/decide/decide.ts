/**
 * How many instances a group should have, and why. Pure: what is decided follows from the
 * arguments alone, so the same code decides, explains, and replays the past.
 *
 *   proposals of all policies ─► bounds (floor, ceiling) ─► raw: the most that any asks for
 *   ─► stabilised ─► guards (evidence, cooldown, projection, rates, flaps) ─► gates ─► verdict
 *
 * Bounds are an operator's wish and need no samples. Fewer by load needs all policies to agree, and
 * a fresh sample of every instance.
 */
import { boundKinds, type Plan } from '../groups/policies/policy.ts';
import { frozenUntil } from './guards/freeze.ts';
import { guard } from './guards/guard.ts';
import { rememberChange } from './guards/limits.ts';
import { remember, stabilised } from './guards/stabilise.ts';
import type { Bounds, ChangeWish, VerdictCode, Wish } from './guards/wish.ts';
import { noMemo, type Proposal, type View } from './policies/proposal.ts';
import { propose } from './policies/propose.ts';
import type { Signal } from './signal.ts';
import type { PolicyState, Target } from './state.ts';
import { plural } from './words.ts';

export type Verdict = {
  readonly kind: 'add' | 'remove' | 'hold';
  readonly code: VerdictCode;
  /** Equal to the current count for a hold. */
  readonly wanted: number;
  /** The metric and the mean that the winner went by; null without one. */
  readonly metric: string | null;
  readonly mean: number | null;
  readonly reason: string;
  /** The policy that decided; null where the group's own bounds did. */
  readonly winner: string | null;
  /** Instances wished: by load alone, after stabilisation, after the guards. Null where no policy could tell. */
  readonly stages: { readonly raw: number | null; readonly stabilised: number | null; readonly limited: number | null };
  /** What made the wish smaller or held it back. */
  readonly guards: readonly string[];
  /** What forbade a change just now. */
  readonly gates: readonly string[];
  readonly proposals: readonly Proposal[];
  readonly newState: PolicyState;
};

/** A step that could not be finished in this time is given up; the load asks again if need be. */
const TARGET_MS_MAX = 60_000;

export function decide(plan: Plan, signal: Signal, state: PolicyState, nowMs: number): Verdict {
  const view: View = {
    plan,
    signal,
    nowMs,
    changedSecond: state.changedSecond > signal.second ? 0 : state.changedSecond,
  };
  const proposed = plan.policies.map((policy, index) => propose(policy, view, state.memos[index] ?? noMemo));
  const proposals = proposed.map((each) => each.proposal);
  const bounds = boundsOf(plan, proposals, signal.planned);
  const raw = rawOf(proposals, bounds, signal.current);
  const settledState = settled(
    { ...state, memos: proposed.map(({ memo }) => memo), zeros: zerosOf(signal, state) },
    nowMs,
  );
  const remembered = remember(settledState, plan.guards, raw.count ?? signal.current, nowMs);
  const stable =
    raw.count === null
      ? null
      : stabilised(remembered, plan.guards, { wish: raw.count, current: signal.current }, nowMs);
  const target = targetStillOpen(state.target, { view, proposals, bounds, raw });
  const kept: PolicyState = { ...remembered, target };
  const seen: Seen = { view, proposals, bounds, raw, stable, kept };
  return judge(seen, wishOf(seen));
}

/** What an evaluation has found on the way to its wish. */
type Seen = {
  readonly view: View;
  readonly proposals: readonly Proposal[];
  readonly bounds: Bounds;
  readonly raw: Raw;
  readonly stable: number | null;
  readonly kept: PolicyState;
};

/** The most that any policy asks for; null where one that should know can not tell, and the others ask for no more. */
type Raw = { readonly count: number | null; readonly winner: Proposal | null };

function judge(seen: Seen, wish: Wish): Verdict {
  const { view, bounds, raw, kept } = seen;
  if (wish.kind === 'hold') return hold(seen, wish, [], []);
  const guarded = guard({ view, state: kept, bounds, winner: raw.winner, wish });
  if (guarded.kind === 'held') return hold(seen, guarded, [guarded.reason], []);
  const gates = [...view.signal.gates, ...freezeGate(view)].filter(
    ({ stops }) => stops === 'all' || stops === wish.kind,
  );
  const [gate] = gates;
  if (gate !== undefined) {
    const reason = `${wish.kind === 'add' ? 'more' : 'fewer'} wanted (${wish.reason}), but ${gate.reason}`;
    const reasons = gates.map((closed) => closed.reason);
    return {
      ...hold(seen, { code: gate.code, reason }, guarded.guards, reasons),
      stages: stagesOf(seen, guarded.wanted),
    };
  }
  const { wanted, guards } = guarded;
  return {
    ...common(seen),
    kind: wish.kind,
    code: wish.code,
    wanted,
    reason: wish.reason,
    stages: stagesOf(seen, wanted),
    guards,
    gates: [],
    newState: acted(seen, wish, wanted),
  };
}

function hold(
  seen: Seen,
  { code, reason }: { readonly code: VerdictCode; readonly reason: string },
  guards: readonly string[],
  gates: readonly string[],
): Verdict {
  const wanted = seen.view.signal.current;
  return {
    ...common(seen),
    kind: 'hold',
    code,
    wanted,
    reason,
    stages: stagesOf(seen, wanted),
    guards,
    gates,
    newState: seen.kept,
  };
}

function common({ view, proposals, raw }: Seen): Pick<Verdict, 'metric' | 'mean' | 'winner' | 'proposals'> {
  const { plan, signal } = view;
  const policy = plan.policies.find(({ name }) => name === raw.winner?.policy);
  const metric = policy !== undefined && 'metric' in policy ? policy.metric : (plan.metrics[0] ?? null);
  const mean = metric === null ? null : (signal.readings[plan.metrics.indexOf(metric)]?.mean ?? null);
  return { metric, mean, winner: raw.winner?.policy ?? null, proposals };
}

function stagesOf({ raw, stable }: Seen, limited: number): Verdict['stages'] {
  return { raw: raw.count, stabilised: stable, limited: raw.count === null ? null : limited };
}

function freezeGate({ plan, nowMs }: View) {
  const untilMs = plan.guards.freezes.length === 0 ? null : frozenUntil(plan.guards.freezes, nowMs);
  if (untilMs === null) return [];
  return [
    {
      code: 'freeze' as const,
      stops: 'all' as const,
      reason: `changes are frozen until ${new Date(untilMs).toISOString()}`,
    },
  ];
}

/** Floors rise and ceilings sink, but never beyond the group's own min and max; of the two, the floor goes. */
function boundsOf(plan: Plan, proposals: readonly Proposal[], planned: Signal['planned']): Bounds {
  let [floor, ceiling] = [plan.min, plan.max];
  let floorReason: string | null = null;
  let ceilingReason: string | null = null;
  for (const { floor: least, ceiling: most, reason } of proposals) {
    if (least !== null && least > floor) [floor, floorReason] = [least, reason];
    if (most !== null && most < ceiling) [ceiling, ceilingReason] = [most, reason];
  }
  if (planned !== null && planned.floor > floor) [floor, floorReason] = [planned.floor, planned.reason];
  if (floor > plan.max) [floor, floorReason] = [plan.max, `${floorReason}, but max is ${plan.max}`];
  return { floor, ceiling: Math.max(floor, ceiling), floorReason, ceilingReason };
}

function rawOf(proposals: readonly Proposal[], bounds: Bounds, current: number): Raw {
  let winner: Proposal | null = null;
  let unsure: Proposal | null = null;
  let isByLoad = false;
  for (const each of proposals) {
    if (boundKinds.has(each.kind)) continue;
    isByLoad = true;
    if (each.wants === null) {
      if (each.code !== 'steady') unsure ??= each;
    } else if (winner === null || winner.wants === null || each.wants > winner.wants) winner = each;
  }
  if (!isByLoad) return rawOfBounds(proposals, bounds, current);
  if (unsure !== null && (winner?.wants ?? 0) <= current) return { count: null, winner: unsure };
  return { count: winner?.wants ?? current, winner: winner ?? proposals[0] ?? null };
}

/** With nothing but bounds to go by, the group is as small as they allow; not before a forecast knows any. */
function rawOfBounds(proposals: readonly Proposal[], { floor }: Bounds, current: number): Raw {
  const learning = proposals.find((each) => each.kind === 'forecast' && each.floor === null);
  if (learning !== undefined) return { count: null, winner: learning };
  return { count: proposals.length === 0 ? current : Math.min(current, floor), winner: proposals[0] ?? null };
}

function wishOf(seen: Seen): Wish {
  const { view, bounds, raw, stable, kept } = seen;
  const { current } = view.signal;
  const { floor, ceiling, floorReason, ceilingReason } = bounds;
  if (current < floor) {
    const reason = `${current} running, ${floorReason ?? `min is ${floor}`}`;
    return { kind: 'add', code: 'below-min', wanted: floor, reason };
  }
  if (current > ceiling) {
    const reason = `${current} running, ${ceilingReason ?? `max is ${ceiling}`}`;
    return { kind: 'remove', code: 'above-max', wanted: ceiling, reason };
  }
  if (kept.target !== null) {
    const { kind, wanted } = kept.target;
    return { kind, code: 'going-on', wanted, reason: `going on to ${plural(wanted, 'instance')}, as decided before` };
  }
  if (raw.count === null || stable === null || raw.count === current) return calm(raw, current);
  return wishForChange(seen, { wanted: stable, raw: raw.count });
}

function calm({ winner }: Raw, current: number): Wish {
  if (current === 0) return { kind: 'hold', code: 'steady', reason: 'no instance is running and min is 0' };
  if (winner === null) return { kind: 'hold', code: 'steady', reason: 'no policy asks for a change' };
  return { kind: 'hold', code: winner.code, reason: winner.reason };
}

function wishForChange({ view, bounds, raw }: Seen, wish: { readonly wanted: number; readonly raw: number }): Wish {
  const { current } = view.signal;
  const reason = raw.winner?.reason ?? '';
  if (wish.raw > current) {
    if (current >= bounds.ceiling) {
      return {
        kind: 'hold',
        code: 'at-max',
        reason: `${reason}, but ${bounds.ceilingReason ?? `max is ${bounds.ceiling}`}`,
      };
    }
    if (wish.wanted <= current) {
      return { kind: 'hold', code: 'stabilising', reason: `${reason}, but fewer were enough within stabilise.up` };
    }
    const code = raw.winner?.code === 'panic' || raw.winner?.code === 'alert' ? raw.winner.code : 'load-high';
    return { kind: 'add', code, wanted: wish.wanted, reason };
  }
  if (current <= bounds.floor) {
    return { kind: 'hold', code: 'at-min', reason: `${reason}, but ${bounds.floorReason ?? `min is ${bounds.floor}`}` };
  }
  // With none left there is nothing to measure, so load alone could never bring one back.
  if (current <= 1) return { kind: 'hold', code: 'at-min', reason: `${reason}, but the last instance stays` };
  if (wish.wanted >= current) {
    return {
      kind: 'hold',
      code: 'stabilising',
      reason: `${reason}, but all of them were needed within stabilise.down`,
    };
  }
  return { kind: 'remove', code: 'load-low', wanted: wish.wanted, reason };
}

/** A step of several goes on while the load still agrees; fewer needs every policy that knows to say so. */
function targetStillOpen(
  target: Target | null,
  { view, proposals, bounds, raw }: Omit<Seen, 'stable' | 'kept'>,
): Target | null {
  const { nowMs, signal } = view;
  if (target === null || nowMs - target.sinceMs > TARGET_MS_MAX || nowMs < target.sinceMs) return null;
  const byLoad = proposals.filter(({ kind }) => !boundKinds.has(kind));
  const low = raw.count !== null && byLoad.every(({ lean, wants }) => wants === null || lean === -1);
  if (target.kind === 'add' ? low : !low) return null;
  const wanted = Math.min(bounds.ceiling, Math.max(bounds.floor, target.wanted));
  const left = target.kind === 'add' ? wanted - signal.current : signal.current - wanted;
  // More than the step is left only where somebody else has changed the group in the meantime.
  if (left <= 0 || left > target.size) return null;
  // The load has grown meanwhile: what it asks for now is the better target.
  if (target.kind === 'add' && (raw.count ?? 0) > wanted) return null;
  return { ...target, wanted };
}

/** Of the samples of a metric: several are not 0; all but one are, so that calm may come; all became 0 in one moment. */
const SEVERAL = 0;
const AT_ONCE = 1;
const ONE_BY_ONE = 2;

/** Samples of several instances that are 0 all at once are suspect until one is not. */
function zerosOf({ readings }: Signal, { zeros }: PolicyState): PolicyState['zeros'] {
  let next = zeros;
  for (const [index, { mean, zeroCount, freshCount }] of readings.entries()) {
    if (mean === null) continue;
    const before = zeros[index] ?? ONE_BY_ONE;
    const isZero = zeroCount === freshCount;
    const is = isZero
      ? before === ONE_BY_ONE
        ? ONE_BY_ONE
        : AT_ONCE
      : freshCount - zeroCount > 1
        ? SEVERAL
        : ONE_BY_ONE;
    if (is !== zeros[index]) next = { ...next, [index]: is };
  }
  return next;
}

/** Times in the future are what a wall clock leaves behind that was set back; they count as now. */
function settled(state: PolicyState, nowMs: number): PolicyState {
  const isAhead = (time: number | null) => time !== null && time > nowMs;
  if (!isAhead(state.lastAddMs) && !isAhead(state.lastRemoveMs)) return state;
  const atMost = (time: number | null) => (time === null ? null : Math.min(time, nowMs));
  return { ...state, lastAddMs: atMost(state.lastAddMs), lastRemoveMs: atMost(state.lastRemoveMs) };
}

function acted({ view, kept }: Seen, wish: ChangeWish, wanted: number): PolicyState {
  const { plan, signal, nowMs } = view;
  const delta = wanted - signal.current;
  const isNew = wish.code !== 'below-min' && wish.code !== 'above-max' && wish.code !== 'going-on';
  const size = Math.abs(delta);
  const target = isNew && size > 1 ? { kind: wish.kind, wanted, size, sinceMs: nowMs } : kept.target;
  const changes = isNew ? rememberChange(kept.changes, plan, { atMs: nowMs, delta }) : kept.changes;
  const state = { ...kept, target, changes, changedSecond: signal.second };
  return wish.kind === 'add' ? { ...state, lastAddMs: nowMs } : { ...state, lastRemoveMs: nowMs };
}
