import type { Aggregation, Reduction } from '../../core/index.ts';
import type { ColumnVisitor } from '../ring/sealed-block.ts';
import { BucketReader, type Buckets } from './buckets.ts';
import type { Located } from './located.ts';
import { bucketCountOf, type Range } from './range.ts';

/** What many series come to, by bucket. */
export type Together = {
  /** Series that have a sample in a bucket. */
  readonly count: Uint32Array;
  /** NaN where no series has one. */
  readonly value: Float64Array;
};

/**
 * Combines series bucket by bucket. Each series counts once in a bucket, with what `reduction` makes
 * of its samples; a series without a sample there does not count.
 */
export class AcrossSeries implements ColumnVisitor {
  readonly #totals: Totals;
  /** How many more pieces cover a bucket than the one before it: most pieces have no gaps. */
  readonly #covers: Int32Array;
  readonly #combine: Combine;
  readonly #aggregation: Aggregation;
  readonly #reduction: Reduction;
  readonly #range: Range;
  readonly #reader: BucketReader;

  constructor(range: Range, aggregation: Aggregation, reduction: Reduction) {
    const size = bucketCountOf(range);
    this.#totals = { values: new Float64Array(size).fill(identityOf(aggregation)), missing: new Uint32Array(size) };
    this.#covers = new Int32Array(size + 1);
    this.#combine = combiners[aggregation];
    this.#aggregation = aggregation;
    this.#reduction = reduction;
    this.#range = range;
    this.#reader = new BucketReader(range);
  }

  add(located: Located): void {
    const { from, to, step } = this.#range;
    if (step > 1 || this.#reduction === 'count') this.addBuckets(this.#reader.read(located));
    // A bucket is a sample, however it is reduced: combine it where it is decoded.
    else located.store.visit(located.series.column, from, to, this);
  }

  /** Adds a series in buckets of the same range; its `last` is written over. */
  addBuckets(buckets: Buckets): void {
    const reduced = buckets.last;
    for (let bucket = 0; bucket < reduced.length; bucket++) {
      reduced[bucket] = buckets.count[bucket] === 0 ? Number.NaN : reduce(buckets, bucket, this.#reduction);
    }
    this.#cover(0, reduced.length);
    this.#combine.rows(this.#totals, { samples: reduced, row: 0, end: reduced.length }, 0);
  }

  takesSummary(): boolean {
    return false;
  }

  summary(): void {}

  constant(start: number, seconds: number, value: number): void {
    const { from, to } = this.#range;
    const [first, end] = [Math.max(0, start - from), Math.min(start + seconds, to) - from];
    if (Number.isNaN(value) || first >= end) return;
    this.#cover(first, end);
    this.#combine.constant(this.#totals.values.subarray(first, end), value);
  }

  samples(start: number, samples: Float64Array): void {
    const { from, to } = this.#range;
    const [row, end] = [Math.max(0, from - start), Math.min(samples.length, to - start)];
    if (row >= end) return;
    this.#cover(row + start - from, end + start - from);
    this.#combine.rows(this.#totals, { samples, row, end }, start - from);
  }

  #cover(first: number, end: number): void {
    this.#covers[first] = (this.#covers[first] as number) + 1;
    this.#covers[end] = (this.#covers[end] as number) - 1;
  }

  together(): Together {
    const { values, missing } = this.#totals;
    const count = new Uint32Array(values.length);
    let covered = 0;
    for (let bucket = 0; bucket < count.length; bucket++) {
      covered += this.#covers[bucket] as number;
      count[bucket] = covered - (missing[bucket] as number);
    }
    const value = values.map((total, bucket) => bucketValue(this.#aggregation, total, count[bucket] as number));
    return { count, value };
  }
}

function bucketValue(aggregation: Aggregation, total: number, count: number): number {
  if (count === 0) return Number.NaN;
  if (aggregation === 'count') return count;
  return aggregation === 'avg' ? total / count : total;
}

function identityOf(aggregation: Aggregation): number {
  if (aggregation === 'min') return Number.POSITIVE_INFINITY;
  return aggregation === 'max' ? Number.NEGATIVE_INFINITY : 0;
}

/** What a bucket with samples comes to. */
export function reduce(buckets: Buckets, bucket: number, reduction: Reduction): number {
  if (reduction === 'avg') return (buckets.sum[bucket] as number) / (buckets.count[bucket] as number);
  return buckets[reduction][bucket] as number;
}

/** The sum, minimum or maximum of each bucket, and how many of what was combined into it had no sample. */
type Totals = { readonly values: Float64Array; readonly missing: Uint32Array };
type Rows = { readonly samples: Float64Array; readonly row: number; readonly end: number };

type Combine = {
  /** Combines rows of samples, NaN where there is none, into buckets that begin `shift` after them. */
  readonly rows: (totals: Totals, rows: Rows, shift: number) => void;
  /** Combines one number into all of `values`. */
  readonly constant: (values: Float64Array, value: number) => void;
};

// One loop each: a call for each sample would cost more than the sample.
const add: Combine = {
  rows: ({ values, missing }, { samples, row, end }, shift) => {
    for (let at = row; at < end; at++) {
      const value = samples[at] as number;
      if (Number.isNaN(value)) missing[at + shift] = (missing[at + shift] as number) + 1;
      else values[at + shift] = (values[at + shift] as number) + value;
    }
  },
  constant: (values, value) => {
    // Most of what never changes is 0.
    if (value === 0) return;
    for (let at = 0; at < values.length; at++) values[at] = (values[at] as number) + value;
  },
};
const keepSmallest: Combine = {
  rows: ({ values, missing }, { samples, row, end }, shift) => {
    for (let at = row; at < end; at++) {
      const value = samples[at] as number;
      if (Number.isNaN(value)) missing[at + shift] = (missing[at + shift] as number) + 1;
      else if (value < (values[at + shift] as number)) values[at + shift] = value;
    }
  },
  constant: (values, value) => {
    for (let at = 0; at < values.length; at++) if (value < (values[at] as number)) values[at] = value;
  },
};
const keepLargest: Combine = {
  rows: ({ values, missing }, { samples, row, end }, shift) => {
    for (let at = row; at < end; at++) {
      const value = samples[at] as number;
      if (Number.isNaN(value)) missing[at + shift] = (missing[at + shift] as number) + 1;
      else if (value > (values[at + shift] as number)) values[at + shift] = value;
    }
  },
  constant: (values, value) => {
    for (let at = 0; at < values.length; at++) if (value > (values[at] as number)) values[at] = value;
  },
};
const combiners: Readonly<Record<Aggregation, Combine>> = {
  sum: add,
  avg: add,
  count: add,
  min: keepSmallest,
  max: keepLargest,
};
