/** What a condition says about the newest points of a series: a judgement, and why. */
import { type Condition, formatCondition } from './condition.ts';
import { formatNumber } from './format-number.ts';
import { judgeFunctions, type Points } from './functions.ts';

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

/** Points to keep of a series that has one each second, so that the condition can be judged. */
export function pointsNeeded(condition: Condition): number {
  if (condition.func === 'nodata') return 1;
  return condition.isTime ? condition.limit : judgeFunctions[condition.func].points(condition);
}

/**
 * What to hand to the function as its L: the condition's own number, or the points of its time.
 * 0 while too little is there.
 */
export function limitOf(condition: Condition, points: Points): number {
  if (condition.isTime) return timeLimit(condition, points);
  return points.count < judgeFunctions[condition.func].points(condition) ? 0 : condition.limit;
}

/**
 * A time is covered when its points, evenly spread, would fill it: n points fill n/(n−1) times what
 * lies between the first and the last. So `all(30s)` waits for 30 samples of a series with one a
 * second and for 3 of one with one in ten, and starts anew after a hole.
 */
function timeLimit(condition: Condition, points: Points): number {
  const { func, limit: seconds } = condition;
  if (points.count === 0) return 0;
  const newest = points.second(0);
  // One sample a second without a hole: nothing to count.
  const isFull = points.count >= seconds && points.second(seconds - 1) === newest - seconds + 1;
  let inside = isFull ? seconds : 1;
  while (!isFull && inside < points.count && points.second(inside) > newest - seconds) inside++;
  const span = newest - points.second(inside - 1);
  if (span * inside < seconds * (inside - 1) || (inside === 1 && seconds > 1)) return 0;
  // A difference looks from the newest point at the others.
  return func === 'diff' || func === 'pdiff' ? inside - 1 : inside;
}

export function judge(condition: Condition, points: Points): Judgement {
  const limit = limitOf(condition, points);
  if (limit === 0) return { kind: 'too-few-points' };
  const found = judgeFunctions[condition.func];
  return {
    kind: 'judged',
    triggered: found.triggered(points, condition, limit),
    leftValue: writable(found.leftValue(points, condition, limit)),
    newestSecond: points.second(0),
    oldestSecond: points.second(lookedAt(condition, limit) - 1),
  };
}

/** A sum may leave the doubles, and a quotient be none; JSON has neither, and no -0. */
function writable(value: number): number {
  return Number.isNaN(value) ? 0 : Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, value)) + 0;
}

/** Points that a judgement rests on. */
export function lookedAt(condition: Condition, limit: number): number {
  if (!condition.isTime) return judgeFunctions[condition.func].points(condition);
  return condition.func === 'diff' || condition.func === 'pdiff' ? limit + 1 : limit;
}

/** So many points are listed in a reason; the rest is counted. */
const POINTS_LISTED = 10;

/**
 * The judgement in one sentence, with the points that led to it. Apart from `judge`, because most
 * judgements are never read.
 */
export function explain(condition: Condition, points: Points, metric: string | null = null): string {
  const limit = limitOf(condition, points);
  const name = formatCondition(condition, metric);
  if (limit === 0) {
    if (condition.isTime) return `${name} needs all of its time; there are ${points.count} points`;
    return `${name} needs ${pointsNeeded(condition)} points; there are ${points.count}`;
  }
  const found = judgeFunctions[condition.func];
  const verb = found.triggered(points, condition, limit) ? 'holds' : 'does not hold';
  const left = formatNumber(writable(found.leftValue(points, condition, limit)));
  return `${name} ${verb}: the value is ${left}; points, newest first: ${listPoints(points, lookedAt(condition, limit))}`;
}

function listPoints(points: Points, needed: number): string {
  const listed: string[] = [];
  for (let back = 0; back < Math.min(needed, POINTS_LISTED); back++) listed.push(formatNumber(points.value(back)));
  return needed > POINTS_LISTED ? `${listed.join(', ')} … (${needed} in all)` : listed.join(', ');
}
