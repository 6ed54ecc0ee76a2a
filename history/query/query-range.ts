import {
  AppError,
  BUCKETS_MAX,
  findMetric,
  formatSeries,
  type QueryRange,
  type QueryRangeAnswer,
  type RangeSeries,
} from '../../core/index.ts';
import type { BucketRange, EngineNumber, RollupSource, SeriesBuckets, SeriesRef } from '../store/store.ts';

/** Rollups hold minutes, so steps are whole minutes. */
const ROLLUP_SECONDS = 60;

/** A chart is about this wide when nothing was said. */
const BUCKETS_WANTED = 600;

export type QueryLimits = {
  readonly seriesMax: number;
  /** Of one series. */
  readonly bucketsMax: number;
  /** Series × buckets: what one answer may hold, at about 50 bytes of JSON each. */
  readonly pointsMax: number;
};

export const queryLimits: QueryLimits = { seriesMax: 1000, bucketsMax: BUCKETS_MAX, pointsMax: 200_000 };

/**
 * Answers a range from one-minute rollups. The step is a multiple of 60 s, at least what was asked
 * for; the answer says which. Series without a sample in the range are left out.
 *
 * Errors: `BAD_REQUEST` for an empty range, `QUERY_LIMIT` with the limit's name, `TIMEOUT`,
 * `HISTORY_UNAVAILABLE`.
 */
export async function queryRange(
  source: RollupSource,
  query: QueryRange,
  options: { readonly limits?: QueryLimits; readonly signal?: AbortSignal } = {},
): Promise<QueryRangeAnswer> {
  const { limits = queryLimits, signal } = options;
  const range = bucketRange(query);
  const bucketCount = (range.to - range.from) / range.step;
  if (bucketCount > limits.bucketsMax) throw limitError('buckets of a series', bucketCount, 'bucketsMax', limits);
  const { endpoints = [], metrics, tags = {} } = query.select;
  const found = await source.findSeries({ endpoints, metrics, tags }, limits.seriesMax + 1, signal);
  if (found.length > limits.seriesMax) throw limitError('series', `at least ${found.length}`, 'seriesMax', limits);
  const points = found.length * bucketCount;
  if (points > limits.pointsMax) throw limitError('points (series × buckets)', points, 'pointsMax', limits);
  const rows = found.length === 0 ? [] : await source.readBuckets(keysOf(found), range, signal);
  return {
    fromMs: range.from * 1000,
    toMs: range.to * 1000,
    stepSeconds: range.step,
    sources: ['history'],
    series: rangeSeries(found, rows, bucketCount),
  };
}

/** The range in whole steps: start rounded down, end rounded up. */
function bucketRange({ fromMs, toMs, stepSeconds }: QueryRange): BucketRange {
  if (toMs <= fromMs) {
    throw new AppError('BAD_REQUEST', 'the range ends before it begins', {
      where: '/toMs',
      hint: 'give a toMs greater than fromMs',
    });
  }
  const wanted = stepSeconds ?? (toMs - fromMs) / 1000 / BUCKETS_WANTED;
  const step = Math.max(1, Math.ceil(wanted / ROLLUP_SECONDS)) * ROLLUP_SECONDS;
  return {
    from: Math.floor(fromMs / 1000 / step) * step,
    to: Math.ceil(toMs / 1000 / step) * step,
    step,
  };
}

function limitError(what: string, asked: number | string, limit: keyof QueryLimits, limits: QueryLimits): AppError {
  return new AppError('QUERY_LIMIT', `${asked} ${what} where history allows ${limits[limit]}`, {
    where: `history.${limit}`,
    hint: limit === 'seriesMax' ? 'select fewer series' : 'ask for a wider step, a shorter range or fewer series',
  });
}

const keysOf = (series: readonly SeriesRef[]): string[] => series.map(({ key }) => key);

function rangeSeries(found: readonly SeriesRef[], rows: readonly SeriesBuckets[], bucketCount: number): RangeSeries[] {
  const byKey = new Map(rows.map((row) => [row.key, row]));
  return [...found]
    .map((ref) => ({ ref, name: formatSeries(ref.identity), row: byKey.get(ref.key) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap(({ ref, row }) => (row === undefined ? [] : [oneSeries(ref, row, bucketCount)]));
}

type Sample = RangeSeries['min'][number];

function oneSeries({ identity }: SeriesRef, row: SeriesBuckets, bucketCount: number): RangeSeries {
  const count = new Array<number>(bucketCount).fill(0);
  for (const [index, bucket] of row.buckets.entries()) count[bucket] = row.count[index] ?? 0;
  return {
    ...identity,
    unit: findMetric(identity.metric)?.unit ?? null,
    count,
    min: column(row.buckets, row.min, bucketCount),
    max: column(row.buckets, row.max, bucketCount),
    avg: column(row.buckets, row.mean, bucketCount),
  };
}

function column(buckets: readonly number[], values: readonly EngineNumber[], bucketCount: number): Sample[] {
  const samples = new Array<Sample>(bucketCount).fill(null);
  for (const [index, bucket] of buckets.entries()) samples[bucket] = sampleOf(values[index] ?? null);
  return samples;
}

/** A mean of huge values may overflow, though each value was finite. */
function sampleOf(value: EngineNumber): Sample {
  if (typeof value !== 'string') return value;
  if (value === 'inf') return 'Infinity';
  return value === '-inf' ? '-Infinity' : 'NaN';
}
