import { matchesTags } from '../../core/index.ts';
import {
  appliedKey,
  type BatchName,
  type BucketRange,
  type HistoryStore,
  type RollupRow,
  type SeriesBuckets,
  type SeriesKey,
  type SeriesRef,
  type SeriesSelection,
} from '../store/store.ts';

/** How the next insert of rollups goes wrong. */
export type InsertFault =
  /** Nothing arrives. */
  | 'lost'
  /** All arrives, and the answer is lost. */
  | 'answer lost'
  /** A crash between the engine's deduplication log and the part: the token is known, the rows are not. */
  | 'token without rows'
  /** A power loss that takes the unsynced deduplication log and leaves the rows. */
  | 'rows without token';

type StoredRow = Omit<RollupRow, 'series'> & { readonly key: SeriesKey; readonly writer: number; batch: number };

/** The store as its contract describes it, in memory, for tests; it passes the same cases as the engine. */
export class MemoryStore implements HistoryStore {
  readonly kind = 'embedded';
  readonly faults: InsertFault[] = [];
  /** Tokens of all inserts that came, in order. */
  readonly tokens: string[] = [];
  readonly #series = new Map<SeriesKey, SeriesRef>();
  readonly #rows = new Map<string, StoredRow>();
  readonly #known = new Set<string>();

  insertSeries(series: readonly SeriesRef[]): Promise<void> {
    for (const ref of series) this.#series.set(ref.key, ref);
    return Promise.resolve();
  }

  insertRollups(rows: readonly RollupRow[], name: BatchName, token: string): Promise<void> {
    this.tokens.push(token);
    const fault = this.faults.shift();
    if (fault !== 'lost') {
      const isNew = !this.#known.has(token);
      if (isNew && fault !== 'token without rows') for (const row of rows) this.#store(row, name);
      if (fault !== 'rows without token') this.#known.add(token);
    }
    return fault === undefined ? Promise.resolve() : Promise.reject(new Error(`insert: ${fault}`));
  }

  appliedRows({ writer, batch }: BatchName, minutes: readonly number[]): Promise<ReadonlySet<string>> {
    const wanted = new Set(minutes);
    const applied = [...this.#rows.values()].filter(
      (row) => row.writer === writer && row.batch >= batch && wanted.has(row.minute),
    );
    return Promise.resolve(new Set(applied.map((row) => appliedKey(row.key, row.minute))));
  }

  newestMinute(): Promise<number | null> {
    const minutes = [...this.#rows.values()].map(({ minute }) => minute);
    return Promise.resolve(minutes.length === 0 ? null : Math.max(...minutes));
  }

  findSeries({ metrics, endpoints, tags }: SeriesSelection, limit: number): Promise<readonly SeriesRef[]> {
    const found = [...this.#series.values()].filter(
      ({ identity }) =>
        metrics.includes(identity.metric) &&
        (endpoints.length === 0 || endpoints.includes(identity.endpoint)) &&
        matchesTags(identity.tags, tags),
    );
    return Promise.resolve(found.slice(0, limit));
  }

  readBuckets(series: readonly SeriesKey[], range: BucketRange): Promise<readonly SeriesBuckets[]> {
    return Promise.resolve(series.flatMap((key) => this.#bucketsOf(key, range)));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #store(row: RollupRow, { writer, batch }: BatchName): void {
    const { series, ...figures } = row;
    const place = `${series.key}/${row.minute}/${writer}`;
    const known = this.#rows.get(place);
    if (known === undefined) this.#rows.set(place, { ...figures, key: series.key, writer, batch });
    else merge(known, { ...figures, key: series.key, writer, batch });
  }

  #bucketsOf(key: SeriesKey, { from, to, step }: BucketRange): SeriesBuckets[] {
    const buckets = new Map<number, StoredRow>();
    for (const row of this.#rows.values()) {
      if (row.key !== key || row.minute < from || row.minute >= to) continue;
      const index = Math.floor((row.minute - from) / step);
      const known = buckets.get(index);
      if (known === undefined) buckets.set(index, { ...row });
      else merge(known, row);
    }
    if (buckets.size === 0) return [];
    const rows = [...buckets.values()];
    return [
      {
        key,
        buckets: [...buckets.keys()],
        count: rows.map(({ count }) => count),
        min: rows.map(({ min }) => min),
        max: rows.map(({ max }) => max),
        mean: rows.map(({ sum, count }) => sum / count),
      },
    ];
  }
}

function merge(into: StoredRow, row: StoredRow): void {
  into.min = Math.min(into.min, row.min);
  into.max = Math.max(into.max, row.max);
  into.sum += row.sum;
  into.count += row.count;
  into.batch = Math.max(into.batch, row.batch);
  if (row.lastSecond < into.lastSecond) return;
  into.lastSecond = row.lastSecond;
  into.last = row.last;
}
