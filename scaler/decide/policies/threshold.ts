/** Xiaomi Ocean's form: a condition in the rule language, and a step (`autoscaling.md` A5). */
import {
  type Condition,
  compare,
  explainExpression,
  formatExpression,
  type Points,
  testsOf,
} from '../../../core/index.ts';
import type { ThresholdPolicy, Trigger } from '../../groups/policies/policy.ts';
import type { MeanWindow } from '../window.ts';
import { plural, rounded } from '../words.ts';
import { stepFrom } from './amount.ts';
import { meanWords, needsSampleOf, type Proposal, proposal, readingOf, unread, type View } from './proposal.ts';

export function proposeByThreshold(policy: ThresholdPolicy, view: View): Proposal {
  const { current, second } = view.signal;
  const reading = readingOf(view, policy.metric);
  const { add, remove } = policy;
  if (current === 0 || reading === undefined || reading.mean === null) {
    // What was counted to its end before this second still stands.
    if (current > 0 && add !== null && holds(add, view, 'all')) {
      return proposal(policy, {
        wants: stepFrom(current, add.by, 1),
        lean: 1,
        code: 'load-high',
        reason: words(policy, add, view),
      });
    }
    return unread(policy, view);
  }
  const lean = leanOf(policy, reading.mean);
  if (add !== null && holds(add, view, 'all')) {
    return proposal(policy, {
      wants: stepFrom(current, add.by, 1),
      lean: 1,
      code: 'load-high',
      reason: words(policy, add, view),
    });
  }
  if (remove !== null && holds(remove, view, 'all') && holds(remove, view, 'whole')) {
    const wants = Math.min(current, stepFrom(current, remove.by, -1));
    return proposal(policy, { wants, lean: -1, code: 'load-low', reason: words(policy, remove, view) });
  }
  const mean = `${policy.metric} ${meanWords(reading.mean, reading)}`;
  if (lean === -1 && reading.missing.length > 0) {
    const below = remove === null ? '' : ` is below ${thresholdOf(remove, policy.metric)?.rightValue}`;
    const reason = `${mean}${below}, but ${needsSampleOf(reading.missing)}`;
    return proposal(policy, { wants: current, lean, code: 'missing-data', reason });
  }
  void second;
  return proposal(policy, {
    wants: current,
    lean,
    code: 'steady',
    reason: `${mean}: ${watching(policy, view, reading.mean)}`,
  });
}

/** Where `mean` alone points, by the thresholds that are written in the conditions. */
function leanOf(policy: ThresholdPolicy, mean: number): -1 | 0 | 1 {
  const high = policy.add === null ? undefined : thresholdOf(policy.add, policy.metric);
  if (high !== undefined && compare(mean, high.operator, high.rightValue)) return 1;
  const low = policy.remove === null ? undefined : thresholdOf(policy.remove, policy.metric);
  return low !== undefined && compare(mean, low.operator, low.rightValue) ? -1 : 0;
}

/** Functions whose number is in the unit of the samples. */
const comparable: ReadonlySet<Condition['func']> = new Set(['all', 'max', 'min', 'avg', 'lookup']);

const thresholds = new WeakMap<Trigger, Condition | null>();

/** The first test of the policy's own metric that compares a level; undefined where there is none. */
export function thresholdOf(trigger: Trigger, metric: string): Condition | undefined {
  let found = thresholds.get(trigger);
  if (found === undefined) {
    found =
      testsOf(trigger.when).find((test) => (test.metric ?? metric) === metric && comparable.has(test.condition.func))
        ?.condition ?? null;
    thresholds.set(trigger, found);
  }
  return found ?? undefined;
}

function holds(trigger: Trigger, view: View, which: 'all' | 'whole'): boolean {
  return trigger.compiled(pointsOf(trigger, view, which), view.signal.second) === 1;
}

function pointsOf(trigger: Trigger, view: View, which: 'all' | 'whole'): Points[] {
  const { plan, signal, changedSecond } = view;
  return trigger.metrics.map((metric) => {
    const window: MeanWindow | undefined = signal.windows[plan.metrics.indexOf(metric)];
    if (window === undefined) return noPoints;
    return which === 'all' ? window.since(changedSecond) : window.wholeSince(changedSecond);
  });
}

const noPoints: Points = { count: 0, value: () => Number.NaN, second: () => 0 };

function words(policy: ThresholdPolicy, trigger: Trigger, view: View): string {
  const reading = readingOf(view, policy.metric);
  const mean = reading === undefined || reading.mean === null ? 'no mean just now' : meanWords(reading.mean, reading);
  const simple = countedOf(trigger);
  if (simple !== null) {
    const { operator, rightValue, limit } = simple;
    const side = operator === '>' ? 'above' : 'below';
    return `${policy.metric} ${side} ${rightValue} for ${plural(limit, 'second')} in a row, ${mean}`;
  }
  const points = pointsOf(trigger, view, 'all');
  const alignment = { second: view.signal.second, staleSeconds: Number.POSITIVE_INFINITY };
  return `${formatExpression(trigger.when)} of ${policy.metric}: ${explainExpression(trigger.when, (test) => points[test], alignment)}`;
}

/** `all(#3) > 80` of the policy's own metric, which can be told in plainer words; null for all else. */
function countedOf({ when }: Trigger): Condition | null {
  if (when.kind !== 'test' || when.test.metric !== null) return null;
  const { condition } = when.test;
  const plain = condition.func === 'all' && !condition.isTime;
  return plain && (condition.operator === '>' || condition.operator === '<') ? condition : null;
}

function watching(policy: ThresholdPolicy, view: View, mean: number): string {
  const [up, down] = [policy.add, policy.remove].map((side) => (side === null ? null : countedOf(side)));
  if (up && mean > up.rightValue && policy.add !== null) {
    return `${counted(policy.add, up, view)} of ${up.limit} seconds above ${up.rightValue}`;
  }
  if (down && mean < down.rightValue && policy.remove !== null) {
    return `${counted(policy.remove, down, view)} of ${down.limit} seconds below ${down.rightValue}`;
  }
  if (up && down) return `from ${rounded(down.rightValue)} to ${rounded(up.rightValue)} nothing changes`;
  return 'no condition holds';
}

/** Points in a row, the newest first, that satisfy a condition. */
function counted(trigger: Trigger, { operator, rightValue, limit }: Condition, view: View): number {
  const [points] = pointsOf(trigger, view, operator === '<' ? 'whole' : 'all');
  let count = 0;
  while (
    points !== undefined &&
    count < Math.min(points.count, limit) &&
    compare(points.value(count), operator, rightValue)
  )
    count++;
  return count;
}
