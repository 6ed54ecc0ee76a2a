import type { DescribedSeries, QueryRangeAnswer } from '../../../core/api/index.ts';
import { sampleValue } from '../live/subscriptions.ts';
import { BucketRing } from './bucket-ring.ts';

export type TableSeries = {
  readonly key: string;
  readonly endpoint: string;
  readonly metric: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly ring: BucketRing;
};

/** A page asks for the series of one endpoint. What is beyond this is counted and said. */
export const SERIES_MAX = 500;

/** Buckets beyond the window's own: the one on its right edge, and the one that its left edge cuts. */
export const EDGE_BUCKETS = 2;

/**
 * The samples behind the charts of a page: filled by range queries, continued by ticks, in any order.
 * The same second told twice changes nothing.
 */
export class SeriesTable {
  readonly #byKey = new Map<string, TableSeries>();
  /** Column number of the live subscription → series; undefined where it did not fit. */
  readonly #columns: (TableSeries | undefined)[] = [];
  readonly #capacity: number;
  readonly #stepMs: number;
  /** Series that did not fit. */
  refusedCount = 0;
  /** Newest second with any sample, in ms, or null. */
  newestMs: number | null = null;

  constructor(seconds: number, stepSeconds: number) {
    this.#capacity = Math.ceil(seconds / stepSeconds) + EDGE_BUCKETS;
    this.#stepMs = stepSeconds * 1000;
  }

  get series(): readonly TableSeries[] {
    return [...this.#byKey.values()];
  }

  get size(): number {
    return this.#byKey.size;
  }

  /** Takes an answer. Its step has to be the table's: buckets of another width are another chart. */
  fill(answer: QueryRangeAnswer): void {
    const stepMs = answer.stepSeconds * 1000;
    if (stepMs !== this.#stepMs) throw new Error(`asked for buckets of ${this.#stepMs} ms, got ${stepMs} ms`);
    for (const series of answer.series) {
      const ring = this.#find(series)?.ring;
      if (!ring) continue;
      for (let index = 0; index < series.avg.length; index++) {
        const avg = sampleValue(series.avg[index] ?? null);
        const atMs = answer.fromMs + index * stepMs;
        ring.put(atMs, {
          avg,
          min: sampleValue(series.min[index] ?? avg),
          max: sampleValue(series.max[index] ?? avg),
        });
      }
      if (this.#stepMs === 1000) this.#see(ring.newestMs);
    }
  }

  columns(first: number, series: readonly DescribedSeries[]): void {
    series.forEach((each, offset) => {
      this.#columns[first + offset] = this.#find(each);
    });
  }

  forgetColumns(): void {
    this.#columns.length = 0;
  }

  /** A second of live samples. Only seconds are drawn from ticks; wider buckets come from queries. */
  tick(second: number, columns: readonly number[], values: readonly number[]): void {
    const atMs = second * 1000;
    this.#see(atMs);
    if (this.#stepMs !== 1000) return;
    columns.forEach((column, index) => {
      this.#columns[column]?.ring.putSample(atMs, values[index] ?? Number.NaN);
    });
  }

  #see(atMs: number | null): void {
    if (atMs !== null && (this.newestMs === null || atMs > this.newestMs)) this.newestMs = atMs;
  }

  #find(series: Pick<DescribedSeries, 'endpoint' | 'metric' | 'tags'>): TableSeries | undefined {
    const key = seriesKey(series);
    const found = this.#byKey.get(key);
    if (found) return found;
    if (this.#byKey.size >= SERIES_MAX) {
      this.refusedCount++;
      return undefined;
    }
    const { endpoint, metric, tags } = series;
    const added = { key, endpoint, metric, tags, ring: new BucketRing(this.#capacity, this.#stepMs) };
    this.#byKey.set(key, added);
    return added;
  }
}

/** One text for a series, whatever order its tags came in. */
export function seriesKey(series: Pick<DescribedSeries, 'endpoint' | 'metric' | 'tags'>): string {
  const tags = Object.entries(series.tags).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([series.endpoint, series.metric, tags]);
}
