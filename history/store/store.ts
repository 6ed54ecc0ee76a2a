/**
 * The history store: ClickHouse, embedded or remote, through the same client and statements.
 *
 * Values travel as JSON rows: 1.2 M rows a core-second, where 40,000 series need 10,000 a second.
 */
import type { ClickHouseSettings, QueryParams } from '@clickhouse/client';
import { AppError, type Clock, type SeriesIdentity, type Tags } from '../../core/index.ts';
import { type Connections, connect, type StoreOptions } from './connect.ts';
import { engineError } from './engine-error.ts';
import { migrate, setRetention } from './migrations.ts';
import { selectApplied, selectNewestMinute, selectRange, selectSeries } from './schema.ts';

/** An unsigned 64-bit series id, in decimal: JavaScript numbers end at 2^53. */
export type SeriesKey = string;

export type SeriesRef = { readonly key: SeriesKey; readonly identity: SeriesIdentity };

/** What one batch knows of one minute of one series. `minute` and `lastSecond` are Unix seconds. */
export type RollupRow = {
  readonly series: SeriesRef;
  readonly minute: number;
  min: number;
  max: number;
  sum: number;
  count: number;
  lastSecond: number;
  last: number;
};

/** Names one batch of one follower; batches of a writer are numbered upwards. */
export type BatchName = { readonly writer: number; readonly batch: number };

export type SeriesSelection = {
  readonly metrics: readonly string[];
  /** None: every endpoint. */
  readonly endpoints: readonly string[];
  readonly tags: Tags;
};

/** Seconds since the epoch, all three. */
export type BucketRange = { readonly from: number; readonly to: number; readonly step: number };

/** Side by side: `buckets[i]` is the index of a bucket that has samples. */
export type SeriesBuckets = {
  readonly key: SeriesKey;
  readonly buckets: readonly number[];
  readonly count: readonly number[];
  readonly min: readonly EngineNumber[];
  readonly max: readonly EngineNumber[];
  readonly mean: readonly EngineNumber[];
};

/** A double as the engine writes it: `inf`, `-inf` and `nan` in quotes. */
export type EngineNumber = number | string | null;

/** What the follower writes through. Every call may fail with its outcome unknown. */
export interface RollupSink {
  /** Harmless to repeat. `day` is days since the epoch. */
  insertSeries(series: readonly SeriesRef[], day: number): Promise<void>;
  /** Durable when it returns. The engine drops a second insert with the same token, as far as it remembers. */
  insertRollups(rows: readonly RollupRow[], name: BatchName, token: string): Promise<void>;
  /** `appliedKey` of every row in these minutes that holds this batch. */
  appliedRows(name: BatchName, minutes: readonly number[]): Promise<ReadonlySet<string>>;
  /** Unix seconds of the newest minute, null when there is none. */
  newestMinute(): Promise<number | null>;
}

export interface RollupSource {
  findSeries(selection: SeriesSelection, limit: number, signal?: AbortSignal): Promise<readonly SeriesRef[]>;
  readBuckets(
    series: readonly SeriesKey[],
    range: BucketRange,
    signal?: AbortSignal,
  ): Promise<readonly SeriesBuckets[]>;
}

export interface HistoryStore extends RollupSink, RollupSource {
  readonly kind: StoreOptions['kind'];
  close(deadlineMs: number): Promise<void>;
}

export const appliedKey = (series: SeriesKey, minute: number): string => `${series}/${minute}`;

/** Settings of inserts: at once, deduplicated, and every bit of a double (a third would be off by one ulp). */
const insertSettings = { async_insert: 0, insert_deduplicate: 1, precise_float_parsing: 1 } as const;

const QUERY_SECONDS_MAX = 10;

const querySettings: ClickHouseSettings = {
  max_execution_time: QUERY_SECONDS_MAX,
  max_memory_usage: String(512 * 1024 * 1024),
  output_format_json_quote_denormals: 1,
  output_format_json_quote_64bit_integers: 0,
  cancel_http_readonly_queries_on_client_close: 1,
};

/** Ten years. A `DateTime` ends in 2106: with more, an expiry would wrap round into the past. */
const RETENTION_DAYS_MAX = 3650;

export type OpenOptions = {
  readonly clock: Clock;
  /** Whole days that rollups are kept, 1 to 3650. */
  readonly retentionDays: number;
};

/**
 * Opens the store. The schema is brought up to date with the first call that needs it, and again
 * after that failed: a server that is away now may be there later.
 *
 * Throws `CONFIG_INVALID`, and `DATA_DIR_LOCKED` when the embedded engine can not have its folder. Every call throws
 * `HISTORY_UNAVAILABLE` when the engine fails it, queries also `TIMEOUT` and `QUERY_LIMIT`.
 */
export async function openStore(store: StoreOptions, options: OpenOptions): Promise<HistoryStore> {
  const { clock, retentionDays } = options;
  if (!Number.isInteger(retentionDays) || retentionDays < 1 || retentionDays > RETENTION_DAYS_MAX) {
    throw new AppError('CONFIG_INVALID', `history can be kept for 1 to ${RETENTION_DAYS_MAX} days`, {
      where: 'history.retentionDays',
      hint: 'give a whole number of days in that range',
    });
  }
  return new ClickHouseStore(store.kind, await connect(store, clock), retentionDays);
}

class ClickHouseStore implements HistoryStore {
  readonly kind: StoreOptions['kind'];
  readonly #connections: Connections;
  readonly #retentionDays: number;
  #prepared: Promise<void> | null = null;

  constructor(kind: StoreOptions['kind'], connections: Connections, retentionDays: number) {
    this.kind = kind;
    this.#connections = connections;
    this.#retentionDays = retentionDays;
  }

  async insertSeries(series: readonly SeriesRef[], day: number): Promise<void> {
    const values = series.map(({ key, identity }) => [key, identity.endpoint, identity.metric, identity.tags, day]);
    await this.#insert('series', values, '');
  }

  async insertRollups(rows: readonly RollupRow[], name: BatchName, token: string): Promise<void> {
    const values = rows.map((row) => [
      row.series.key,
      row.minute,
      name.writer,
      row.min,
      row.max,
      row.sum,
      row.count,
      [row.lastSecond, row.last],
      name.batch,
    ]);
    await this.#insert('rollup_1m', values, token);
  }

  async appliedRows(name: BatchName, minutes: readonly number[]): Promise<ReadonlySet<string>> {
    const rows = await this.#ask<[string, number]>('writer', 'look for a batch', {
      query: selectApplied,
      query_params: { ...name, minutes },
    });
    return new Set(rows.map(([series, minute]) => appliedKey(series, minute)));
  }

  async newestMinute(): Promise<number | null> {
    const [row] = await this.#ask<[number]>('writer', 'look for the newest minute', {
      query: selectNewestMinute,
    });
    return row === undefined || row[0] === 0 ? null : row[0];
  }

  async findSeries(selection: SeriesSelection, limit: number, signal?: AbortSignal): Promise<readonly SeriesRef[]> {
    const rows = await this.#ask<[string, string, string, Tags]>('reader', 'find series', {
      query: selectSeries,
      query_params: {
        metrics: selection.metrics,
        endpoints: selection.endpoints,
        tagKeys: Object.keys(selection.tags),
        tagValues: Object.values(selection.tags),
        limit,
      },
      clickhouse_settings: querySettings,
      ...(signal === undefined ? {} : { abort_signal: signal }),
    });
    return rows.map(([key, endpoint, metric, tags]) => ({ key, identity: { endpoint, metric, tags } }));
  }

  async readBuckets(
    series: readonly SeriesKey[],
    range: BucketRange,
    signal?: AbortSignal,
  ): Promise<readonly SeriesBuckets[]> {
    const rows = await this.#ask<RangeRow>('reader', 'read rollups', {
      query: selectRange,
      query_params: {
        series: series.map(BigInt),
        origin: range.from,
        step: range.step,
        from: clampSeconds(range.from),
        to: clampSeconds(range.to),
      },
      clickhouse_settings: querySettings,
      ...(signal === undefined ? {} : { abort_signal: signal }),
    });
    return rows.map(([key, buckets, count, min, max, mean]) => ({ key, buckets, count, min, max, mean }));
  }

  close(deadlineMs: number): Promise<void> {
    return this.#connections.close(deadlineMs);
  }

  /** Every insert names its token: the embedded engine would keep the one of the insert before. */
  async #insert(table: 'series' | 'rollup_1m', values: readonly (readonly unknown[])[], token: string): Promise<void> {
    const settings = { ...insertSettings, insert_deduplication_token: token };
    await this.#prepare();
    try {
      await this.#connections.writer.insert({
        table,
        values,
        format: 'JSONCompactEachRow',
        clickhouse_settings: settings,
      });
    } catch (error) {
      throw engineError(`insert into ${table}`, error);
    }
  }

  async #ask<Row>(through: 'reader' | 'writer', what: string, question: Question): Promise<readonly Row[]> {
    await this.#prepare();
    try {
      const answer = await this.#connections[through].query({ ...question, format: 'JSONCompactEachRow' });
      return await answer.json<Row>();
    } catch (error) {
      throw engineError(what, error);
    }
  }

  #prepare(): Promise<void> {
    this.#prepared ??= this.#bringUpToDate().catch((error: unknown) => {
      this.#prepared = null;
      throw engineError('bring the history schema up to date', error);
    });
    return this.#prepared;
  }

  async #bringUpToDate(): Promise<void> {
    await this.#connections.prepare();
    await migrate(this.#connections.writer);
    await setRetention(this.#connections.writer, this.#retentionDays);
  }
}

type RangeRow = [SeriesKey, number[], number[], EngineNumber[], EngineNumber[], EngineNumber[]];

/** What a `DateTime` can hold: 1970 to 2106. */
const clampSeconds = (seconds: number): number => Math.min(Math.max(seconds, 0), 2 ** 32 - 1);

type Question = Omit<QueryParams, 'format'>;
