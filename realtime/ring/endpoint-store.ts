import { type Endpoint, fillAbsent, isAbsent, type Second, type SeriesIdentity } from '../../core/index.ts';
import { BlockReader, encodeBlock } from '../block/block-codec.ts';
import type { Summary } from '../block/column-codec.ts';
import { NewestSamples } from './newest-samples.ts';
import { OpenWindow } from './open-window.ts';
import type { SeriesName, SeriesNames } from './series-names.ts';
import type { SlotPool } from './slot-pool.ts';

/** Seconds in a window. Divides an hour. Longer windows stay open longer, at eight bytes a sample. */
export const WINDOW_SECONDS = 300;

/** Sealed windows rest by the hour: a tenth fewer bytes, and a day of a series is read in 24 pieces. */
export const HOUR_SECONDS = 3600;

/** Stands for a column that a series did not get. */
export const REFUSED = -1;

export type StoredSeries = SeriesIdentity & {
  readonly column: number;
  /** Seconds from one sample to the next, as its sender says. */
  readonly step: number;
};

/** A tick's samples, and the ring's newest second. */
export type PutFrame = { readonly second: Second; readonly values: Float64Array; readonly now: number };

/** Receives a column piece by piece, oldest first. */
export type ColumnVisitor = {
  /** True where one summary says enough of so many seconds. */
  takesSummary(start: number, seconds: number): boolean;
  summary(start: number, summary: Summary): void;
  /** The same sample in each of so many seconds. */
  constant(start: number, seconds: number, value: number): void;
  /** Samples by the second from `start` on, absent ones marked; valid until the visitor returns. */
  samples(start: number, samples: Float64Array): void;
};

/** What the stores of a ring have in common, and what tells them apart. */
export type StoreShares = {
  readonly names: SeriesNames;
  readonly pool: SlotPool;
  readonly phase: number;
  /** Told of every window that is sealed, and of every hour that is merged. */
  readonly onSealed: (store: EndpointStore, start: number, seconds: number) => void;
};

/** A window is sealed when nothing came for so long after its end: what was sent again is there by then. */
const SEAL_IDLE_SECONDS = 15;

/** More windows are not open at a time, however mixed what is late arrives. */
const OPEN_WINDOWS_MAX = 4;

const windowScratch = new Float64Array(WINDOW_SECONDS);
const hourScratch = new Float64Array(HOUR_SECONDS);

/**
 * Everything that the ring holds of one endpoint: its series, the open windows as plain numbers,
 * the sealed ones as blocks, and blocks of whole hours. A late sample opens its window again.
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
  /** Counts up when columns are given to other series: who remembers a column has to ask again. */
  columnsEpoch = 0;
  readonly newest = new NewestSamples();
  /** By column; undefined where a series has left. */
  readonly #series: (StoredSeries | undefined)[] = [];
  readonly #columnByName = new Map<SeriesName, number>();
  /** Start of the newest window in which a column had a sample. */
  readonly #seenIn: number[] = [];
  readonly #free: number[] = [];
  /** Windows and hours begin this many seconds later than by the clock, so that not all endpoints seal at once. */
  readonly #phase: number;
  readonly #shares: StoreShares;
  readonly #open = new Map<number, OpenWindow>();
  readonly #windows = new Map<number, Uint8Array>();
  readonly #hours = new Map<number, Uint8Array>();
  #sealedBytes = 0;
  #slots = 0;

  constructor(endpoint: Endpoint, collector: string, shares: StoreShares) {
    this.endpoint = endpoint;
    this.collector = collector;
    this.#shares = shares;
    this.#phase = shares.phase % WINDOW_SECONDS;
  }

  windowStartOf(second: number): number {
    return second - ((second - this.#phase) % WINDOW_SECONDS);
  }

  hourStartOf(second: number): number {
    return second - ((second - this.#phase) % HOUR_SECONDS);
  }

  get sealedBytes(): number {
    return this.#sealedBytes;
  }

  get blockCount(): number {
    return this.#windows.size + this.#hours.size;
  }

  get seriesCount(): number {
    return this.#columnByName.size;
  }

  get isEmpty(): boolean {
    return this.#open.size === 0 && this.#windows.size === 0 && this.#hours.size === 0;
  }

  *series(): Iterable<StoredSeries> {
    for (const series of this.#series) if (series !== undefined) yield series;
  }

  names(): Iterable<SeriesName> {
    return this.#columnByName.keys();
  }

  /** The series that has a column; undefined when it has left. */
  seriesAt(column: number): StoredSeries | undefined {
    return this.#series[column];
  }

  find(metric: string, tags: SeriesIdentity['tags']): StoredSeries | undefined {
    const name = this.#shares.names.find(metric, tags);
    return name === undefined ? undefined : this.#series[this.#columnByName.get(name) ?? REFUSED];
  }

  /** The column of a series, made when it is new. */
  columnFor(metric: string, tags: SeriesIdentity['tags'], step = 1): number {
    const name = this.#shares.names.intern(metric, tags);
    const known = this.#columnByName.get(name);
    if (known !== undefined) return known;
    const column = this.#free.pop() ?? this.#series.length;
    const fits = WINDOW_SECONDS % step === 0;
    this.#series[column] = { endpoint: this.endpoint.name, metric, tags, column, step: fits ? step : 1 };
    this.newest.begin(column, name.id, this.newestSecond);
    this.#seenIn[column] = this.windowStartOf(this.newestSecond);
    this.#columnByName.set(name, column);
    return column;
  }

  /**
   * Stores `values[from[i]]` as the sample of column `to[i]`; `from` is ascending. Absent values are
   * passed over: the second is absent already, or was cleared. Returns whether there was a sample.
   */
  put(frame: PutFrame, from: readonly number[], to: readonly number[]): boolean {
    const { second, values, now } = frame;
    let window: OpenWindow | null = null;
    for (let index = 0; index < from.length; index++) {
      const source = from[index] as number;
      if (source >= values.length) break;
      const column = to[index] as number;
      const value = values[source] as number;
      if (column === REFUSED || (Number.isNaN(value) && isAbsent(values, source))) continue;
      window ??= this.#openWindow(this.windowStartOf(second), now);
      window.put(column, second, value, (this.#series[column] as StoredSeries).step);
      this.newest.put(column, second, value);
    }
    if (window === null) return false;
    if (second > this.newestSecond) this.newestSecond = second;
    return true;
  }

  /** Makes a second absent in all columns. */
  clear(second: Second, now: number): void {
    const start = this.windowStartOf(second);
    if (this.#open.has(start) || this.#windows.has(start) || this.#hours.has(this.hourStartOf(second)))
      this.#openWindow(start, now).clear(second);
    this.newest.clear(second);
  }

  #openWindow(start: number, now: number): OpenWindow {
    let window = this.#open.get(start);
    if (window === undefined) {
      window = this.#reopen(start);
      if (this.#open.size >= OPEN_WINDOWS_MAX) this.#sealIdlest();
      this.#open.set(start, window);
    }
    window.touchedAt = now;
    return window;
  }

  #reopen(start: number): OpenWindow {
    this.#splitHour(this.hourStartOf(start));
    const window = new OpenWindow({ start, seconds: WINDOW_SECONDS, slots: this.#slots }, this.#shares.pool);
    const block = this.#windows.get(start);
    if (block !== undefined) {
      const reader = new BlockReader(block);
      for (let column = 0; column < reader.columnCount; column++)
        if (reader.read(column, windowScratch)) window.adopt(column, windowScratch);
      this.#drop(this.#windows, start);
    }
    return window;
  }

  /** Seals the windows that are over and that nothing came for of late; `now` is the ring's newest second. */
  sealIdle(now: number): void {
    for (const window of this.#open.values()) {
      if (window.start + WINDOW_SECONDS <= now && window.touchedAt + SEAL_IDLE_SECONDS <= now) this.#seal(window);
    }
  }

  #sealIdlest(): void {
    const [idlest] = [...this.#open.values()].sort((a, b) => a.touchedAt - b.touchedAt || a.start - b.start);
    if (idlest !== undefined) this.#seal(idlest);
  }

  #seal(window: OpenWindow): void {
    const { start } = window;
    const read = (column: number) => window.read(column, windowScratch) ?? undefined;
    this.#keep(this.#windows, start, encodeBlock(this.#series.length, WINDOW_SECONDS, read));
    this.#open.delete(start);
    for (let column = 0; column < this.#series.length; column++) {
      if (window.has(column) && start > (this.#seenIn[column] as number)) this.#seenIn[column] = start;
    }
    this.#slots = window.slotCount;
    window.release();
    this.#shares.onSealed(this, start, WINDOW_SECONDS);
  }

  /** Makes one block of the sealed windows of an hour, unless one of them is open. */
  mergeHour(hour: number): void {
    const readers: BlockReader[] = [];
    const starts: number[] = [];
    for (let start = hour; start < hour + HOUR_SECONDS; start += WINDOW_SECONDS) {
      if (this.#open.has(start)) return;
      const block = this.#windows.get(start);
      if (block === undefined) continue;
      readers.push(new BlockReader(block));
      starts.push(start);
    }
    if (starts.length === 0) return;
    const merged = encodeBlock(this.#series.length, HOUR_SECONDS, (column) => {
      let found = false;
      fillAbsent(hourScratch);
      readers.forEach((reader, index) => {
        const from = (starts[index] as number) - hour;
        found = reader.read(column, hourScratch.subarray(from, from + WINDOW_SECONDS)) || found;
      });
      return found ? hourScratch : undefined;
    });
    for (const start of starts) this.#drop(this.#windows, start);
    this.#keep(this.#hours, hour, merged);
    this.#shares.onSealed(this, hour, HOUR_SECONDS);
  }

  /** Makes windows of an hour's block again, because one of them changes. */
  #splitHour(hour: number): void {
    const block = this.#hours.get(hour);
    if (block === undefined) return;
    const reader = new BlockReader(block);
    const columns = Array.from({ length: reader.columnCount }, (_, column) => {
      const samples = new Float64Array(HOUR_SECONDS);
      return reader.read(column, samples) ? samples : undefined;
    });
    for (let from = 0; from < HOUR_SECONDS; from += WINDOW_SECONDS) {
      const part = encodeBlock(columns.length, WINDOW_SECONDS, (column) =>
        columns[column]?.subarray(from, from + WINDOW_SECONDS),
      );
      this.#keep(this.#windows, hour + from, part);
    }
    this.#drop(this.#hours, hour);
  }

  /** Forgets windows that began before `start`, and series that had no sample since. */
  evictBefore(start: number): void {
    for (const hour of this.#hours.keys()) if (hour + HOUR_SECONDS <= start) this.#drop(this.#hours, hour);
    for (const window of this.#windows.keys()) if (window < start) this.#drop(this.#windows, window);
    for (const window of this.#open.values()) {
      if (window.start >= start) continue;
      this.#open.delete(window.start);
      window.release();
    }
    this.#series.forEach((series, column) => {
      // A block of an hour goes later than its first windows: a column is given away when it is gone.
      if (series === undefined || (this.#seenIn[column] as number) >= start - HOUR_SECONDS || this.#isOpen(column))
        return;
      this.#series[column] = undefined;
      this.newest.end(column);
      this.#columnByName.delete(this.#shares.names.intern(series.metric, series.tags));
      this.#free.push(column);
      this.columnsEpoch++;
    });
  }

  #isOpen(column: number): boolean {
    for (const window of this.#open.values()) if (window.has(column)) return true;
    return false;
  }

  #keep(blocks: Map<number, Uint8Array>, start: number, block: Uint8Array): void {
    blocks.set(start, block);
    this.#sealedBytes += block.length;
  }

  #drop(blocks: Map<number, Uint8Array>, start: number): void {
    this.#sealedBytes -= blocks.get(start)?.length ?? 0;
    blocks.delete(start);
  }

  /** Shows what there is of a column from second `from` up to `to`; the first and last piece may reach beyond. */
  visit(column: number, from: number, to: number, visitor: ColumnVisitor): void {
    for (let hour = this.hourStartOf(from); hour < to; hour += HOUR_SECONDS) {
      const block = this.#hours.get(hour);
      if (block !== undefined) {
        visitBlock(block, { column, start: hour, scratch: hourScratch }, visitor);
        continue;
      }
      const end = Math.min(to, hour + HOUR_SECONDS);
      for (let start = Math.max(hour, this.windowStartOf(from)); start < end; start += WINDOW_SECONDS) {
        this.#visitWindow(start, column, visitor);
      }
    }
  }

  #visitWindow(start: number, column: number, visitor: ColumnVisitor): void {
    const open = this.#open.get(start);
    if (open !== undefined) {
      const samples = open.read(column, windowScratch);
      if (samples !== null) visitor.samples(start, samples);
      return;
    }
    const block = this.#windows.get(start);
    if (block !== undefined) visitBlock(block, { column, start, scratch: windowScratch }, visitor);
  }
}

type Place = { readonly column: number; readonly start: number; readonly scratch: Float64Array };

function visitBlock(block: Uint8Array, { column, start, scratch }: Place, visitor: ColumnVisitor): void {
  const reader = new BlockReader(block);
  if (visitor.takesSummary(start, scratch.length)) {
    const summary = reader.summary(column);
    if (summary !== null) visitor.summary(start, summary);
    return;
  }
  const found = reader.readOrConstant(column, scratch);
  if (found === true) visitor.samples(start, scratch);
  else if (found !== false) visitor.constant(start, scratch.length, found);
}
