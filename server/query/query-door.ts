import {
  AppError,
  type Clock,
  findMetric,
  formatSeries,
  jsonNumber,
  type QueryRange,
  type QueryRangeAnswer,
  type RangeSeries,
  type Selector,
} from '../../core/index.ts';
import type { HistoryClient } from '../../history/index.ts';
import { type Buckets, checkRange, type Range, type Realtime, readBuckets, select } from '../../realtime/index.ts';

/** Buckets that a chart gets when it does not say how wide they are. */
const BUCKETS_WANTED = 600;

/** Widths that a person would choose, in seconds. */
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400];

/** History rests in one-minute rollups: no bucket that it answers is narrower. */
const HISTORY_STEP_SECONDS = 60;

/** What the door needs of history: buckets of the given range, whole multiples of its step. */
export type HistoryQuery = (selector: Selector, range: Range) => Promise<readonly RangeSeries[]>;

/** History asked through its client, in the door's terms. */
export function historyQuery(client: Pick<HistoryClient, 'queryRange'>): HistoryQuery {
  return async (select, { from, to, step }) => {
    const answer = await client.queryRange({ select, fromMs: from * 1000, toMs: to * 1000, stepSeconds: step });
    return answer.series;
  };
}

export type QueryDoorOptions = {
  readonly realtime: Pick<Realtime, 'ring'>;
  readonly history: HistoryQuery;
  readonly clock: Clock;
};

/**
 * One door over ring and history: what the ring holds it answers, what is older comes from
 * history, and the seam lies on a bucket's edge, so that nothing is counted twice.
 */
export async function queryRange(options: QueryDoorOptions, query: QueryRange): Promise<QueryRangeAnswer> {
  const { realtime, clock } = options;
  const oldest = realtime.ring.newestSecond === 0 ? Math.floor(clock.nowMs() / 1000) : realtime.ring.oldestSecond;
  const range = resolve(query, oldest);
  checkRange(range, { seriesRead: 1, seriesAnswered: 1 });
  const seam = Math.min(range.to, Math.max(range.from, Math.ceil(oldest / range.step) * range.step));
  const old = { ...range, to: seam };
  const recent = { ...range, from: seam };
  const fromHistory = old.from < old.to ? await options.history(query.select, old) : [];
  const fromRing = recent.from < recent.to ? await queryRing(realtime, query.select, recent) : [];
  return {
    fromMs: range.from * 1000,
    toMs: range.to * 1000,
    stepSeconds: range.step,
    sources: [
      ...(old.from < old.to ? ['history' as const] : []),
      ...(recent.from < recent.to ? ['ring' as const] : []),
    ],
    series: stitch(fromHistory, fromRing, old, recent),
  };
}

function resolve({ fromMs, toMs, stepSeconds }: QueryRange, oldest: number): Range {
  if (fromMs >= toMs) {
    throw new AppError('BAD_REQUEST', 'the range is empty: fromMs must be before toMs', { where: 'body/fromMs' });
  }
  const wanted = stepSeconds ?? niceStep((toMs - fromMs) / 1000 / BUCKETS_WANTED);
  const needsHistory = Math.floor(fromMs / 1000 / wanted) * wanted < oldest;
  const step = needsHistory ? Math.ceil(wanted / HISTORY_STEP_SECONDS) * HISTORY_STEP_SECONDS : wanted;
  return { from: Math.floor(fromMs / 1000 / step) * step, to: Math.ceil(toMs / 1000 / step) * step, step };
}

const niceStep = (seconds: number): number => STEPS.find((step) => step >= seconds) ?? 86_400;

/** Between two series others get a turn: a heavy query is not felt by the intake. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function queryRing(realtime: Pick<Realtime, 'ring'>, selector: Selector, range: Range): Promise<RangeSeries[]> {
  const located = select(realtime.ring, selector);
  checkRange(range, { seriesRead: located.length, seriesAnswered: located.length });
  const series: RangeSeries[] = [];
  for (const one of located) {
    const { endpoint, metric, tags } = one.series;
    const buckets = answerOf(readBuckets(one, range));
    series.push({ endpoint, metric, tags, unit: findMetric(metric)?.unit ?? null, ...buckets });
    await turn();
  }
  return series;
}

function answerOf(buckets: Buckets): Pick<RangeSeries, 'count' | 'min' | 'max' | 'avg'> {
  const count = Array.from(buckets.count);
  const whereCounted = (valueAt: (bucket: number) => number) =>
    count.map((samples, bucket) => (samples === 0 ? null : jsonNumber(valueAt(bucket))));
  return {
    count,
    min: whereCounted((bucket) => buckets.min[bucket] ?? Number.NaN),
    max: whereCounted((bucket) => buckets.max[bucket] ?? Number.NaN),
    avg: whereCounted((bucket) => (buckets.sum[bucket] ?? Number.NaN) / (count[bucket] ?? 0)),
  };
}

/** Puts the two halves of each series side by side; a half without data is a row of gaps. */
function stitch(
  older: readonly RangeSeries[],
  recent: readonly RangeSeries[],
  old: Range,
  fresh: Range,
): RangeSeries[] {
  const recentByKey = new Map(recent.map((series) => [formatSeries(series), series]));
  const olderKeys = new Set(older.map(formatSeries));
  const bucketCount = (range: Range): number => Math.max(0, (range.to - range.from) / range.step);
  const both = older.map((series) => {
    return concatenate(series, recentByKey.get(formatSeries(series)) ?? gapOf(series, bucketCount(fresh)));
  });
  const added = recent.filter((series) => !olderKeys.has(formatSeries(series)));
  return [...both, ...added.map((series) => concatenate(gapOf(series, bucketCount(old)), series))];
}

function gapOf(series: RangeSeries, bucketCount: number): RangeSeries {
  const nothing = new Array<null>(bucketCount).fill(null);
  return { ...series, count: new Array<number>(bucketCount).fill(0), min: nothing, max: nothing, avg: nothing };
}

function concatenate(first: RangeSeries, then: RangeSeries): RangeSeries {
  return {
    ...first,
    count: [...first.count, ...then.count],
    min: [...first.min, ...then.min],
    max: [...first.max, ...then.max],
    avg: [...first.avg, ...then.avg],
  };
}
