import {
  absentColumn,
  type Endpoint,
  fillAbsent,
  formatTags,
  isAbsent,
  type Second,
  type SeriesIdentity,
} from '../../core/index.ts';
import { encodeBlock } from '../block/block-codec.ts';
import type { Summary } from '../block/column-codec.ts';
import type { BlockCache } from './block-cache.ts';

/**
 * Seconds in a window, and so in a block. Divides an hour. Longer windows compress better (600 s:
 * 4 % fewer bytes) and stay open longer, at eight bytes a sample.
 */
export const WINDOW_SECONDS = 300;

/** A window is sealed at the earliest this long after its end: a collector may be a minute ahead of another. */
const SEAL_DELAY_SECONDS = 70;

/** Stands for a column that a series did not get. */
export const REFUSED = -1;

/** Endpoints take turns within this time, so that no second has to seal them all. */
const SEAL_SPREAD_SECONDS = 50;

export const windowStartOf = (second: number): number => second - (second % WINDOW_SECONDS);

export type StoredSeries = SeriesIdentity & { readonly column: number };

/**
 * Everything that the ring holds of one endpoint: its series, the open windows as plain columns,
 * and the sealed ones as blocks. A late sample opens its window again.
 */
export class EndpointStore {
  endpoint: Endpoint;
  /** The collector that writes this endpoint. */
  collector: string;
  newestSecond = 0;
  /** When a sample came last, by our clock. */
  heardAtMs = 0;
  /** The ring has let go of it. */
  isDropped = false;
  readonly series: StoredSeries[] = [];
  readonly #columnByKey = new Map<string, number>();
  readonly #open = new Map<number, Float64Array[]>();
  readonly #blocks = new Map<number, Uint8Array>();
  readonly #cache: BlockCache;
  readonly #sealDelay: number;
  #sealedBytes = 0;

  /** `turn` counts the endpoints: neighbours seal at different seconds. */
  constructor(endpoint: Endpoint, collector: string, { cache, turn }: { cache: BlockCache; turn: number }) {
    this.endpoint = endpoint;
    this.collector = collector;
    this.#cache = cache;
    this.#sealDelay = SEAL_DELAY_SECONDS + (turn % SEAL_SPREAD_SECONDS);
  }

  get sealedBytes(): number {
    return this.#sealedBytes;
  }

  get blockCount(): number {
    return this.#blocks.size;
  }

  get isEmpty(): boolean {
    return this.#open.size === 0 && this.#blocks.size === 0;
  }

  /** The column of a series, made when it is new. */
  columnFor(metric: string, tags: SeriesIdentity['tags']): number {
    const key = `${metric}/${formatTags(tags)}`;
    const known = this.#columnByKey.get(key);
    if (known !== undefined) return known;
    const column = this.series.length;
    this.series.push({ endpoint: this.endpoint.name, metric, tags, column });
    this.#columnByKey.set(key, column);
    return column;
  }

  has(metric: string, tags: SeriesIdentity['tags']): boolean {
    return this.#columnByKey.has(`${metric}/${formatTags(tags)}`);
  }

  /**
   * Stores `values[from[i]]` as the sample of column `to[i]`; `from` is ascending. Absent values are
   * passed over: the second is absent already, or was cleared. Returns whether there was a sample.
   */
  put(second: Second, values: Float64Array, from: readonly number[], to: readonly number[]): boolean {
    const start = windowStartOf(second);
    let columns: Float64Array[] | null = null;
    for (let index = 0; index < from.length; index++) {
      const source = from[index] as number;
      if (source >= values.length) break;
      const column = to[index] as number;
      if (column === REFUSED || isAbsent(values, source)) continue;
      columns ??= this.#openWindow(start);
      columns[column] ??= absentColumn(WINDOW_SECONDS);
      columns[column][second - start] = values[source] as number;
    }
    if (columns === null) return false;
    if (second > this.newestSecond) this.newestSecond = second;
    return true;
  }

  /** Makes a second absent in all columns. */
  clear(second: Second): void {
    const start = windowStartOf(second);
    if (!this.#open.has(start) && !this.#blocks.has(start)) return;
    for (const column of this.#openWindow(start)) if (column) fillAbsent(column, second - start, second - start + 1);
  }

  #openWindow(start: number): Float64Array[] {
    const open = this.#open.get(start);
    if (open !== undefined) return open;
    const columns: Float64Array[] = [];
    const block = this.#blocks.get(start);
    if (block !== undefined) {
      const opened = this.#cache.open(block);
      for (const { column } of this.series) {
        const decoded = new Float64Array(WINDOW_SECONDS);
        if (opened.read(column, decoded)) columns[column] = decoded;
      }
      this.#dropBlock(start, block);
    }
    this.#open.set(start, columns);
    return columns;
  }

  /** Seals every window that ended long enough before `now`. */
  sealBefore(now: number): void {
    for (const [start, columns] of this.#open) {
      if (start + WINDOW_SECONDS + this.#sealDelay > now) continue;
      // `Array.from` turns holes into undefined, which `encodeBlock` expects.
      const block = encodeBlock(Array.from(columns), WINDOW_SECONDS);
      this.#open.delete(start);
      this.#blocks.set(start, block);
      this.#sealedBytes += block.length;
    }
  }

  /** Forgets windows that began before `start`. */
  evictBefore(start: number): void {
    for (const [windowStart, block] of this.#blocks) if (windowStart < start) this.#dropBlock(windowStart, block);
    for (const windowStart of this.#open.keys()) if (windowStart < start) this.#open.delete(windowStart);
  }

  #dropBlock(start: number, block: Uint8Array): void {
    this.#blocks.delete(start);
    this.#cache.forget(block);
    this.#sealedBytes -= block.length;
  }

  /** The summary of a sealed window; undefined when the window is open and must be read instead. */
  summaryOf(start: number, column: number): Summary | null | undefined {
    if (this.#open.has(start)) return undefined;
    const block = this.#blocks.get(start);
    return block === undefined ? null : this.#cache.open(block).summary(column);
  }

  /** The samples of a window: a view of the open column, or `scratch` filled from the block. */
  read(start: number, column: number, scratch: Float64Array): Float64Array | null {
    const open = this.#open.get(start);
    if (open !== undefined) return open[column] ?? null;
    const block = this.#blocks.get(start);
    if (block === undefined || !this.#cache.open(block).read(column, scratch)) return null;
    return scratch;
  }
}
