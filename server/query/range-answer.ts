/** From columns to text, a series at a time: an answer of fifteen megabytes is not written in one go. */
import { findMetric, formatSeries, type QueryRangeAnswer, type SeriesIdentity } from '../../core/index.ts';
import { type Buckets, type BucketValue, bucketCountOf, columnOf, type Work } from '../../realtime/index.ts';
import { columnText, samplesOf, wholeText } from './number-text.ts';
import type { RangePlan } from './range-plan.ts';

type Column = Float64Array | Uint32Array;
type Series = SeriesIdentity & { readonly unit: string | null };

/** A series in buckets of the whole range. */
export type RangeRow = { readonly series: Series; readonly count: Uint32Array; readonly columns: readonly Column[] };

export type GroupRow = {
  readonly labels: Readonly<Record<string, string>>;
  readonly unit: string | null;
  readonly seriesCount: number;
  readonly count: Uint32Array;
  readonly value: Float64Array;
};

export function seriesOf({ endpoint, metric, tags }: SeriesIdentity): Series {
  return { endpoint, metric, tags, unit: findMetric(metric)?.unit ?? null };
}

/** A half of a row: what one source has of a series. */
export type Half = {
  readonly series: SeriesIdentity;
  readonly count: Uint32Array;
  readonly columns: readonly Column[];
};

/** The columns that were asked for, of buckets of history, which answers no percentiles. */
export function columnsOf(buckets: Buckets, values: readonly BucketValue[]): Column[] {
  return values.map((value) => columnOf(buckets, typeof value === 'number' ? 'avg' : value));
}

/** Puts the two halves of each series side by side; a half without data is a row of gaps. */
export function stitch(older: readonly Half[], recent: readonly Half[], plan: RangePlan): RangeRow[] {
  if (older.length === 0 && plan.old.from === plan.old.to)
    return recent.map((row) => ({ ...row, series: seriesOf(row.series) }));
  const size = bucketCountOf(plan.range);
  const seam = bucketCountOf(plan.old);
  const rows = new Map<string, RangeRow>();
  const place = (half: Half, from: number): void => {
    const key = formatSeries(half.series);
    const row = rows.get(key) ?? {
      series: seriesOf(half.series),
      count: new Uint32Array(size),
      columns: half.columns.map(() => new Float64Array(size)),
    };
    rows.set(key, row);
    row.count.set(half.count, from);
    for (const [at, column] of half.columns.entries()) row.columns[at]?.set(column, from);
  };
  for (const half of older) place(half, 0);
  for (const half of recent) place(half, seam);
  return [...rows.values()];
}

type Head = Pick<QueryRangeAnswer, 'fromMs' | 'toMs' | 'stepSeconds' | 'sources'>;

function headOf({ range, old, recent }: RangePlan): Head {
  const sources: Head['sources'] = [];
  if (old.from < old.to) sources.push('history');
  if (recent.from < recent.to) sources.push('ring');
  return { fromMs: range.from * 1000, toMs: range.to * 1000, stepSeconds: range.step, sources };
}

/** Of rows with the columns that are answered when nothing was asked for. */
export function plainAnswer(rows: readonly RangeRow[], plan: RangePlan): QueryRangeAnswer {
  const at = (name: string): number => plan.names.indexOf(name);
  const series = rows.map(({ series: one, count, columns }) => {
    const column = (name: string) => samplesOf(columns[at(name)] ?? new Float64Array(), count);
    return { ...one, count: [...count], min: column('min'), max: column('max'), avg: column('avg') };
  });
  return { ...headOf(plan), series };
}

/** An object that goes on. */
const opened = (object: object): string => JSON.stringify(object).slice(0, -1);

export function* rangeText(rows: readonly RangeRow[], plan: RangePlan): Work<string> {
  let text = `${opened(headOf(plan))},"series":[`;
  for (const [index, { series, count, columns }] of rows.entries()) {
    text += `${index === 0 ? '' : ','}${opened(series)}`;
    for (const [at, name] of plan.names.entries()) {
      text += `,"${name}":${name === 'count' ? wholeText(count) : columnText(columns[at] as Column, count)}`;
    }
    text += '}';
    yield;
  }
  return `${text}]}`;
}

export function* groupsText(groups: readonly GroupRow[], plan: RangePlan): Work<string> {
  let text = `${opened(headOf(plan))},"series":[],"groups":[`;
  for (const [index, { labels, unit, seriesCount, count, value }] of groups.entries()) {
    const head = opened({ labels, unit, seriesCount });
    text += `${index === 0 ? '' : ','}${head},"count":${wholeText(count)},"value":${columnText(value, count)}}`;
    yield;
  }
  return `${text}]}`;
}

type RawRow = { readonly series: SeriesIdentity; readonly seconds: Float64Array; readonly values: Float64Array };

export function* rawText(rows: readonly RawRow[], plan: RangePlan): Work<string> {
  let text = `${opened(headOf(plan))},"series":[`;
  for (const [index, { series, seconds, values }] of rows.entries()) {
    const times = seconds.map((second) => second * 1000);
    text += `${index === 0 ? '' : ','}${opened(seriesOf(series))}`;
    text += `,"timesMs":${wholeText(times)},"value":${wholeText(values)}}`;
    yield;
  }
  return `${text}]}`;
}
