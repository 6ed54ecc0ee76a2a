/**
 * Follows the segment log as a consumer follows a queue: reads what is new, rolls it up to minutes,
 * writes it, moves its cursor. Nothing waits for it; when the store is slow or away it falls behind
 * and catches up, as far back as the log reaches.
 */
import { type Clock, describeError, type Logger, sleep } from '../../core/index.ts';
import type { LogPosition, LogReader } from '../ports.ts';
import type { RollupSink } from '../store/store.ts';
import { applyAgain, applyFirst, type Batch } from './apply-batch.ts';
import { type Collected, collect } from './collect.ts';
import { type Cursor, openCursor, writeCursor } from './cursor-file.ts';
import type { Window } from './rollup-block.ts';
import { SeriesNames } from './series-names.ts';

/** New data is asked for this often: it is in the store 5 s after it was measured, for 0.3 % of a core. */
const INTERVAL_MS = 4000;

const RETRY_DELAY_FIRST_MS = 1000;
const RETRY_DELAY_MAX_MS = 10_000;

const DAY_SECONDS = 86_400;
/** A collector's clock may be ahead by this much; what is further off would only open partitions. */
const FUTURE_SECONDS_MAX = DAY_SECONDS;

export type FollowerOptions = {
  readonly sink: RollupSink;
  readonly reader: LogReader;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly cursorPath: string;
  /** Older samples would expire at once, and are left out. */
  readonly retentionDays: number;
  readonly intervalMs?: number;
};

export type FollowerStatus = {
  /** Age of the newest stored second while something is pending, else 0; null before the first batch. */
  readonly lagSeconds: number | null;
  readonly pendingBytes: number;
  readonly cursor: LogPosition | null;
  readonly insertedRows: number;
  readonly batches: number;
  /** Attempts after the first, of any batch. */
  readonly retries: number;
  readonly skippedSamples: number;
  readonly skippedFrames: number;
  readonly damagedBytes: number;
  readonly gapSegments: number;
  /** Since when and why the follower is waiting to try again; null while all is well. */
  readonly lastError: string | null;
};

/** A batch between its intent and its commit. */
type OpenBatch = { readonly batch: Batch; readonly collected: Collected; mayHaveArrived: boolean };

export class Follower {
  readonly #options: FollowerOptions;
  readonly #names = new SeriesNames();
  readonly #stopping = new AbortController();
  readonly #counters = {
    insertedRows: 0,
    batches: 0,
    retries: 0,
    skippedSamples: 0,
    skippedFrames: 0,
    damagedBytes: 0,
    gapSegments: 0,
  };
  #cursor: Cursor | null = null;
  #open: OpenBatch | null = null;
  #newestSecond: number | null = null;
  #lastError: string | null = null;
  #running: Promise<void> | null = null;

  constructor(options: FollowerOptions) {
    this.#options = options;
  }

  /** Follows until `stop`. May be called once. */
  start(): void {
    this.#running ??= this.#run();
  }

  /**
   * Ends after the running step, or after `deadlineMs`: an insert that is under way then is found
   * and not repeated by the next start.
   */
  async stop(deadlineMs: number): Promise<void> {
    this.#stopping.abort(new Error('the follower is stopped'));
    if (this.#running === null) return;
    const waiting = new AbortController();
    const deadline = sleep(this.#options.clock, deadlineMs, waiting.signal).catch(() => {});
    await Promise.race([this.#running, deadline]);
    waiting.abort();
  }

  async status(): Promise<FollowerStatus> {
    const cursor = this.#cursor?.position ?? null;
    // A log that can not be read is told by `lastError`; the other figures are still worth having.
    const pendingBytes = await this.#options.reader.pendingBytes(cursor).catch(() => 0);
    return { ...this.#counters, lagSeconds: this.#lag(pendingBytes), pendingBytes, cursor, lastError: this.#lastError };
  }

  /**
   * One batch at most: finishes the one that is open, or takes what is new. Returns whether more is
   * waiting. Throws when the store, the log or the disk fails; calling it again is all that is
   * needed then. `start` does; tests may call it themselves.
   */
  async step(): Promise<boolean> {
    const cursor = await this.#openCursor();
    this.#open ??= cursor.intent === null ? await this.#take(cursor) : await this.#takeAgain(cursor, cursor.intent);
    if (this.#open === null) return false;
    const { batch, collected } = this.#open;
    await this.#write(this.#open);
    await this.#moveCursor({ ...cursor, batch: batch.name.batch, position: collected.end, intent: null });
    this.#open = null;
    this.#count(collected, batch.rows.length);
    return collected.isFull;
  }

  async #run(): Promise<void> {
    const { clock, logger, intervalMs = INTERVAL_MS } = this.#options;
    const { signal } = this.#stopping;
    let retryDelayMs = RETRY_DELAY_FIRST_MS;
    while (!signal.aborted) {
      try {
        const hasMore = await this.step();
        this.#lastError = null;
        retryDelayMs = RETRY_DELAY_FIRST_MS;
        if (!hasMore) await sleep(clock, intervalMs, signal).catch(() => {});
      } catch (error) {
        this.#lastError = describeError(error);
        this.#counters.retries++;
        logger.warn({ error, retryDelayMs }, 'history can not go on; it tries again');
        await sleep(clock, retryDelayMs, signal).catch(() => {});
        retryDelayMs = Math.min(2 * retryDelayMs, RETRY_DELAY_MAX_MS);
      }
    }
  }

  async #openCursor(): Promise<Cursor> {
    const { cursorPath, sink, logger } = this.#options;
    this.#cursor ??= await openCursor(cursorPath, () => sink.newestMinute(), logger);
    return this.#cursor;
  }

  /** What is new, its intent on disk; null when there is nothing to write. */
  async #take(cursor: Cursor): Promise<OpenBatch | null> {
    const collected = await collect(this.#options.reader, cursor.position, this.#window(cursor));
    if (collected.end === null || collected.end === cursor.position) return null;
    const batch = this.#batch(cursor, collected);
    await this.#moveCursor({ ...cursor, intent: collected.end });
    return { batch, collected, mayHaveArrived: false };
  }

  /** The batch that an earlier run left open. */
  async #takeAgain(cursor: Cursor, until: LogPosition): Promise<OpenBatch> {
    const collected = await collect(this.#options.reader, cursor.position, this.#window(cursor), until);
    return { batch: this.#batch(cursor, collected), collected, mayHaveArrived: true };
  }

  #batch(cursor: Cursor, { block }: Collected): Batch {
    const rows = block.rows((dictionary) => this.#names.of(dictionary));
    return { name: { writer: cursor.writer, batch: cursor.batch + 1 }, rows };
  }

  async #write(open: OpenBatch): Promise<void> {
    const { sink, clock } = this.#options;
    const day = Math.floor(clock.nowMs() / 1000 / DAY_SECONDS);
    const { batch, mayHaveArrived } = open;
    const series = batch.rows.map((row) => row.series);
    const unannounced = this.#names.unannounced(series, day);
    if (unannounced.length > 0) await sink.insertSeries(unannounced, day);
    this.#names.announced(unannounced);
    open.mayHaveArrived = true;
    await (mayHaveArrived ? applyAgain(sink, batch) : applyFirst(sink, batch));
  }

  async #moveCursor(cursor: Cursor): Promise<void> {
    await writeCursor(this.#options.cursorPath, cursor);
    this.#cursor = cursor;
  }

  #window(cursor: Cursor): Window {
    const now = Math.floor(this.#options.clock.nowMs() / 1000);
    const oldest = now - this.#options.retentionDays * DAY_SECONDS;
    return { from: Math.max(oldest, cursor.fromSecond), to: now + FUTURE_SECONDS_MAX };
  }

  #count({ block, damagedBytes, gapSegments }: Collected, rows: number): void {
    const counters = this.#counters;
    counters.batches++;
    counters.insertedRows += rows;
    counters.skippedSamples += block.skippedSamples;
    counters.skippedFrames += block.skippedFrames;
    counters.damagedBytes += damagedBytes;
    counters.gapSegments += gapSegments;
    if (block.newestSecond > 0) this.#newestSecond = Math.max(this.#newestSecond ?? 0, block.newestSecond);
    if (gapSegments > 0) {
      const message = 'segments of the log were freed before history read them; their time is missing there';
      this.#options.logger.warn({ gapSegments }, message);
    }
  }

  #lag(pendingBytes: number): number | null {
    if (this.#newestSecond === null) return null;
    if (pendingBytes === 0) return 0;
    return Math.max(0, this.#options.clock.nowMs() / 1000 - this.#newestSecond);
  }
}
