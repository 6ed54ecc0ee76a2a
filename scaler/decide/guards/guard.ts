import { projectedAbove } from '../policies/projection.ts';
import { needsSampleOf } from '../policies/proposal.ts';
import { plural, rounded, seconds } from '../words.ts';
import { rateLimited, withinFlapBudget } from './limits.ts';
import { type Against, type Guarded, held, passed } from './wish.ts';

/** What limits a wish. Bounds are an operator's, and need neither samples nor patience. */
export function guard(against: Against): Guarded {
  const { wish } = against;
  if (wish.code === 'below-min' || wish.code === 'above-max') return passed(wish.wanted);
  return wish.kind === 'add' ? guardAdd(against) : guardRemove(against);
}

/** Guards of a load's wish for more: what is warming up already, cooldown, rate, ceiling. */
function guardAdd(against: Against): Guarded {
  const { view, wish, bounds, state } = against;
  const goingOn = wish.code === 'going-on';
  const warming = goingOn ? null : sharedWithWarming(against);
  if (warming !== null) return warming;
  const wait = goingOn ? 0 : restMs(state.lastAddMs, view.plan.guards.cooldownMs.add, view.nowMs);
  if (wait > 0) return held('cooldown', `cooldown.add: ${seconds(wait)} to wait since the last addition`);
  const wanted = Math.min(bounds.ceiling, wish.wanted);
  const guards = wanted < wish.wanted ? [bounds.ceilingReason ?? `max ${bounds.ceiling} limits the step`] : [];
  const rated = goingOn ? passed(wanted) : rateLimited(against, wanted);
  return rated.kind === 'held' ? rated : passed(rated.wanted, [...guards, ...rated.guards]);
}

/** AWS's rule for steps, made continuous: what is warming up counts as capacity already. */
function sharedWithWarming({ view, winner }: Against): Guarded | null {
  if (winner === null || (winner.kind !== 'threshold' && winner.kind !== 'bands')) return null;
  const policy = view.plan.policies.find(({ name }) => name === winner.policy);
  if (policy === undefined || !('metric' in policy)) return null;
  const reading = view.signal.readings[view.plan.metrics.indexOf(policy.metric)];
  if (reading === undefined || reading.mean === null)
    return held('no-data', 'too few instances have a fresh sample just now');
  if (reading.warmingCount === 0) return null;
  const shared = reading.mean * (reading.freshCount / (reading.freshCount + reading.warmingCount));
  const ofCurrent = { ...view, signal: { ...view.signal, current: reading.freshCount } };
  const above = projectedAbove(policy, ofCurrent, reading.freshCount + reading.warmingCount);
  if (above !== null) return null;
  const words = plural(reading.warmingCount, 'instance');
  return held('warming', `${words} warming up: shared with it, the mean would be ${rounded(shared)}`);
}

/** Guards of a load's wish for fewer: full evidence, nothing warming, cooldown, flaps, floor, projection, rate. */
function guardRemove(against: Against): Guarded {
  const { view, wish, bounds, state } = against;
  const { plan, signal, nowMs } = view;
  const distrust = distrustOf(against);
  if (distrust !== null) return distrust;
  const lastChangeMs = Math.max(state.lastAddMs ?? 0, state.lastRemoveMs ?? 0);
  const wait = wish.code === 'going-on' ? 0 : restMs(lastChangeMs, plan.guards.cooldownMs.remove, nowMs);
  if (wait > 0) return held('cooldown', `cooldown.remove: ${seconds(wait)} to wait since the last change`);
  const flapping = withinFlapBudget(against);
  if (flapping !== null) return flapping;
  const wanted = Math.max(bounds.floor, 1, wish.wanted);
  if (wanted >= signal.current) return held('at-min', `min is ${bounds.floor} and the last instance stays`);
  const guards = wanted > wish.wanted ? [bounds.floorReason ?? `min ${bounds.floor} limits the step`] : [];
  const projected = projectedDown(against, wanted);
  if (projected.kind === 'held') return projected;
  const rated = wish.code === 'going-on' ? passed(projected.wanted) : rateLimited(against, projected.wanted);
  return rated.kind === 'held' ? rated : passed(rated.wanted, [...guards, ...projected.guards, ...rated.guards]);
}

/** Fewer needs evidence: a fresh, believable sample of every instance in every metric. */
function distrustOf({ view, state }: Against): Guarded | null {
  const { plan, signal } = view;
  for (const [index, reading] of signal.readings.entries()) {
    if (reading.missing.length > 0) return held('missing-data', needsSampleOf(reading.missing));
    if (reading.warmingCount > 0) {
      return held('warming', `nothing is removed while ${plural(reading.warmingCount, 'instance')} warming up`);
    }
    if (reading.mean === null) return held('no-data', 'nothing is removed without samples');
    if (state.zeros[index] === 1) {
      const reason = `${plan.metrics[index]} of all instances became 0 at once: more likely a fault of measuring than calm`;
      return held('zero-at-once', reason);
    }
  }
  return null;
}

/** Takes as many as leave every policy content, or none. */
function projectedDown({ view }: Against, wanted: number): Guarded {
  const { plan, signal } = view;
  const tooFew = (left: number) => {
    for (const policy of plan.policies) {
      const above = projectedAbove(policy, view, left);
      if (above !== null) return above;
    }
    return null;
  };
  const first = tooFew(wanted);
  if (first === null) return passed(wanted);
  for (let left = wanted + 1; left < signal.current; left++) {
    if (tooFew(left) === null) {
      return passed(left, [`with ${wanted} the mean would pass ${rounded(first.limit)}: only down to ${left}`]);
    }
  }
  const { mean, limit } = tooFew(signal.current - 1) ?? first;
  return held(
    'projection',
    `with one fewer the mean would be ${rounded(mean)}, above ${rounded(limit)}, and one would be added again`,
  );
}

function restMs(sinceMs: number | null, cooldownMs: number, nowMs: number): number {
  return sinceMs === null || sinceMs === 0 ? 0 : Math.max(0, sinceMs + cooldownMs - nowMs);
}
