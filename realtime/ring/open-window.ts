import { fillAbsent } from '../../core/index.ts';
import type { LogPosition } from '../log/position.ts';
import type { SlotPool } from './slot-pool.ts';

/** Stands for a column without samples in this window. */
const NONE = -1;

const GROWTH = 1.5;

type Beginning = {
  readonly start: number;
  readonly seconds: number;
  readonly slots: number;
  readonly openedAt: LogPosition;
};

/**
 * A window that is being filled: plain numbers, all columns in one piece of memory. A column gets
 * its place with its first sample, a slot for each of its steps.
 */
export class OpenWindow {
  readonly start: number;
  /** Where the log stood then: what is stored here lies behind. */
  readonly openedAt: LogPosition;
  /** The ring's newest second when something was stored here last. */
  touchedAt = 0;
  readonly #seconds: number;
  readonly #pool: SlotPool;
  #slots: Float64Array;
  #used = 0;
  readonly #offsets: number[] = [];
  readonly #steps: number[] = [];
  /** The row of each column's first slot. */
  readonly #firstRows: number[] = [];

  /** `slots` is how much memory to begin with: what the window before this one needed. */
  constructor({ start, seconds, slots, openedAt }: Beginning, pool: SlotPool) {
    this.start = start;
    this.openedAt = openedAt;
    this.#seconds = seconds;
    this.#pool = pool;
    this.#slots = pool.take(slots);
  }

  /** Gives its memory back; it must not be used any more. */
  release(): void {
    this.#pool.give(this.#slots);
    this.#slots = new Float64Array(0);
  }

  get slotCount(): number {
    return this.#used;
  }

  has(column: number): boolean {
    return (this.#offsets[column] ?? NONE) !== NONE;
  }

  /** Stores a sample; false when the column has no place yet, and `place` has to give it one. */
  put(column: number, second: number, value: number): boolean {
    const offset = this.#offsets[column] ?? NONE;
    if (offset === NONE) return false;
    const step = this.#steps[column] as number;
    const row = second - this.start - (this.#firstRows[column] as number);
    if (step === 1) this.#slots[offset + row] = value;
    else if (row % step === 0) this.#slots[offset + row / step] = value;
    else this.#widen(column, second, value);
    return true;
  }

  /** Fills a column that has no place yet. */
  adopt(column: number, samples: Float64Array): void {
    const offset = this.place(column, 1, this.start);
    this.#slots.set(samples, offset);
  }

  /** Makes a second absent in the columns that `isMeant` says. */
  clear(second: number, isMeant: (column: number) => boolean = () => true): void {
    this.#offsets.forEach((offset, column) => {
      if (!isMeant(column)) return;
      const step = this.#steps[column] as number;
      const row = second - this.start - (this.#firstRows[column] as number);
      if (offset === NONE || row % step !== 0) return;
      fillAbsent(this.#slots, offset + row / step, offset + row / step + 1);
    });
  }

  /** The samples of a column by the second: a view, or `scratch` filled; null when it has none. */
  read(column: number, scratch: Float64Array): Float64Array | null {
    const offset = this.#offsets[column] ?? NONE;
    if (offset === NONE) return null;
    const step = this.#steps[column] as number;
    if (step === 1) return this.#slots.subarray(offset, offset + this.#seconds);
    fillAbsent(scratch);
    const first = this.#firstRows[column] as number;
    for (let slot = 0; slot < this.#seconds / step; slot++)
      scratch[first + slot * step] = this.#slots[offset + slot] as number;
    return scratch;
  }

  /**
   * Gives a column its place, all absent, and returns where it is. `step` is how many seconds lie
   * between two samples of this series, a divisor of the window, and `second` is one of theirs; a
   * sample off that grid makes the column one of seconds.
   */
  place(column: number, step: number, second: number): number {
    while (this.#offsets.length <= column) {
      this.#offsets.push(NONE);
      this.#steps.push(1);
      this.#firstRows.push(0);
    }
    const size = this.#seconds / step;
    const offset = this.#used;
    this.#used += size;
    if (this.#used > this.#slots.length) {
      const larger = this.#pool.take(Math.max(this.#used, Math.ceil(this.#slots.length * GROWTH)));
      larger.set(this.#slots.subarray(0, offset));
      this.#pool.give(this.#slots);
      this.#slots = larger;
    }
    fillAbsent(this.#slots, offset, this.#used);
    this.#offsets[column] = offset;
    this.#steps[column] = step;
    this.#firstRows[column] = (second - this.start) % step;
    return offset;
  }

  /** Gives a column a slot a second, at a new place, and stores a sample there. */
  #widen(column: number, second: number, value: number): void {
    const samples = this.read(column, new Float64Array(this.#seconds));
    const offset = this.place(column, 1, this.start);
    if (samples !== null) this.#slots.set(samples, offset);
    this.#slots[offset + second - this.start] = value;
  }
}
