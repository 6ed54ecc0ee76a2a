/** What a condition says about the newest points of a series: a judgement, and why. */
import { type Condition, formatCondition } from '../rules/rule.ts';
import { formatNumber } from './format-number.ts';
import { judgeFunctions } from './functions.ts';
import type { Points } from './window.ts';

export type Judgement =
  /** Nothing can be said, and nothing changes. */
  | { readonly kind: 'too-few-points' }
  | {
      readonly kind: 'judged';
      readonly triggered: boolean;
      /** What the function returned. */
      readonly leftValue: number;
      /** Seconds of the newest and of the oldest point that were looked at. */
      readonly newestSecond: number;
      readonly oldestSecond: number;
    };

/** Points that a condition needs before it says anything. */
export function pointsNeeded(condition: Condition): number {
  return judgeFunctions[condition.func].points(condition);
}

export function judge(condition: Condition, points: Points): Judgement {
  const needed = pointsNeeded(condition);
  if (points.count < needed) return { kind: 'too-few-points' };
  const found = judgeFunctions[condition.func];
  const left = found.leftValue(points, condition);
  return {
    kind: 'judged',
    triggered: found.triggered(points, condition),
    // A sum may leave the doubles; JSON has no infinity.
    leftValue: Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, left)),
    newestSecond: points.second(0),
    oldestSecond: points.second(needed - 1),
  };
}

/** So many points are listed in a reason; the rest is counted. */
const POINTS_LISTED = 10;

/**
 * The judgement in one sentence, with the points that led to it. Apart from `judge`, because most
 * judgements are never read.
 */
export function explain(condition: Condition, points: Points): string {
  const needed = pointsNeeded(condition);
  if (points.count < needed) return `${formatCondition(condition)} needs ${needed} points; there are ${points.count}`;
  const found = judgeFunctions[condition.func];
  const verb = found.triggered(points, condition) ? 'holds' : 'does not hold';
  const left = formatNumber(found.leftValue(points, condition));
  return `${formatCondition(condition)} ${verb}: the value is ${left}; points, newest first: ${listPoints(points, needed)}`;
}

function listPoints(points: Points, needed: number): string {
  const listed: string[] = [];
  for (let back = 0; back < Math.min(needed, POINTS_LISTED); back++) listed.push(formatNumber(points.value(back)));
  return needed > POINTS_LISTED ? `${listed.join(', ')} … (${needed} in all)` : listed.join(', ');
}
