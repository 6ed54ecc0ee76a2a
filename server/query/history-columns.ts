import {
  AppError,
  type Endpoint,
  metrics as knownMetrics,
  type RangeSeries,
  type Selection,
  type Selector,
} from '../../core/index.ts';
import type { HistoryClient } from '../../history/index.ts';
import { type Buckets, bucketCountOf, type Range, type Realtime, SeriesTest } from '../../realtime/index.ts';

/** What the door needs of history: buckets of the given range, whole multiples of its step. */
export type HistoryQuery = (selector: Selector, range: Range, signal?: AbortSignal) => Promise<readonly RangeSeries[]>;

/** History asked through its client, in the door's terms. */
export function historyQuery(client: Pick<HistoryClient, 'queryRange'>): HistoryQuery {
  return async (select, { from, to, step }, signal) => {
    const query = { select, fromMs: from * 1000, toMs: to * 1000, stepSeconds: step };
    const answer = await client.queryRange(query, signal === undefined ? {} : { signal });
    return answer.series;
  };
}

/** As many as history takes in one question. */
const METRICS_MAX = 100;

export type HistorySeries = Pick<RangeSeries, 'endpoint' | 'metric' | 'tags'> & {
  /** As the ring knows it; with its name only when it left more than a day ago. */
  readonly of: Endpoint;
  readonly buckets: Buckets;
};

export type PastOptions = {
  readonly ring: Realtime['ring'];
  readonly history: HistoryQuery;
};

/**
 * What history has of a selection. It knows series by endpoint, metric and tags; matchers are
 * applied here. Throws `QUERY_LIMIT`, `TIMEOUT` or `HISTORY_UNAVAILABLE`.
 */
export async function readHistory(
  { ring, history }: PastOptions,
  selection: Selection,
  range: Range,
  signal: AbortSignal | undefined,
): Promise<HistorySeries[]> {
  const test = new SeriesTest(selection);
  const { endpoints, tags } = selection;
  const metrics = metricsOf(test, ring);
  if (metrics.length === 0) return [];
  const select = {
    metrics,
    ...(endpoints === undefined ? {} : { endpoints }),
    ...(tags === undefined ? {} : { tags }),
  };
  const found = await history(select, range, signal);
  return found.flatMap((series): HistorySeries[] => {
    const of = ring.find(series.endpoint)?.endpoint ?? strangerOf(series.endpoint);
    if (!test.takes(series, of)) return [];
    const { endpoint, metric, tags: own } = series;
    return [{ endpoint, metric, tags: own, of, buckets: bucketsOf(series, bucketCountOf(range)) }];
  });
}

/** Metrics are told to history by name: those that are asked for, or of all known ones those that match. */
function metricsOf(test: SeriesTest, ring: Realtime['ring']): string[] {
  const known = test.metricNames ?? new Set([...ring.names.metrics(), ...knownMetrics.map(({ name }) => name)]);
  const metrics = [...known].filter((metric) => test.takesMetric(metric));
  if (metrics.length <= METRICS_MAX) return metrics;
  throw new AppError(
    'QUERY_LIMIT',
    `the query asks history for too many metrics: ${metrics.length} of ${METRICS_MAX}`,
    {
      where: 'metrics',
      hint: 'name metrics in select.metrics, or begin within the last 24 h',
    },
  );
}

const strangerOf = (name: string): Endpoint => ({ name, kind: 'container', host: '', state: 'gone', labels: {} });

function bucketsOf(series: RangeSeries, size: number): Buckets {
  const count = Uint32Array.from(series.count);
  const avg = doubles(series.avg, size);
  return {
    count,
    min: doubles(series.min, size),
    max: doubles(series.max, size),
    sum: avg.map((mean, bucket) => mean * (count[bucket] ?? 0)),
    last: new Float64Array(size).fill(Number.NaN),
  };
}

const doubles = (samples: RangeSeries['min'], size: number): Float64Array =>
  Float64Array.from({ length: size }, (_, bucket) => Number(samples[bucket] ?? Number.NaN));
