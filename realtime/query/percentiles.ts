import type { ColumnVisitor } from '../ring/sealed-block.ts';
import type { Located } from './located.ts';
import { bucketCountOf, type Range } from './range.ts';

/**
 * Percentiles of one series' samples in each bucket, exact, between two samples by linear
 * interpolation (Prometheus, `quantile_over_time`; Hyndman and Fan 1996, definition 7). One array
 * for each of `shares` (0 … 1), NaN where a bucket has no sample.
 */
export function readPercentiles({ store, series }: Located, range: Range, shares: readonly number[]): Float64Array[] {
  const reader = new PercentileReader(range, shares);
  store.visit(series.column, range.from, range.to, reader);
  return reader.end();
}

/** Pieces come oldest first, so one bucket is gathered at a time. */
class PercentileReader implements ColumnVisitor {
  readonly #range: Range;
  readonly #shares: readonly number[];
  readonly #columns: Float64Array[];
  readonly #gathered: Float64Array;
  #size = 0;
  #bucket = 0;

  constructor(range: Range, shares: readonly number[]) {
    this.#range = range;
    this.#shares = shares;
    this.#columns = shares.map(() => new Float64Array(bucketCountOf(range)).fill(Number.NaN));
    this.#gathered = new Float64Array(range.step);
  }

  takesSummary(): boolean {
    return false;
  }

  summary(): void {}

  constant(start: number, seconds: number, value: number): void {
    this.#take(start, seconds, () => value);
  }

  samples(start: number, samples: Float64Array): void {
    this.#take(start, samples.length, (row) => samples[row] as number);
  }

  #take(start: number, length: number, valueAt: (row: number) => number): void {
    const { from, to, step } = this.#range;
    const end = Math.min(length, to - start);
    for (let row = Math.max(0, from - start); row < end; row++) {
      const bucket = Math.floor((start + row - from) / step);
      if (bucket !== this.#bucket) this.#finish(bucket);
      const value = valueAt(row);
      if (!Number.isNaN(value)) this.#gathered[this.#size++] = value;
    }
  }

  /** Writes down the bucket that is complete; `next` is the one that follows. */
  #finish(next: number): void {
    const sorted = this.#gathered.subarray(0, this.#size).sort();
    if (this.#size > 0) {
      this.#shares.forEach((share, at) => {
        (this.#columns[at] as Float64Array)[this.#bucket] = percentileOf(sorted, share);
      });
    }
    this.#size = 0;
    this.#bucket = next;
  }

  end(): Float64Array[] {
    this.#finish(0);
    return this.#columns;
  }
}

/** Of sorted samples, at least one. */
export function percentileOf(sorted: Float64Array, share: number): number {
  const at = share * (sorted.length - 1);
  const below = Math.floor(at);
  const [low, high] = [sorted[below] as number, sorted[Math.min(below + 1, sorted.length - 1)] as number];
  return at === below || low === high ? low : low + (high - low) * (at - below);
}
