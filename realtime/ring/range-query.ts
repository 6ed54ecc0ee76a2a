import {
  AppError,
  BUCKETS_MAX,
  matchesTags,
  type Second,
  type Selector,
  type SeriesIdentity,
} from '../../core/index.ts';
import type { Summary } from '../block/column-codec.ts';
import { type EndpointStore, type StoredSeries, WINDOW_SECONDS, windowStartOf } from './endpoint-store.ts';
import type { Ring } from './ring.ts';

const QUERY_SERIES_MAX = 1000;

/** Buckets of all series in one answer: about 15 MB of JSON. */
const QUERY_POINTS_MAX = 300_000;

/** About a second of decoding: 800 series over 24 h are 69 million. */
const QUERY_SAMPLES_MAX = 100_000_000;

/** How far back the newest points of a series are looked for. */
const LAST_POINTS_SECONDS = 600;

/** Seconds; `from` inclusive, `to` exclusive, both whole multiples of `step`. */
export type Range = { readonly from: number; readonly to: number; readonly step: number };

export type Located = { readonly store: EndpointStore; readonly series: StoredSeries };

/** One series in buckets: `count[i]` samples from `from + i × step`; the rest is NaN where it is 0. */
export type Buckets = {
  readonly count: Uint32Array;
  readonly min: Float64Array;
  readonly max: Float64Array;
  readonly sum: Float64Array;
};

/** Series that a selector picks, in a stable order. Throws `QUERY_LIMIT` beyond `limit`. */
export function select(ring: Ring, selector: Selector, limit = QUERY_SERIES_MAX): Located[] {
  const metrics = new Set(selector.metrics);
  const found: Located[] = [];
  for (const store of candidates(ring, selector)) {
    for (const series of store.series) {
      if (!metrics.has(series.metric) || !matchesTags(series.tags, selector.tags ?? {})) continue;
      if (found.length === limit) throw tooMany('series', `more than ${limit}`, 'name endpoints or fewer metrics');
      found.push({ store, series });
    }
  }
  return found;
}

function candidates(ring: Ring, selector: Selector): Iterable<EndpointStore> {
  if (selector.endpoints === undefined) return ring.endpoints();
  return selector.endpoints.map((name) => ring.find(name)).filter((store) => store !== undefined);
}

/** Throws `QUERY_LIMIT` when an answer would be too large. */
export function checkRange(range: Range, seriesCount: number): void {
  const bucketCount = (range.to - range.from) / range.step;
  if (bucketCount > BUCKETS_MAX)
    throw tooMany('buckets', `${bucketCount} of at most ${BUCKETS_MAX}`, 'take a larger step');
  const points = bucketCount * seriesCount;
  if (points > QUERY_POINTS_MAX) {
    throw tooMany(
      'points',
      `${points} of at most ${QUERY_POINTS_MAX}`,
      'take a larger step, a shorter range or fewer series',
    );
  }
  const samples = (range.to - range.from) * seriesCount;
  if (samples > QUERY_SAMPLES_MAX) {
    throw tooMany('samples', `${samples} of at most ${QUERY_SAMPLES_MAX}`, 'take a shorter range or fewer series');
  }
}

function tooMany(what: string, figure: string, hint: string): AppError {
  return new AppError('QUERY_LIMIT', `the query asks for too many ${what}: ${figure}`, { where: what, hint });
}

/** Reads one series. Whole windows inside of a bucket are taken from their summaries. */
export function readBuckets({ store, series }: Located, range: Range): Buckets {
  const buckets = emptyBuckets((range.to - range.from) / range.step);
  const scratch = new Float64Array(WINDOW_SECONDS);
  for (let start = windowStartOf(range.from); start < range.to; start += WINDOW_SECONDS) {
    const first = Math.floor((start - range.from) / range.step);
    const last = Math.floor((start + WINDOW_SECONDS - 1 - range.from) / range.step);
    const summary = first === last && start >= range.from ? store.summaryOf(start, series.column) : undefined;
    if (summary === undefined) addSamples(buckets, store.read(start, series.column, scratch), start, range);
    else if (summary !== null) addSummary(buckets, first, summary);
  }
  return buckets;
}

function emptyBuckets(bucketCount: number): Buckets {
  return {
    count: new Uint32Array(bucketCount),
    min: new Float64Array(bucketCount).fill(Number.POSITIVE_INFINITY),
    max: new Float64Array(bucketCount).fill(Number.NEGATIVE_INFINITY),
    sum: new Float64Array(bucketCount),
  };
}

function addSummary(buckets: Buckets, bucket: number, summary: Summary): void {
  if (bucket >= buckets.count.length) return;
  buckets.count[bucket] = (buckets.count[bucket] as number) + summary.count;
  buckets.sum[bucket] = (buckets.sum[bucket] as number) + summary.sum;
  buckets.min[bucket] = Math.min(buckets.min[bucket] as number, summary.min);
  buckets.max[bucket] = Math.max(buckets.max[bucket] as number, summary.max);
}

function addSamples(buckets: Buckets, samples: Float64Array | null, start: number, range: Range): void {
  if (samples === null) return;
  const from = Math.max(0, range.from - start);
  const to = Math.min(WINDOW_SECONDS, range.to - start);
  for (let row = from; row < to; row++) {
    const value = samples[row] as number;
    // Absent seconds are NaN as well, and a measured NaN has no place in a minimum or an average.
    if (Number.isNaN(value)) continue;
    const bucket = Math.floor((start + row - range.from) / range.step);
    buckets.count[bucket] = (buckets.count[bucket] as number) + 1;
    buckets.sum[bucket] = (buckets.sum[bucket] as number) + value;
    if (value < (buckets.min[bucket] as number)) buckets.min[bucket] = value;
    if (value > (buckets.max[bucket] as number)) buckets.max[bucket] = value;
  }
}

export type Point = { readonly second: Second; readonly value: number };

/** The newest `count` samples of a series before a second, of the ten minutes before it, oldest first. */
export function lastPoints(ring: Ring, series: SeriesIdentity, count: number, before: Second): Point[] {
  const store = ring.find(series.endpoint);
  if (store === undefined || !store.has(series.metric, series.tags)) return [];
  const column = store.columnFor(series.metric, series.tags);
  const scratch = new Float64Array(WINDOW_SECONDS);
  const points: Point[] = [];
  const oldest = before - LAST_POINTS_SECONDS;
  for (let start = windowStartOf(before - 1); start > oldest && points.length < count; start -= WINDOW_SECONDS) {
    const samples = store.read(start, column, scratch);
    const last = Math.min(WINDOW_SECONDS, before - start) - 1;
    for (let row = last; row >= 0 && samples !== null && points.length < count; row--) {
      const value = samples[row] as number;
      if (!Number.isNaN(value)) points.push({ second: (start + row) as Second, value });
    }
  }
  return points.reverse();
}
