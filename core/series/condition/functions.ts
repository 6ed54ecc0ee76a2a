/**
 * The judge functions: Open-Falcon's (modules/judge/store/func.go), and those that look ahead or at
 * other days. They see the newest points of one series: `v[0]` is the newest value, L the number of
 * points that the condition looks at.
 *
 * `triggered` runs for every rule, series and second and allocates nothing; `leftValue` tells what
 * was compared, and is asked only when there is something to tell.
 */

import type { Operator } from '../../api/alerts.ts';
import type { Condition, FunctionName } from './condition.ts';

/** What a judge function sees of one series. `back` counts from the newest point, which is 0. */
export interface Points {
  readonly count: number;
  value(back: number): number;
  second(back: number): number;
}

export type JudgeFunction = {
  /** Points that must be there before anything is judged, for a condition that counts points. */
  points(condition: Condition): number;
  triggered(points: Points, condition: Condition, limit: number): boolean;
  leftValue(points: Points, condition: Condition, limit: number): number;
};

/** Open-Falcon's: two values closer than this are equal. */
const EQUAL_WITHIN = 1e-4;

export function compare(left: number, operator: Operator, right: number): boolean {
  switch (operator) {
    case '>':
      return left > right;
    case '<':
      return left < right;
    case '>=':
      return left >= right;
    case '<=':
      return left <= right;
    case '!=':
      return Math.abs(left - right) > EQUAL_WITHIN;
    case '==':
    case '=':
      return Math.abs(left - right) < EQUAL_WITHIN;
  }
}

const byLimit = (condition: Condition): number => condition.limit;
const byLimitAndOne = (condition: Condition): number => condition.limit + 1;
const byBoth = (condition: Condition): number => condition.limit + condition.atLeast;
const newestValue = (points: Points): number => points.value(0);

/** Every one of v[0 … L−1] satisfies the operator. */
const all: JudgeFunction = {
  points: byLimit,
  triggered(points, { operator, rightValue }, limit) {
    for (let back = 0; back < limit; back++) {
      if (!compare(points.value(back), operator, rightValue)) return false;
    }
    return true;
  },
  leftValue: newestValue,
};

/** At least K of v[0 … L−1] satisfy the operator; with a K of 0 never, as in Open-Falcon. */
const lookup: JudgeFunction = {
  points: byLimit,
  triggered(points, { atLeast, operator, rightValue }, limit) {
    let found = 0;
    for (let back = 0; back < limit && found < atLeast; back++) {
      if (compare(points.value(back), operator, rightValue)) found++;
    }
    return found >= atLeast && found > 0;
  },
  leftValue: newestValue,
};

const max = aggregate((points, _, limit) => {
  let highest = points.value(0);
  for (let back = 1; back < limit; back++) highest = Math.max(highest, points.value(back));
  return highest;
});

const min = aggregate((points, _, limit) => {
  let lowest = points.value(0);
  for (let back = 1; back < limit; back++) lowest = Math.min(lowest, points.value(back));
  return lowest;
});

const sum = aggregate((points, _, limit) => sumOf(points, limit));
const avg = aggregate((points, _, limit) => sumOf(points, limit) / limit);

/** Some v[0] − v[i], i = 1 … L, satisfies the operator. The left value is the first that does, else the last. */
const diff = difference((newest, older) => newest - older);

/** As `diff`, in percent of the older value; an older value of 0 is passed over. */
const pdiff = difference((newest, older) => (older === 0 ? undefined : ((newest - older) / older) * 100));

/** v[0] is more than R standard deviations (population, v[0] included) from the mean. The operator plays no part. */
const stddev: JudgeFunction = {
  points: byLimit,
  triggered(points, { rightValue }, limit) {
    const mean = sumOf(points, limit) / limit;
    let squares = 0;
    for (let back = 0; back < limit; back++) {
      const distance = points.value(back) - mean;
      squares += distance * distance;
    }
    const reach = Math.sqrt(squares / limit) * rightValue;
    const newest = points.value(0);
    return newest < mean - reach || newest > mean + reach;
  },
  leftValue: newestValue,
};

/** Each of the L newer points differs from each of the N older ones, newer less older. */
const kdiff = manyDifferences((newer, older) => newer - older);

/** As `kdiff`, in percent of the newer value. */
const kpdiff = manyDifferences((newer, older) => ((newer - older) / newer) * 100);

/** The least-squares line through the window, `spanSeconds` after its newest point. */
const forecast = aggregate((points, { spanSeconds }, limit) => {
  const last = points.second(0);
  let [sumT, sumV, sumTT, sumTV] = [0, 0, 0, 0];
  for (let back = 0; back < limit; back++) {
    // Seconds before the newest point: small numbers, whose squares lose no bits.
    const t = points.second(back) - last;
    const value = points.value(back);
    sumT += t;
    sumV += value;
    sumTT += t * t;
    sumTV += t * value;
  }
  const spread = limit * sumTT - sumT * sumT;
  if (spread === 0) return points.value(0);
  const slope = (limit * sumTV - sumT * sumV) / spread;
  return (sumV - slope * sumT) / limit + slope * spanSeconds;
});

/** Standard deviations between v[0] and what the points hold as usual: whoever keeps them makes them so. */
const seasonal = aggregate(newestValue);

/** Seconds without a sample. Not asked of points: whoever watches the intake compares clocks. */
const nodata: JudgeFunction = { points: () => 1, triggered: () => false, leftValue: () => 0 };

export const judgeFunctions: Readonly<Record<FunctionName, JudgeFunction>> = {
  all,
  max,
  min,
  avg,
  sum,
  diff,
  pdiff,
  lookup,
  stddev,
  kdiff,
  kpdiff,
  forecast,
  seasonal,
  nodata,
};

/** A function that makes one number of v[0 … L−1] and compares that once. */
function aggregate(fold: (points: Points, condition: Condition, limit: number) => number): JudgeFunction {
  return {
    points: byLimit,
    triggered: (points, condition, limit) =>
      compare(fold(points, condition, limit), condition.operator, condition.rightValue),
    leftValue: fold,
  };
}

function difference(between: (newest: number, older: number) => number | undefined): JudgeFunction {
  const find = (points: Points, { operator, rightValue }: Condition, limit: number) => {
    let value = 0;
    for (let back = 1; back <= limit; back++) {
      const found = between(points.value(0), points.value(back));
      if (found === undefined) continue;
      value = found;
      if (compare(found, operator, rightValue)) return { hit: true, value };
    }
    return { hit: false, value };
  };
  return {
    points: byLimitAndOne,
    triggered: (points, condition, limit) => find(points, condition, limit).hit,
    leftValue: (points, condition, limit) => find(points, condition, limit).value,
  };
}

/**
 * `kdiff(#N,L)`: every pair of an older and a newer point must satisfy the operator, and there must be one. As
 * Open-Falcon, a zero among the newest N points ends it, and the left value is the last difference that was taken.
 */
function manyDifferences(between: (newer: number, older: number) => number): JudgeFunction {
  const find = (points: Points, { atLeast, operator, rightValue }: Condition, limit: number) => {
    let value = 0;
    for (let i = 0; i < atLeast; i++) {
      if (points.value(i) === 0) return { hit: false, value };
      const older = points.value(limit + atLeast - 1 - i);
      for (let j = 0; j < limit; j++) {
        value = between(points.value(j), older);
        if (!compare(value, operator, rightValue)) return { hit: false, value };
      }
    }
    return { hit: atLeast > 0, value };
  };
  return {
    points: byBoth,
    triggered: (points, condition, limit) => find(points, condition, limit).hit,
    leftValue: (points, condition, limit) => find(points, condition, limit).value,
  };
}

/** Newest first, as Open-Falcon adds: the order decides the last bits. */
function sumOf(points: Points, limit: number): number {
  let total = 0;
  for (let back = 0; back < limit; back++) total += points.value(back);
  return total;
}
