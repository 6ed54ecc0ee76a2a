import {
  type Aggregation,
  type Endpoint,
  findMetric,
  type Reduction,
  type Selection,
  type SeriesIdentity,
} from '../../core/index.ts';
import type { StoredSeries } from '../ring/columns.ts';
import type { Ring } from '../ring/ring.ts';
import { AcrossSeries } from './across.ts';
import { type Buckets, readBuckets } from './buckets.ts';
import type { Located } from './located.ts';
import { readPercentiles } from './percentiles.ts';
import { checkRange, type Range } from './range.ts';
import { type RawSamples, readRaw } from './raw.ts';
import type { Work } from './run/slices.ts';
import { select } from './select/select.ts';
import { labelOf } from './select/series-test.ts';

/** Something of each bucket: a reduction, or a percentile as its share (0 … 1). */
export type BucketValue = Reduction | number;

/** One series in buckets: a column for each value that was asked for. What it holds where `count` is 0 says nothing. */
export type SeriesColumns = {
  readonly series: StoredSeries;
  readonly count: Uint32Array;
  readonly columns: readonly (Float64Array | Uint32Array)[];
};

/** What many series come to in each bucket. */
export type GroupColumns = {
  /** The labels that its series share, by name; empty when all are one group. */
  readonly labels: Readonly<Record<string, string>>;
  readonly unit: string | null;
  readonly seriesCount: number;
  /** Series with a sample in the bucket, and what they come to; NaN where there is none. */
  readonly count: Uint32Array;
  readonly value: Float64Array;
};

export type Across = {
  readonly aggregation: Aggregation;
  /** What stands for a series in a bucket. */
  readonly of: Reduction;
  /** Series with equal values of these labels are a group. */
  readonly by: readonly string[];
};

/** Series by series, yielding between them. Throws as `select` and `checkRange` do. */
export function* readRange(
  ring: Ring,
  selection: Selection,
  range: Range,
  values: readonly BucketValue[],
): Work<SeriesColumns[]> {
  const located = select(ring, selection);
  checkRange(range, { seriesRead: located.length, seriesAnswered: located.length });
  const found: SeriesColumns[] = [];
  for (const one of located) {
    if (isStill(one)) found.push(columnsOf(one, range, values));
    yield;
  }
  return found;
}

/** Other work runs between two series, and a column may have gone to another series meanwhile. */
const isStill = ({ store, series }: Located): boolean => store.seriesAt(series.column) === series;

function columnsOf(located: Located, range: Range, values: readonly BucketValue[]): SeriesColumns {
  const buckets = readBuckets(located, range);
  const shares = values.filter((value) => typeof value === 'number');
  const percentiles = shares.length === 0 ? [] : readPercentiles(located, range, shares);
  const columns = values.map((value) =>
    typeof value === 'number' ? (percentiles[shares.indexOf(value)] as Float64Array) : columnOf(buckets, value),
  );
  return { series: located.series, count: buckets.count, columns };
}

export function columnOf(buckets: Buckets, value: Reduction): Float64Array | Uint32Array {
  if (value !== 'avg') return buckets[value];
  const { sum, count } = buckets;
  const averages = new Float64Array(sum.length);
  for (let bucket = 0; bucket < sum.length; bucket++) {
    averages[bucket] = (sum[bucket] as number) / (count[bucket] as number);
  }
  return averages;
}

/** What series come to together, a group for each combination of the values of `by`. */
export function* readAcross(ring: Ring, selection: Selection, range: Range, across: Across): Work<GroupColumns[]> {
  const located = select(ring, selection, SERIES_ACROSS_MAX);
  const groups = groupsOf(located, across.by);
  checkRange(range, { seriesRead: located.length, seriesAnswered: groups.length });
  const found: GroupColumns[] = [];
  for (const { labels, members } of groups) {
    const together = new AcrossSeries(range, across.aggregation, across.of);
    for (const one of members) {
      if (isStill(one)) together.add(one);
      yield;
    }
    const unit = across.aggregation === 'count' || across.of === 'count' ? 'count' : unitOf(members);
    found.push({ labels, unit, seriesCount: members.length, ...together.together() });
  }
  return found;
}

/** An aggregation answers few rows of many series; the samples that it reads are bounded as well. */
const SERIES_ACROSS_MAX = 20_000;

export type Member = { readonly store: { readonly endpoint: Endpoint }; readonly series: SeriesIdentity };
export type Group<One> = { readonly labels: Readonly<Record<string, string>>; readonly members: readonly One[] };

/** Puts together what has the same labels, in the order in which groups are first met. */
export function groupsOf<One extends Member>(members: Iterable<One>, by: readonly string[]): Group<One>[] {
  const groups = new Map<string, { labels: Record<string, string>; members: One[] }>();
  for (const member of members) {
    const values = by.map((label) => labelOf(label, member.series, member.store.endpoint));
    const key = JSON.stringify(values);
    const group = groups.get(key);
    if (group !== undefined) group.members.push(member);
    else
      groups.set(key, {
        labels: Object.fromEntries(by.map((label, at) => [label, values[at] ?? ''])),
        members: [member],
      });
  }
  return [...groups.values()];
}

/** The unit that all members have; null when they differ, or nobody knows. */
export function unitOf(members: Iterable<Pick<Member, 'series'>>): string | null {
  const units = new Set<string | null>();
  for (const { series } of members) units.add(findMetric(series.metric)?.unit ?? null);
  const [unit] = units;
  return units.size === 1 ? (unit ?? null) : null;
}

export type SeriesRaw = RawSamples & { readonly series: StoredSeries };

/** Samples as they came. Throws as `select` and `checkRange` do. */
export function* readSamples(ring: Ring, selection: Selection, from: number, to: number): Work<SeriesRaw[]> {
  const located = select(ring, selection);
  checkRange(
    { from, to, step: to - from },
    { seriesRead: located.length, seriesAnswered: located.length * (to - from) },
  );
  const found: SeriesRaw[] = [];
  for (const one of located) {
    if (isStill(one)) found.push({ series: one.series, ...readRaw(one, from, to) });
    yield;
  }
  return found;
}
