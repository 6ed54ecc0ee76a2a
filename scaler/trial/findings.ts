/**
 * What in a plan works against its purpose, told before it is in force. Pure: from the plan alone,
 * and from what has been seen of the load where somebody hands it in.
 */
import { type Condition, findMetric } from '../../core/index.ts';
import { stepFrom } from '../decide/policies/amount.ts';
import { thresholdOf } from '../decide/policies/threshold.ts';
import type { Amount, BandsPolicy, Plan, Policy, ThresholdPolicy } from '../groups/policies/policy.ts';
import { amountWords } from '../groups/policies/words.ts';

export type Finding = {
  readonly policy: string;
  readonly code: 'flaps' | 'step-too-small' | 'max-below-peak' | 'not-proportional' | 'never-removes';
  /** Below the policy; empty for a fault of the group's. */
  readonly path: readonly (string | number)[];
  readonly message: string;
  readonly write: string;
};

/** What has been seen of a load, in the unit of one instance's capacity. */
export type Seen = {
  /** Most instances that the load ever needed, at the policies' own aim. */
  readonly peakCount: number;
  /** The fastest rise: the load a reaction later as a multiple of what it was. */
  readonly rise: number;
  /** How long a reaction takes: samples, decision, start. */
  readonly reactionSeconds: number;
};

export function findingsOf(plan: Plan, seen: Seen | null = null): Finding[] {
  const findings = plan.policies.flatMap((policy) => [...findingsOfPolicy(policy, plan, seen)]);
  if (seen !== null && seen.peakCount > plan.max) {
    findings.push({
      policy: '',
      code: 'max-below-peak',
      path: ['max'],
      message: `is ${plan.max}, and the load seen needed ${seen.peakCount}`,
      write: `"max: ${seen.peakCount}" or more`,
    });
  }
  return findings;
}

function* findingsOfPolicy(policy: Policy, plan: Plan, seen: Seen | null): Iterable<Finding> {
  if ('metric' in policy && policy.kind !== 'forecast') yield* proportion(policy);
  if (policy.kind === 'threshold') {
    yield* thresholdFlaps(policy, plan);
    yield* slowThreshold(policy, plan, seen);
    if (policy.remove === null && onlyAdds(plan))
      yield neverRemoves(policy.name, ['add'], '"remove: { below: 40 }" beside it');
  }
  if (policy.kind === 'bands') {
    yield* bandFlaps(policy, plan);
    if (policy.bands.every(({ by }) => by.value > 0) && onlyAdds(plan)) {
      yield neverRemoves(policy.name, ['bands'], 'a band with a negative step, such as "{ to: 30, by: -10% }"');
    }
  }
  if (policy.kind === 'alert' && onlyAdds(plan)) yield neverRemoves(policy.name, [], 'a policy that removes beside it');
}

/** True where no policy ever asks for fewer. */
function onlyAdds({ policies }: Plan): boolean {
  return policies.every((policy) => {
    if (policy.kind === 'threshold') return policy.remove === null;
    if (policy.kind === 'bands') return policy.bands.every(({ by }) => by.value > 0);
    return policy.kind !== 'target' && policy.kind !== 'work' && policy.kind !== 'occupancy';
  });
}

function neverRemoves(policy: string, path: Finding['path'], write: string): Finding {
  return { policy, code: 'never-removes', path, message: 'adds, and nothing in the group ever removes', write };
}

/** Names of metrics that an instance has of its own, however many share the work (`autoscaling.md` A4, C15). */
const ownOfInstance =
  /^(mem\.(rss|usage|working_set|cache|limit)|disk\.layer|df\.|container\.|agent\.|cpu\.limit|pids\.limit)/;

function* proportion({ name, metric, kind }: Extract<Policy, { readonly metric: string }>): Iterable<Finding> {
  if (!ownOfInstance.test(metric)) return;
  const what = findMetric(metric)?.help ?? metric;
  yield {
    policy: name,
    code: 'not-proportional',
    path: ['metric'],
    message: `does not fall when instances are added (${what.replace(/\.$/, '')})`,
    write:
      kind === 'threshold'
        ? 'a metric of the work, such as "metric: cpu.busy", or a larger template'
        : '"metric: cpu.busy"',
  };
}

type Levels = { readonly high: number; readonly low: number };

function levelsOf(policy: ThresholdPolicy): Levels | null {
  const level = (trigger: ThresholdPolicy['add'], signs: string): Condition | null => {
    const found = trigger === null ? undefined : thresholdOf(trigger, policy.metric);
    return found?.operator.startsWith(signs) ? found : null;
  };
  const [high, low] = [level(policy.add, '>'), level(policy.remove, '<')];
  return high === null || low === null ? null : { high: high.rightValue, low: low.rightValue };
}

function* thresholdFlaps(policy: ThresholdPolicy, plan: Plan): Iterable<Finding> {
  const levels = levelsOf(policy);
  const { add, remove } = policy;
  if (levels === null || add === null || remove === null || levels.high <= 0) return;
  const { high, low } = levels;
  const down = countsWhere(plan, (count) => {
    const left = Math.max(plan.min, 1, stepFrom(count, remove.by, -1));
    return left < count && (low * count) / left > high;
  });
  if (down !== null) {
    const left = Math.max(plan.min, 1, stepFrom(down.first, remove.by, -1));
    const mean = round((low * down.first) / left);
    yield {
      policy: policy.name,
      code: 'flaps',
      path: ['remove'],
      message: `flaps at ${down.words}: ${left} left of ${down.first} at ${low} have ${mean}, above ${high}, and are added again`,
      write: `${round(Math.floor(((high * left) / down.first) * 100) / 100)} or less in place of ${low}`,
    };
  }
  const up = countsWhere(plan, (count) => {
    const more = Math.min(plan.max, stepFrom(count, add.by, 1));
    return more > count && (high * count) / more < low;
  });
  if (up === null) return;
  const more = Math.min(plan.max, stepFrom(up.first, add.by, 1));
  yield {
    policy: policy.name,
    code: 'flaps',
    path: ['add'],
    message: `flaps at ${up.words}: ${more} after ${up.first} at ${high} have ${round((high * up.first) / more)}, below ${low}, and are removed again`,
    write: 'a smaller step, or a lower threshold to remove at',
  };
}

/** Counts of the group for which something holds, as a person reads them: `2 instances`, `2 to 4 instances`. */
function countsWhere(
  plan: Plan,
  holds: (count: number) => boolean,
): { readonly first: number; readonly words: string } | null {
  let first = 0;
  let last = 0;
  for (let count = Math.max(plan.min, 1); count <= plan.max; count++) {
    if (!holds(count)) continue;
    first ||= count;
    last = count;
  }
  if (first === 0) return null;
  return { first, words: first === last ? `${first} instances` : `counts from ${first} to ${last}` };
}

function* bandFlaps(policy: BandsPolicy, plan: Plan): Iterable<Finding> {
  const from = Math.min(
    ...policy.bands.flatMap((band) => (band.by.value > 0 && band.from !== null ? [band.from] : [])),
  );
  for (const [index, { to, by }] of policy.bands.entries()) {
    if (by.value >= 0 || to === null || !Number.isFinite(from)) continue;
    const amount: Amount = { ...by, value: -by.value };
    const left = (count: number) => Math.max(plan.min, 1, stepFrom(count, amount, -1));
    const down = countsWhere(plan, (count) => left(count) < count && (to * count) / left(count) >= from);
    if (down === null) continue;
    const mean = round((to * down.first) / left(down.first));
    yield {
      policy: policy.name,
      code: 'flaps',
      path: ['bands', index],
      message: `flaps at ${down.words}: ${left(down.first)} left of ${down.first} at ${to} have ${mean}, in the band from ${from}`,
      write: `"to: ${round(Math.floor(((from * left(down.first)) / down.first) * 100) / 100)}" or less`,
    };
  }
}

/** A step adds less than the load grew within one reaction: the group falls behind for as long as that goes on. */
function* slowThreshold(policy: ThresholdPolicy, plan: Plan, seen: Seen | null): Iterable<Finding> {
  const { add } = policy;
  if (seen === null || add === null || add.by.unit === 'exact') return;
  const count = Math.max(plan.min, Math.floor(seen.peakCount / seen.rise));
  const more = stepFrom(count, add.by, 1);
  const needed = Math.ceil(count * seen.rise);
  if (more >= needed) return;
  yield {
    policy: policy.name,
    code: 'step-too-small',
    path: ['add', 'by'],
    message: `is ${amountWords(add.by)}, and the load seen grew ${round(seen.rise)}-fold in ${Math.round(seen.reactionSeconds)} s: from ${count} instances it needs ${needed - count} more at once`,
    write: `"by: ${Math.ceil((seen.rise - 1) * 100)}%" or a policy of kind target`,
  };
}

const round = (value: number): number => Math.round(value * 100) / 100;
