/**
 * Most rules ask for the highest, the lowest, the sum or the mean of the newest n points, or whether all of them are
 * beyond a number, which their extremes tell. For rules on the same series one pass over its points answers all of
 * these for every n at once; a judgement is then one load and two comparisons.
 *
 * The answers are those of the judge functions to the last bit: points are added newest first, as there, and a bound
 * that `>` or `<` excludes is the double next to it.
 */
import { type Condition, UNKNOWN } from '../../../core/index.ts';
import type { WindowTable } from './window.ts';

/** Longer looks back are rare, and judged one by one. */
const DEPTH_MAX = 64;

type Kind = 'lowest' | 'highest' | 'sum' | 'mean';

const kindOf = ({ func, operator }: Condition): Kind | undefined => {
  switch (func) {
    case 'max':
      return 'highest';
    case 'min':
      return 'lowest';
    case 'sum':
      return 'sum';
    case 'avg':
      return 'mean';
    case 'all':
      return operator === '>' || operator === '>=' ? 'lowest' : 'highest';
    default:
      return undefined;
  }
};

/** True for a condition that `Folds` can judge. */
export function isFoldable(condition: Condition): boolean {
  const { isTime, limit, operator } = condition;
  return !isTime && limit <= DEPTH_MAX && /[<>]/.test(operator) && kindOf(condition) !== undefined;
}

export class Folds {
  /** By condition: 1 where it holds of the row that was judged last, 0 where not, `UNKNOWN` where there are too few points. */
  readonly verdicts: Uint8Array;
  /** Judgements so far. */
  judged = 0;
  readonly #limits: Int32Array;
  /** By condition: the points that it needs; more than there ever are while it is paused. */
  readonly #needs: Int32Array;
  readonly #depth: number;
  /** By kind and number of points. */
  readonly #folded: Float64Array;
  readonly #places: Int32Array;
  readonly #divisors: Float64Array;
  readonly #lows: Float64Array;
  readonly #highs: Float64Array;

  /** Of conditions that are foldable. */
  constructor(conditions: readonly Condition[]) {
    this.verdicts = new Uint8Array(conditions.length);
    this.#limits = Int32Array.from(conditions, ({ limit }) => limit);
    this.#needs = Int32Array.from(this.#limits);
    this.#depth = Math.max(0, ...this.#limits);
    this.#folded = new Float64Array(3 * this.#depth);
    const block = { lowest: 0, highest: 1, sum: 2, mean: 2 };
    this.#places = Int32Array.from(conditions, (one) => block[kindOf(one) ?? 'sum'] * this.#depth + one.limit - 1);
    this.#divisors = Float64Array.from(conditions, (one) => (kindOf(one) === 'mean' ? one.limit : 1));
    this.#lows = Float64Array.from(conditions, ({ operator, rightValue }) =>
      operator === '>' ? nextUp(rightValue) : operator === '>=' ? rightValue : Number.NEGATIVE_INFINITY,
    );
    this.#highs = Float64Array.from(conditions, ({ operator, rightValue }) =>
      operator === '<' ? -nextUp(-rightValue) : operator === '<=' ? rightValue : Number.POSITIVE_INFINITY,
    );
  }

  pause(index: number, isPaused: boolean): void {
    this.#needs[index] = isPaused ? DEPTH_MAX + 1 : (this.#limits[index] ?? 0);
  }

  /** Judges a row by every condition; true when any of them holds. */
  judge(table: WindowTable, row: number): boolean {
    const count = this.#fold(table, row);
    const folded = this.#folded;
    const [places, divisors, lows, highs] = [this.#places, this.#divisors, this.#lows, this.#highs];
    const { verdicts } = this;
    const needs = this.#needs;
    let any = false;
    let judged = 0;
    for (let index = 0; index < verdicts.length; index++) {
      if (count < (needs[index] ?? 0)) {
        verdicts[index] = UNKNOWN;
        continue;
      }
      const fold = folded[places[index] ?? 0] ?? 0;
      const divisor = divisors[index] ?? 1;
      const value = divisor === 1 ? fold : fold / divisor;
      const holds = value >= (lows[index] ?? 0) && value <= (highs[index] ?? 0);
      verdicts[index] = holds ? 1 : 0;
      any ||= holds;
      judged++;
    }
    this.judged += judged;
    return any;
  }

  /** Returns how many points there are, no more than any condition needs. */
  #fold(table: WindowTable, row: number): number {
    const { values } = table;
    const folded = this.#folded;
    const depth = this.#depth;
    const count = Math.min(depth, table.counts[row] ?? 0);
    const start = table.starts[row] ?? 0;
    let slot = table.newest[row] ?? 0;
    let lowest = Number.POSITIVE_INFINITY;
    let highest = Number.NEGATIVE_INFINITY;
    let sum = 0;
    for (let back = 0; back < count; back++) {
      const value = values[slot] ?? 0;
      if (value < lowest) lowest = value;
      if (value > highest) highest = value;
      sum += value;
      folded[back] = lowest;
      folded[depth + back] = highest;
      folded[2 * depth + back] = sum;
      slot = slot === start ? start + (table.capacities[row] ?? 0) - 1 : slot - 1;
    }
    return count;
  }
}

/** The smallest double above a finite one. */
function nextUp(value: number): number {
  if (value === 0) return Number.MIN_VALUE;
  const bits = new BigInt64Array(1);
  const doubles = new Float64Array(bits.buffer);
  doubles[0] = value;
  bits[0] = (bits[0] ?? 0n) + (value > 0 ? 1n : -1n);
  return doubles[0];
}
