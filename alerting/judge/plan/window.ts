/**
 * The newest points of many series, in a few flat arrays.
 *
 * Each series is a row with a ring of its own, as long as the longest look back of the rules that
 * watch it, and shared by all of them: 12 bytes a point and 21 bytes a row, whatever the number of
 * rules. A tick moves one `Window` over the rows, so that judging allocates nothing.
 */

import type { Points } from '../../../core/index.ts';

export type RowShape = {
  /** Points kept. */
  readonly capacity: number;
  /** A COUNTER: what is kept are rates between its points. */
  readonly isCounter: boolean;
};

/** Seconds are kept as 32-bit numbers, which end in the year 2106. */
const SECOND_MAX = 2 ** 32 - 1;

export class WindowTable {
  readonly rowCount: number;
  readonly values: Float64Array;
  readonly seconds: Uint32Array;
  /** First slot of a row's ring. */
  readonly starts: Int32Array;
  readonly capacities: Int32Array;
  /** Slot of the newest point. */
  readonly newest: Int32Array;
  readonly counts: Int32Array;
  /** The raw point before, of rows that are counters. */
  readonly #raw: Map<number, { value: number; second: number }> = new Map();
  readonly #isCounter: Uint8Array;

  constructor(shapes: readonly RowShape[]) {
    this.rowCount = shapes.length;
    this.starts = new Int32Array(shapes.length);
    this.capacities = new Int32Array(shapes.length);
    this.newest = new Int32Array(shapes.length);
    this.counts = new Int32Array(shapes.length);
    this.#isCounter = new Uint8Array(shapes.length);
    let slots = 0;
    for (const [row, { capacity, isCounter }] of shapes.entries()) {
      this.starts[row] = slots;
      this.newest[row] = slots;
      this.capacities[row] = capacity;
      this.#isCounter[row] = isCounter ? 1 : 0;
      slots += capacity;
    }
    this.values = new Float64Array(slots);
    this.seconds = new Uint32Array(slots);
  }

  get bytes(): number {
    const { values, seconds, starts, capacities, newest, counts } = this;
    return [values, seconds, starts, capacities, newest, counts, this.#isCounter].reduce(
      (sum, array) => sum + array.byteLength,
      0,
    );
  }

  /**
   * Adds a point; false when the row took none: the point is not finite, not newer than the newest,
   * or the first of a counter or the first after its reset.
   */
  append(row: number, second: number, value: number): boolean {
    // A NaN and an infinity differ from themselves less themselves.
    if (value - value !== 0 || second > SECOND_MAX) return false;
    if (this.#isCounter[row] === 1) return this.#appendRate(row, second, value);
    return this.#append(row, second, value);
  }

  #append(row: number, second: number, value: number): boolean {
    const count = this.counts[row] ?? 0;
    const slot = this.newest[row] ?? 0;
    if (count > 0 && second <= (this.seconds[slot] ?? 0)) return false;
    const start = this.starts[row] ?? 0;
    const capacity = this.capacities[row] ?? 0;
    const next = count === 0 || slot + 1 === start + capacity ? start : slot + 1;
    this.values[next] = value;
    this.seconds[next] = second;
    this.newest[row] = next;
    if (count < capacity) this.counts[row] = count + 1;
    return true;
  }

  /**
   * The rate to the point before, with the time of the newer one (Open-Falcon's COUNTER). A counter
   * that went backwards was restarted: there is no rate across that, where Open-Falcon has a large
   * negative one.
   */
  #appendRate(row: number, second: number, value: number): boolean {
    const before = this.#raw.get(row);
    if (before !== undefined && second <= before.second) return false;
    this.#raw.set(row, { value, second });
    if (before === undefined || value < before.value) return false;
    return this.#append(row, second, (value - before.value) / (second - before.second));
  }

  /** Takes over the points of a row of another table, the newest that fit. */
  copyRow(row: number, from: WindowTable, fromRow: number): void {
    const window = new Window(from);
    window.moveTo(fromRow);
    for (let back = window.count - 1; back >= 0; back--) this.#append(row, window.second(back), window.value(back));
    const raw = from.#raw.get(fromRow);
    if (raw !== undefined) this.#raw.set(row, raw);
  }
}

/** A view of one row of a table, moved from row to row. */
export class Window implements Points {
  count = 0;
  #start = 0;
  #capacity = 0;
  #newest = 0;
  readonly #values: Float64Array;
  readonly #seconds: Uint32Array;
  readonly #table: WindowTable;

  constructor(table: WindowTable) {
    this.#table = table;
    this.#values = table.values;
    this.#seconds = table.seconds;
  }

  moveTo(row: number): void {
    const table = this.#table;
    // A row of -1 is a series that is not there.
    this.count = row < 0 ? 0 : (table.counts[row] ?? 0);
    this.#start = table.starts[row] ?? 0;
    this.#capacity = table.capacities[row] ?? 0;
    this.#newest = table.newest[row] ?? 0;
  }

  value(back: number): number {
    const slot = this.#newest - back;
    return this.#values[slot < this.#start ? slot + this.#capacity : slot] ?? 0;
  }

  second(back: number): number {
    const slot = this.#newest - back;
    return this.#seconds[slot < this.#start ? slot + this.#capacity : slot] ?? 0;
  }
}
