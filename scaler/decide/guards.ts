import type { Policy } from '../groups/group.ts';
import type { Reading } from './signal.ts';
import { plural, rounded, seconds } from './words.ts';

/** What bounds and load alone would do. */
export type Wish =
  | {
      readonly kind: 'add';
      readonly code: 'below-min' | 'load-high' | 'going-on';
      readonly wanted: number;
      readonly reason: string;
    }
  | {
      readonly kind: 'remove';
      readonly code: 'above-max' | 'load-low' | 'going-on';
      readonly wanted: number;
      readonly reason: string;
    }
  | {
      readonly kind: 'hold';
      readonly code: 'steady' | 'no-data' | 'warming' | 'missing-data' | 'at-max' | 'at-min';
      readonly reason: string;
    };

/** The wish after the guards: passed, perhaps smaller, or held back. */
export type Guarded =
  | { readonly kind: 'passed'; readonly wanted: number; readonly guards: readonly string[] }
  | {
      readonly kind: 'held';
      readonly code: 'missing-data' | 'no-data' | 'warming' | 'cooldown' | 'projection' | 'at-min';
      readonly reason: string;
    };

export type Against = {
  readonly policy: Policy;
  readonly wish: Exclude<Wish, { readonly kind: 'hold' }>;
  readonly current: number;
  readonly reading: Reading;
  readonly nowMs: number;
  readonly lastAddMs: number | null;
  readonly lastRemoveMs: number | null;
};

/** Guards of a load's wish for more: what is warming up already, cooldown, max. */
export function guardAdd(against: Against): Guarded {
  const { policy, wish, reading, nowMs } = against;
  const goingOn = wish.code === 'going-on';
  if (!goingOn && reading.mean === null) return held('no-data', 'too few instances have a fresh sample just now');
  if (!goingOn && reading.mean !== null && reading.warmingCount > 0) {
    // AWS's rule for steps, made continuous: what is warming up counts as capacity already.
    const share = reading.freshCount / (reading.freshCount + reading.warmingCount);
    const shared = reading.mean * share;
    if (shared <= policy.add.above) {
      const warming = plural(reading.warmingCount, 'instance');
      return held('warming', `${warming} warming up: shared with it, the mean would be ${rounded(shared)}`);
    }
  }
  const wait = goingOn ? 0 : restMs(against.lastAddMs, policy.cooldownMs.add, nowMs);
  if (wait > 0) return held('cooldown', `cooldown.add: ${seconds(wait)} to wait since the last addition`);
  const wanted = Math.min(policy.max, wish.wanted);
  return passed(wanted, wanted < wish.wanted ? [`max ${policy.max} limits the step`] : []);
}

/** Guards of a load's wish for fewer: full evidence, nothing warming, cooldown, projection, min. */
export function guardRemove(against: Against): Guarded {
  const { policy, wish, current, reading, nowMs } = against;
  if (reading.missing.length > 0) return held('missing-data', needsSampleOf(reading.missing));
  if (reading.warmingCount > 0) {
    return held('warming', `nothing is removed while ${plural(reading.warmingCount, 'instance')} warming up`);
  }
  if (reading.mean === null) return held('no-data', 'nothing is removed without samples');
  const lastChangeMs = Math.max(against.lastAddMs ?? 0, against.lastRemoveMs ?? 0);
  const wait = wish.code === 'going-on' ? 0 : restMs(lastChangeMs, policy.cooldownMs.remove, nowMs);
  if (wait > 0) return held('cooldown', `cooldown.remove: ${seconds(wait)} to wait since the last change`);
  const floor = Math.max(policy.min, 1);
  const wanted = Math.max(floor, wish.wanted);
  if (wanted >= current) return held('at-min', `min is ${policy.min} and the last instance stays`);
  const guards = wanted > wish.wanted ? [`min ${policy.min} limits the step`] : [];
  const passing = projected(policy.add.above, { mean: reading.mean, current, wanted });
  return passing.kind === 'held' ? passing : passed(passing.wanted, [...guards, ...passing.guards]);
}

/**
 * Azure's final-state projection (`autoscaling.md` A9): the load of those that go falls on those
 * that stay. Takes as many as leave the mean at or below the threshold for adding, or none.
 */
function projected(
  above: number,
  { mean, current, wanted }: { readonly mean: number; readonly current: number; readonly wanted: number },
): Guarded {
  for (let left = wanted; left < current; left++) {
    if ((mean * current) / left > above) continue;
    return passed(left, left > wanted ? [`with ${wanted} the mean would pass ${above}: only down to ${left}`] : []);
  }
  const without = rounded((mean * current) / (current - 1));
  return held(
    'projection',
    `with one fewer the mean would be ${without}, above ${above}, and one would be added again`,
  );
}

/** Names a few of the instances that are missing; a large group may miss hundreds. */
export function needsSampleOf(missing: readonly string[]): string {
  const named = missing.slice(0, NAMED_MAX).join(', ');
  const others = missing.length > NAMED_MAX ? ` and ${missing.length - NAMED_MAX} more` : '';
  return `nothing is removed without a fresh sample of ${named}${others}`;
}

const NAMED_MAX = 5;

function restMs(sinceMs: number | null, cooldownMs: number, nowMs: number): number {
  return sinceMs === null || sinceMs === 0 ? 0 : Math.max(0, sinceMs + cooldownMs - nowMs);
}

type Held = Extract<Guarded, { readonly kind: 'held' }>;

function held(code: Held['code'], reason: string): Guarded {
  return { kind: 'held', code, reason };
}

function passed(wanted: number, guards: readonly string[]): Guarded {
  return { kind: 'passed', wanted, guards };
}
