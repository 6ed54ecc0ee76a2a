import {
  type Aggregation,
  AppError,
  findMetric,
  type InstantAnswer,
  type InstantQuery,
  jsonNumber,
  LOOKBACK_SECONDS_DEFAULT,
} from '../../core/index.ts';
import {
  groupsOf,
  latest,
  type Moment,
  overWindow,
  type Realtime,
  rankNow,
  type SeriesValue,
  unitOf,
  type Work,
} from '../../realtime/index.ts';

/** Series in one answer: about a megabyte and a half of JSON. `rank` looks at any number of them. */
const ROWS_MAX = 10_000;

/** Where "now" is meant, the newest sample counts although its collector's clock is ahead of ours. */
const AHEAD_SECONDS = 60;

type Ring = Realtime['ring'];
type Rank = NonNullable<InstantQuery['rank']>;

/** Answers a query of one moment; `nowSecond` is where it names none. */
export function* instantAnswer(ring: Ring, query: InstantQuery, nowSecond: number): Work<InstantAnswer> {
  const at = query.atMs === undefined ? nowSecond : Math.floor(query.atMs / 1000);
  if (ring.newestSecond > 0 && at < ring.oldestSecond) {
    throw new AppError('BAD_REQUEST', 'a moment can be asked for of the last 24 h only', {
      where: 'body/atMs',
      hint: 'ask /api/v1/query_range for older ones',
    });
  }
  const moment: Moment = {
    at,
    lookback: query.lookbackSeconds ?? LOOKBACK_SECONDS_DEFAULT,
    ahead: query.atMs === undefined ? AHEAD_SECONDS : 0,
  };
  const { rank, across, window } = query;
  if (rank !== undefined && across === undefined && window === undefined) {
    const { seriesMatched, ranked } = rankNow(ring, query.select, moment, rank);
    return { atMs: at * 1000, seriesMatched, series: ranked.map(seriesRow) };
  }
  const limit = across === undefined ? ROWS_MAX : ROWS_MAX * 10;
  const { seriesMatched, found } =
    window === undefined
      ? latest(ring, query.select, moment, limit)
      : yield* overWindow(ring, query.select, { at, seconds: window.seconds, of: window.of ?? 'avg' });
  if (across === undefined) {
    return { atMs: at * 1000, seriesMatched, series: rankedOf(found, rank).map(seriesRow) };
  }
  const groups = groupsOf(found, across.by ?? []).map(({ labels, members }) => {
    const isCount = across.aggregation === 'count' || window?.of === 'count';
    const value = aggregate(across.aggregation, members);
    return { labels, unit: isCount ? 'count' : unitOf(members), seriesCount: members.length, value };
  });
  const rows = rankedOf(groups, rank).map((group) => ({ ...group, value: jsonNumber(group.value) }));
  return { atMs: at * 1000, seriesMatched, series: [], groups: rows };
}

function seriesRow({ series, second, value }: SeriesValue): InstantAnswer['series'][number] {
  const { endpoint, metric, tags } = series;
  const unit = findMetric(metric)?.unit ?? null;
  return { endpoint, metric, tags, unit, value: jsonNumber(value), valueAtMs: second * 1000 };
}

function rankedOf<Row extends { readonly value: number }>(
  rows: readonly Row[],
  rank: Rank | undefined,
): readonly Row[] {
  if (rank === undefined) return rows;
  const sign = rank.order === 'top' ? -1 : 1;
  return rows
    .filter(({ value }) => !Number.isNaN(value))
    .sort((a, b) => (a.value === b.value ? 0 : a.value < b.value ? -sign : sign))
    .slice(0, rank.limit);
}

/** As over buckets: a measured NaN does not count. */
function aggregate(aggregation: Aggregation, members: readonly SeriesValue[]): number {
  let [count, sum, min, max] = [0, 0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { value } of members) {
    if (Number.isNaN(value)) continue;
    count++;
    sum += value;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  if (aggregation === 'count') return count;
  if (count === 0) return Number.NaN;
  return { sum, avg: sum / count, min, max }[aggregation];
}
