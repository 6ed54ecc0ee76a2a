/**
 * The judge functions of Open-Falcon (modules/judge/store/func.go), on the newest points of one
 * series. `v[0]` is the newest value, L the condition's limit.
 *
 * `triggered` runs for every rule, series and second and allocates nothing; `leftValue` tells what
 * was compared, and is asked only when there is something to tell.
 */
import type { Condition, FunctionName, Operator } from '../rules/rule.ts';
import type { Points } from './window.ts';

export type JudgeFunction = {
  /** Points that must be there before anything is judged. */
  points(condition: Condition): number;
  triggered(points: Points, condition: Condition): boolean;
  leftValue(points: Points, condition: Condition): number;
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
const newestValue = (points: Points): number => points.value(0);

/** Every one of v[0 … L−1] satisfies the operator. */
const all: JudgeFunction = {
  points: byLimit,
  triggered(points, { limit, operator, rightValue }) {
    for (let back = 0; back < limit; back++) {
      if (!compare(points.value(back), operator, rightValue)) return false;
    }
    return true;
  },
  leftValue: newestValue,
};

/** At least K of v[0 … L−1] satisfy the operator. */
const lookup: JudgeFunction = {
  points: byLimit,
  triggered(points, { limit, atLeast, operator, rightValue }) {
    let found = 0;
    for (let back = 0; back < limit && found < atLeast; back++) {
      if (compare(points.value(back), operator, rightValue)) found++;
    }
    return found >= atLeast;
  },
  leftValue: newestValue,
};

const max = aggregate((points, limit) => {
  let highest = points.value(0);
  for (let back = 1; back < limit; back++) highest = Math.max(highest, points.value(back));
  return highest;
});

const min = aggregate((points, limit) => {
  let lowest = points.value(0);
  for (let back = 1; back < limit; back++) lowest = Math.min(lowest, points.value(back));
  return lowest;
});

const sum = aggregate(sumOf);
const avg = aggregate((points, limit) => sumOf(points, limit) / limit);

/** Some v[0] − v[i], i = 1 … L, satisfies the operator. The left value is the first that does, else the last. */
const diff = difference((newest, older) => newest - older);

/** As `diff`, in percent of the older value; an older value of 0 is passed over. */
const pdiff = difference((newest, older) => (older === 0 ? undefined : ((newest - older) / older) * 100));

/** v[0] is more than R standard deviations (population, v[0] included) from the mean. The operator plays no part. */
const stddev: JudgeFunction = {
  points: byLimit,
  triggered(points, { limit, rightValue }) {
    const mean = sumOf(points, limit) / limit;
    let squares = 0;
    for (let back = 0; back < limit; back++) squares += (points.value(back) - mean) ** 2;
    const reach = Math.sqrt(squares / limit) * rightValue;
    const newest = points.value(0);
    return newest < mean - reach || newest > mean + reach;
  },
  leftValue: newestValue,
};

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
};

/** A function that makes one number of v[0 … L−1] and compares that once. */
function aggregate(fold: (points: Points, limit: number) => number): JudgeFunction {
  return {
    points: byLimit,
    triggered: (points, condition) => compare(fold(points, condition.limit), condition.operator, condition.rightValue),
    leftValue: (points, condition) => fold(points, condition.limit),
  };
}

function difference(between: (newest: number, older: number) => number | undefined): JudgeFunction {
  const find = (points: Points, { limit, operator, rightValue }: Condition): { hit: boolean; value: number } => {
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
    triggered: (points, condition) => find(points, condition).hit,
    leftValue: (points, condition) => find(points, condition).value,
  };
}

/** Newest first, as Open-Falcon adds: the order decides the last bits. */
function sumOf(points: Points, limit: number): number {
  let total = 0;
  for (let back = 0; back < limit; back++) total += points.value(back);
  return total;
}
