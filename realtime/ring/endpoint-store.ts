import { crc32 } from 'node:zlib';
import { assert, type Endpoint, isAbsent, type Second, type SeriesIdentity } from '../../core/index.ts';
import { BlockReader, encodeBlock } from '../block/block-codec.ts';
import { isBefore, type LogPosition } from '../log/position.ts';
import { Columns, type NewSeries, type StoredSeries } from './columns.ts';
import type { NewestSamples } from './newest-samples.ts';
import { OpenWindow } from './open-window.ts';
import {
  type BlockFile,
  type ColumnVisitor,
  mergeBlocks,
  type SealedBlock,
  splitBlock,
  visitBlock,
} from './sealed-block.ts';
import type { SeriesName, SeriesNames } from './series-names.ts';
import type { SlotPool } from './slot-pool.ts';

/** Seconds in a window. Divides an hour. Longer windows stay open longer, at eight bytes a sample. */
export const WINDOW_SECONDS = 300;

/** Sealed windows rest by the hour: a tenth fewer bytes, and a day of a series is read in 24 pieces. */
export const HOUR_SECONDS = 3600;

/** Stands for a column that a series did not get. */
export const REFUSED = -1;

/** A window is sealed when nothing came for so long after its end: what was sent again is there by then. */
const SEAL_IDLE_SECONDS = 15;

/** Earlier owners that are remembered: an endpoint is held for half a minute, and the log is read from minutes ago on. */
const FORMER_OWNERS_MAX = 32;

/** More windows are not open at a time, however mixed what is late arrives. */
const OPEN_WINDOWS_MAX = 4;

/** A tick's samples, and the ring's newest second. */
export type PutFrame = {
  readonly second: Second;
  readonly values: Float64Array;
  readonly now: number;
  /** Where the frame lies in the log, when it is read from there after a start. */
  readonly replayedFrom?: LogPosition | undefined;
};

/** Who wrote an endpoint once: what this collector told of it lies before this place in the log. */
export type FormerOwner = { readonly collector: string; readonly until: LogPosition };

/** What the stores of a ring have in common. */
export type StoreShares = {
  readonly names: SeriesNames;
  readonly pool: SlotPool;
  /** All frames that were put until now lie before this place in the log, or will be put again after a crash. */
  readonly logPosition: () => LogPosition;
  /** Told of every window that is sealed, and of every hour that is merged. */
  readonly onSealed: (store: EndpointStore, block: SealedBlock) => void;
};

const windowScratch = new Float64Array(WINDOW_SECONDS);
const hourScratch = new Float64Array(HOUR_SECONDS);

/** Seconds between the slots of a series in a window: its step, where windows are whole multiples of it. */
function slotStepOf({ step }: StoredSeries): number {
  const inWindow = Math.min(step, WINDOW_SECONDS);
  return WINDOW_SECONDS % inWindow === 0 ? inWindow : 1;
}

/**
 * Everything that the ring holds of one endpoint: its series, the open windows as plain numbers,
 * the sealed ones as blocks, and blocks of whole hours. A late sample opens its window again.
 */
export class EndpointStore {
  endpoint: Endpoint;
  /** The collector that writes this endpoint. */
  collector: string;
  /** Who wrote it before, oldest first: a start reads from the log what they told. */
  former: readonly FormerOwner[] = [];
  newestSecond = 0;
  /** When a sample came last, by our clock. */
  heardAtMs = 0;
  /** The ring has let go of it. */
  isDropped = false;
  readonly columns: Columns;
  /** Windows and hours begin this many seconds later than by the clock, so that not all endpoints seal at once. */
  readonly #phase: number;
  readonly #shares: StoreShares;
  readonly #open = new Map<number, OpenWindow>();
  /** A window that is open again keeps its block here, which it replaces when it is sealed. */
  readonly #windows = new Map<number, SealedBlock>();
  readonly #hours = new Map<number, SealedBlock>();
  #sealedBytes = 0;
  #slots = 0;

  constructor(endpoint: Endpoint, collector: string, shares: StoreShares) {
    this.endpoint = endpoint;
    this.collector = collector;
    this.columns = new Columns(endpoint.name, shares.names);
    this.#shares = shares;
    this.#phase = crc32(endpoint.name) % WINDOW_SECONDS;
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
    return this.columns.count;
  }

  get isEmpty(): boolean {
    return this.#open.size === 0 && this.#windows.size === 0 && this.#hours.size === 0;
  }

  /** The first segment of the log that holds something which is in no block; null when there is none. */
  get firstOpenSegment(): number | null {
    let first: number | null = null;
    for (const { openedAt } of this.#open.values()) first = Math.min(first ?? openedAt.segment, openedAt.segment);
    return first;
  }

  /** Gives the endpoint to another collector, whose frames lie behind `position`. */
  passTo(collector: string, position: LogPosition): void {
    this.former = [...this.former, { collector: this.collector, until: position }].slice(-FORMER_OWNERS_MAX);
    this.collector = collector;
  }

  /** Who wrote it when the log was at `position`, if that was before it came to its owner; else undefined. */
  formerOwnerAt(position: LogPosition | undefined): string | undefined {
    if (position === undefined || this.former.length === 0) return undefined;
    return this.former.find(({ until }) => isBefore(position, until))?.collector;
  }

  /** Who may tell of it in a frame that is read from `position` in the log; of one that comes now, its owner. */
  ownerAt(position: LogPosition | undefined): string {
    return this.formerOwnerAt(position) ?? this.collector;
  }

  get newest(): NewestSamples {
    return this.columns.newest;
  }

  series(): Iterable<StoredSeries> {
    return this.columns.series();
  }

  names(): Iterable<SeriesName> {
    return this.columns.names();
  }

  /** The series that has a column; undefined when it has left. */
  seriesAt(column: number): StoredSeries | undefined {
    return this.columns.at(column);
  }

  find(metric: string, tags: SeriesIdentity['tags']): StoredSeries | undefined {
    return this.columns.find(metric, tags);
  }

  /** The column of a series, made when it is new. */
  columnFor(series: NewSeries): number {
    return this.columns.give(series, this.newestSecond);
  }

  /**
   * Stores `values[from[i]]` as the sample of column `to[i]`; `from` is ascending. Absent values are
   * passed over: the second is absent already, or was cleared. Returns whether there was a sample.
   */
  put(frame: PutFrame, from: readonly number[], to: readonly number[]): boolean {
    const { second, values } = frame;
    const { newest } = this.columns;
    let window: OpenWindow | null = null;
    for (let index = 0; index < from.length; index++) {
      const source = from[index] as number;
      if (source >= values.length) break;
      const column = to[index] as number;
      const value = values[source] as number;
      if (column === REFUSED || (Number.isNaN(value) && isAbsent(values, source))) continue;
      if (window === null) {
        window = this.#windowFor(frame);
        if (window === null) return true;
      }
      if (!window.put(column, second, value)) {
        window.place(column, slotStepOf(this.columns.at(column) as StoredSeries), second);
        window.put(column, second, value);
      }
      newest.put(column, second, value);
    }
    if (window === null) return false;
    if (second > this.newestSecond) this.newestSecond = second;
    return true;
  }

  /** The window of a frame; null when a block has the frame already. */
  #windowFor({ second, now, replayedFrom }: PutFrame): OpenWindow | null {
    const start = this.windowStartOf(second);
    return this.#hasReplayed(start, replayedFrom) ? null : this.#openWindow(start, now);
  }

  #hasReplayed(start: number, replayedFrom: LogPosition | undefined): boolean {
    if (replayedFrom === undefined || this.#open.has(start)) return false;
    const block = this.#blockOf(start);
    return block !== undefined && isBefore(replayedFrom, block.after);
  }

  #blockOf(start: number): SealedBlock | undefined {
    return this.#windows.get(start) ?? this.#hours.get(this.hourStartOf(start));
  }

  /** Makes a second absent in all columns but those that are pushed, unless a block has the replayed frame already for which this is done. */
  clear(second: Second, now: number, replayedFrom?: LogPosition): void {
    const start = this.windowStartOf(second);
    this.newest.clear(second);
    if (!this.#open.has(start) && this.#blockOf(start) === undefined) return;
    if (!this.#hasReplayed(start, replayedFrom))
      this.#openWindow(start, now).clear(second, (column) => this.columns.at(column)?.isPushed !== true);
  }

  #openWindow(start: number, now: number): OpenWindow {
    let window = this.#open.get(start);
    if (window === undefined) {
      if (this.#open.size >= OPEN_WINDOWS_MAX) this.#sealIdlest();
      window = this.#reopen(start);
      this.#open.set(start, window);
    }
    window.touchedAt = now;
    return window;
  }

  #reopen(start: number): OpenWindow {
    this.#splitHour(this.hourStartOf(start));
    const { pool, logPosition } = this.#shares;
    const window = new OpenWindow(
      { start, seconds: WINDOW_SECONDS, slots: this.#slots, openedAt: logPosition() },
      pool,
    );
    const block = this.#windows.get(start);
    if (block === undefined) return window;
    const reader = new BlockReader(block.bytes);
    for (let column = 0; column < reader.columnCount; column++)
      if (reader.read(column, windowScratch)) window.adopt(column, windowScratch);
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
    const { width } = this.columns;
    const bytes = encodeBlock(width, WINDOW_SECONDS, (column) => window.read(column, windowScratch) ?? undefined);
    this.#open.delete(start);
    for (let column = 0; column < width; column++) if (window.has(column)) this.columns.saw(column, start);
    this.#slots = window.slotCount;
    window.release();
    const after = this.#shares.logPosition();
    this.#keep(this.#windows, { start, seconds: WINDOW_SECONDS, bytes, after, file: null });
  }

  /** Makes one block of the sealed windows of an hour, unless one of them is open. */
  mergeHour(hour: number): void {
    const parts: SealedBlock[] = [];
    for (let start = hour; start < hour + HOUR_SECONDS; start += WINDOW_SECONDS) {
      if (this.#open.has(start)) return;
      const block = this.#windows.get(start);
      if (block !== undefined) parts.push(block);
    }
    if (parts.length === 0) return;
    const span = { start: hour, seconds: HOUR_SECONDS };
    const bytes = mergeBlocks(parts, { ...span, width: this.columns.width });
    for (const { start } of parts) this.#drop(this.#windows, start);
    // No window of this hour is open: all that was put is in it.
    this.#keep(this.#hours, { ...span, bytes, after: this.#shares.logPosition(), file: null });
  }

  /** Makes windows of an hour's block again, because one of them changes. */
  #splitHour(hour: number): void {
    const block = this.#hours.get(hour);
    if (block === undefined) return;
    for (const part of splitBlock(block, WINDOW_SECONDS)) this.#keep(this.#windows, part);
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
    // A block of an hour goes later than its first windows: a column is given away when it is gone.
    this.columns.releaseBefore(start - HOUR_SECONDS, (column) => this.#isOpen(column));
  }

  #isOpen(column: number): boolean {
    for (const window of this.#open.values()) if (window.has(column)) return true;
    return false;
  }

  #keep(blocks: Map<number, SealedBlock>, block: SealedBlock): void {
    this.#drop(blocks, block.start);
    blocks.set(block.start, block);
    this.#sealedBytes += block.bytes.length;
    this.#shares.onSealed(this, block);
  }

  #drop(blocks: Map<number, SealedBlock>, start: number): void {
    const block = blocks.get(start);
    if (block === undefined) return;
    this.#sealedBytes -= block.bytes.length;
    if (block.file !== null) block.file.live--;
    blocks.delete(start);
  }

  /** True while memory holds this very block: it was not sealed anew, merged, or forgotten. */
  holds(block: SealedBlock): boolean {
    return (block.seconds === HOUR_SECONDS ? this.#hours : this.#windows).get(block.start) === block;
  }

  /** Notes where a block rests on disk now. */
  rests(block: SealedBlock, file: BlockFile): void {
    assert(this.holds(block), 'a block that memory holds');
    block.file = file;
    file.live++;
  }

  /**
   * Takes a block from disk, unless memory has something newer of all its time: what holds is what
   * has more of the log. Blocks of windows come before those of hours, and all of them before frames.
   */
  adopt(block: SealedBlock): void {
    if (block.start !== this.windowStartOf(block.start) || this.#hours.has(this.hourStartOf(block.start))) return;
    if (block.seconds === WINDOW_SECONDS) {
      if (!this.#windows.has(block.start)) this.#load(this.#windows, block);
      return;
    }
    const isNewer = ({ after }: SealedBlock): boolean => isBefore(block.after, after);
    const windows = [...this.#windows.values()].filter(({ start }) => this.hourStartOf(start) === block.start);
    for (const window of windows) if (!isNewer(window)) this.#drop(this.#windows, window.start);
    if (!windows.some(isNewer)) {
      this.#load(this.#hours, block);
      return;
    }
    for (const part of splitBlock(block, WINDOW_SECONDS)) {
      if (!this.#windows.has(part.start)) this.#keep(this.#windows, part);
    }
  }

  #load(blocks: Map<number, SealedBlock>, block: SealedBlock): void {
    this.newest.doubt(block.start + block.seconds - 1);
    blocks.set(block.start, block);
    this.#sealedBytes += block.bytes.length;
    if (block.file !== null) block.file.live++;
  }

  /** Shows what there is of a column from second `from` up to `to`; the first and last piece may reach beyond. */
  visit(column: number, from: number, to: number, visitor: ColumnVisitor): void {
    for (let hour = this.hourStartOf(from); hour < to; hour += HOUR_SECONDS) {
      const block = this.#hours.get(hour);
      if (block !== undefined) {
        visitBlock(block, column, hourScratch, visitor);
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
    if (block !== undefined) visitBlock(block, column, windowScratch, visitor);
  }
}
