import type { Aggregation, Reduction } from '../../core/index.ts';
import { type ColumnVisitor, HOUR_SECONDS } from '../ring/endpoint-store.ts';
import { BucketReader, type Buckets } from './buckets.ts';
import type { Located } from './located.ts';
import { bucketCountOf, type Range } from './range.ts';

/**
 * Combines series bucket by bucket. Each series counts once in a bucket, with what `reduction` makes
 * of its samples; a series without a sample there does not count.
 */
export class AcrossSeries {
  /** Series that have a sample in a bucket. */
  readonly count: Uint32Array;
  /** The sum, minimum or maximum over them; what it is where `count` is 0 says nothing. */
  readonly #values: Float64Array;
  readonly #aggregation: Aggregation;
  readonly #reduction: Reduction;
  readonly #range: Range;
  readonly #reader: BucketReader;

  constructor(range: Range, aggregation: Aggregation, reduction: Reduction) {
    const size = bucketCountOf(range);
    this.count = new Uint32Array(size);
    this.#values = new Float64Array(size).fill(identityOf(aggregation));
    this.#aggregation = aggregation;
    this.#reduction = reduction;
    this.#range = range;
    this.#reader = new BucketReader(range);
  }

  add(located: Located): void {
    const { from, to, step } = this.#range;
    if (step > 1 || this.#reduction === 'count') return this.addBuckets(this.#reader.read(located));
    // A bucket is a sample, however it is reduced: combine it where it is decoded.
    const parts = { count: this.count, values: this.#values, from, to, combine: combiners[this.#aggregation] };
    located.store.visit(located.series.column, from, to, new SecondCombiner(parts));
  }

  /** Adds a series in buckets of the same range; its `last` is written over. */
  addBuckets(buckets: Buckets): void {
    const combine = combiners[this.#aggregation];
    const reduced = buckets.last;
    for (let bucket = 0; bucket < reduced.length; bucket++) {
      reduced[bucket] = buckets.count[bucket] === 0 ? Number.NaN : reduce(buckets, bucket, this.#reduction);
    }
    combine({ count: this.count, values: this.#values }, { samples: reduced, row: 0, end: reduced.length }, 0);
  }

  /** The value of a bucket; NaN where no series has a sample. */
  at(bucket: number): number {
    const count = this.count[bucket] as number;
    if (count === 0) return Number.NaN;
    if (this.#aggregation === 'count') return count;
    const value = this.#values[bucket] as number;
    return this.#aggregation === 'avg' ? value / count : value;
  }
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

type Totals = { readonly count: Uint32Array; readonly values: Float64Array };
type Rows = { readonly samples: Float64Array; readonly row: number; readonly end: number };

/** Combines rows of samples, NaN where there is none, into buckets that begin `shift` after them. */
type Combine = (totals: Totals, rows: Rows, shift: number) => void;

// One loop each: a call for each sample would cost more than the sample.
const add: Combine = ({ count, values }, { samples, row, end }, shift) => {
  for (let at = row; at < end; at++) {
    const value = samples[at] as number;
    if (Number.isNaN(value)) continue;
    count[at + shift] = (count[at + shift] as number) + 1;
    values[at + shift] = (values[at + shift] as number) + value;
  }
};
const keepSmallest: Combine = ({ count, values }, { samples, row, end }, shift) => {
  for (let at = row; at < end; at++) {
    const value = samples[at] as number;
    if (Number.isNaN(value)) continue;
    count[at + shift] = (count[at + shift] as number) + 1;
    if (value < (values[at + shift] as number)) values[at + shift] = value;
  }
};
const keepLargest: Combine = ({ count, values }, { samples, row, end }, shift) => {
  for (let at = row; at < end; at++) {
    const value = samples[at] as number;
    if (Number.isNaN(value)) continue;
    count[at + shift] = (count[at + shift] as number) + 1;
    if (value > (values[at + shift] as number)) values[at + shift] = value;
  }
};
const combiners: Readonly<Record<Aggregation, Combine>> = {
  sum: add,
  avg: add,
  count: add,
  min: keepSmallest,
  max: keepLargest,
};

type SecondParts = Totals & { readonly from: number; readonly to: number; readonly combine: Combine };

const constantRows = new Float64Array(HOUR_SECONDS);

class SecondCombiner implements ColumnVisitor {
  readonly #parts: SecondParts;

  constructor(parts: SecondParts) {
    this.#parts = parts;
  }

  takesSummary(): boolean {
    return false;
  }

  summary(): void {}

  constant(start: number, seconds: number, value: number): void {
    this.samples(start, constantRows.fill(value, 0, seconds).subarray(0, seconds));
  }

  samples(start: number, samples: Float64Array): void {
    const { from, to, combine } = this.#parts;
    combine(
      this.#parts,
      { samples, row: Math.max(0, from - start), end: Math.min(samples.length, to - start) },
      start - from,
    );
  }
}
