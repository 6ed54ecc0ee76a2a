import type { Summary } from '../block/column-codec.ts';
import type { ColumnVisitor } from '../ring/sealed-block.ts';
import type { Located } from './located.ts';
import { bucketCountOf, type Range } from './range.ts';

/**
 * One series in buckets: `count[i]` samples from `from + i × step` on. Where it is 0, `min` and
 * `max` are infinite, `sum` is 0 and `last` is NaN.
 */
export type Buckets = {
  readonly count: Uint32Array;
  readonly min: Float64Array;
  readonly max: Float64Array;
  readonly sum: Float64Array;
  readonly last: Float64Array;
};

/** Reads one series. Blocks that lie whole inside of a bucket are taken from their summaries. */
export function readBuckets(located: Located, range: Range): Buckets {
  return new BucketReader(range).read(located);
}

/** Reads series one after the other into the same buckets: what it returns is valid until the next. */
export class BucketReader implements ColumnVisitor {
  readonly #range: Range;
  readonly #buckets: Buckets;

  constructor(range: Range) {
    this.#range = range;
    const size = bucketCountOf(range);
    this.#buckets = {
      count: new Uint32Array(size),
      min: new Float64Array(size),
      max: new Float64Array(size),
      sum: new Float64Array(size),
      last: new Float64Array(size),
    };
  }

  read({ store, series }: Located): Buckets {
    const { count, min, max, sum, last } = this.#buckets;
    count.fill(0);
    min.fill(Number.POSITIVE_INFINITY);
    max.fill(Number.NEGATIVE_INFINITY);
    sum.fill(0);
    last.fill(Number.NaN);
    store.visit(series.column, this.#range.from, this.#range.to, this);
    return this.#buckets;
  }

  takesSummary(start: number, seconds: number): boolean {
    const { from, to, step } = this.#range;
    if (seconds > step || start < from || start + seconds > to) return false;
    return Math.floor((start - from) / step) === Math.floor((start + seconds - 1 - from) / step);
  }

  summary(start: number, summary: Summary): void {
    const { count, min, max, sum, last } = this.#buckets;
    const bucket = Math.floor((start - this.#range.from) / this.#range.step);
    count[bucket] = (count[bucket] as number) + summary.count;
    sum[bucket] = (sum[bucket] as number) + summary.sum;
    min[bucket] = Math.min(min[bucket] as number, summary.min);
    max[bucket] = Math.max(max[bucket] as number, summary.max);
    last[bucket] = summary.last;
  }

  constant(start: number, seconds: number, value: number): void {
    const { count, min, max, sum, last } = this.#buckets;
    const { from, to, step } = this.#range;
    const end = Math.min(seconds, to - start);
    let row = Math.max(0, from - start);
    // Rows up to the edge of the bucket that they are in, then a bucket at a time.
    for (let bucket = Math.floor((start + row - from) / step); row < end; bucket++) {
      const edge = Math.min(end, from + (bucket + 1) * step - start);
      count[bucket] = (count[bucket] as number) + edge - row;
      sum[bucket] = (sum[bucket] as number) + value * (edge - row);
      if (value < (min[bucket] as number)) min[bucket] = value;
      if (value > (max[bucket] as number)) max[bucket] = value;
      last[bucket] = value;
      row = edge;
    }
  }

  samples(start: number, samples: Float64Array): void {
    const { from, to, step } = this.#range;
    if (step === 1) return this.#addSeconds(start, samples);
    const end = Math.min(samples.length, to - start);
    let row = Math.max(0, from - start);
    for (let bucket = Math.floor((start + row - from) / step); row < end; bucket++) {
      const edge = Math.min(end, from + (bucket + 1) * step - start);
      this.#add(bucket, samples, row, edge);
      row = edge;
    }
  }

  #add(bucket: number, samples: Float64Array, row: number, end: number): void {
    const buckets = this.#buckets;
    let [count, sum] = [buckets.count[bucket] as number, buckets.sum[bucket] as number];
    let [min, max] = [buckets.min[bucket] as number, buckets.max[bucket] as number];
    let last = buckets.last[bucket] as number;
    for (let at = row; at < end; at++) {
      const value = samples[at] as number;
      // Absent seconds are NaN as well, and a measured NaN has no place in a minimum or an average.
      if (Number.isNaN(value)) continue;
      count++;
      sum += value;
      last = value;
      if (value < min) min = value;
      if (value > max) max = value;
    }
    buckets.count[bucket] = count;
    buckets.sum[bucket] = sum;
    buckets.min[bucket] = min;
    buckets.max[bucket] = max;
    buckets.last[bucket] = last;
  }

  /** A bucket is a second: nothing to gather. */
  #addSeconds(start: number, samples: Float64Array): void {
    const { count, min, max, sum, last } = this.#buckets;
    const { from, to } = this.#range;
    const end = Math.min(samples.length, to - start);
    for (let row = Math.max(0, from - start); row < end; row++) {
      const value = samples[row] as number;
      if (Number.isNaN(value)) continue;
      const bucket = start + row - from;
      count[bucket] = 1;
      min[bucket] = max[bucket] = sum[bucket] = last[bucket] = value;
    }
  }
}
