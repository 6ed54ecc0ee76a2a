/**
 * Frames become rows of one minute each. Work is done column by column in typed arrays, as wide as
 * the frames are: 20 ns a sample, and no memory for series that a frame does not carry.
 */
import { type Dictionary, isAbsent, type Second } from '../../core/index.ts';
import type { LogFrame } from '../ports.ts';
import type { RollupRow, SeriesRef } from '../store/store.ts';

/** Seconds that are stored; what lies outside is counted and left out. */
export type Window = { readonly from: number; readonly to: number };

export class RollupBlock {
  /** Infinities and NaNs that were measured: a rollup of them would say nothing. */
  skippedSamples = 0;
  /** Frames of seconds outside the window. */
  skippedFrames = 0;
  /** Rows at most: a series that two dictionaries name is counted twice. */
  rowCount = 0;
  newestSecond = 0;
  readonly #window: Window;
  readonly #columns = new Map<Dictionary, Map<number, MinuteColumns>>();

  constructor(window: Window) {
    this.#window = window;
  }

  add({ frame, dictionary }: LogFrame): void {
    if (frame.second < this.#window.from || frame.second > this.#window.to) {
      this.skippedFrames++;
      return;
    }
    const columns = this.#columnsOf(dictionary, frame.second - (frame.second % 60));
    const before = columns.rowCount;
    this.skippedSamples += columns.add(frame.values, frame.second);
    this.rowCount += columns.rowCount - before;
    this.newestSecond = Math.max(this.newestSecond, frame.second);
  }

  /**
   * One row for every series and minute, by minute and then by key: the same frames give the same
   * rows in the same order, whatever came before.
   */
  rows(seriesOf: (dictionary: Dictionary) => readonly SeriesRef[]): RollupRow[] {
    const rows: RollupRow[] = [];
    for (const [dictionary, minutes] of this.#columns) {
      const series = seriesOf(dictionary);
      for (const [minute, columns] of minutes) columns.appendTo(rows, minute, series);
    }
    rows.sort(compareRows);
    return combineNeighbours(rows);
  }

  #columnsOf(dictionary: Dictionary, minute: number): MinuteColumns {
    let minutes = this.#columns.get(dictionary);
    if (minutes === undefined) {
      minutes = new Map();
      this.#columns.set(dictionary, minutes);
    }
    let columns = minutes.get(minute);
    if (columns === undefined) {
      columns = new MinuteColumns();
      minutes.set(minute, columns);
    }
    return columns;
  }
}

/** One minute of one collector; index `i` belongs to series `i` of its dictionary. */
class MinuteColumns {
  rowCount = 0;
  #count = new Uint32Array(0);
  #lastSecond = new Uint32Array(0);
  #min = new Float64Array(0);
  #max = new Float64Array(0);
  #sum = new Float64Array(0);
  #last = new Float64Array(0);

  /** Returns how many samples were not finite. */
  add(values: Float64Array, second: Second): number {
    if (values.length > this.#count.length) this.#widen(values.length);
    let skipped = 0;
    for (let index = 0; index < values.length; index++) {
      const value = values[index] ?? Number.NaN;
      if (Number.isFinite(value)) this.#addSample(index, value, second);
      else if (!isAbsent(values, index)) skipped++;
    }
    return skipped;
  }

  appendTo(rows: RollupRow[], minute: number, series: readonly SeriesRef[]): void {
    for (let index = 0; index < this.#count.length; index++) {
      const ref = series[index];
      const count = this.#count[index] ?? 0;
      if (count === 0 || ref === undefined) continue;
      rows.push({
        series: ref,
        minute,
        min: at(this.#min, index),
        max: at(this.#max, index),
        sum: at(this.#sum, index),
        count,
        lastSecond: at(this.#lastSecond, index),
        last: at(this.#last, index),
      });
    }
  }

  #addSample(index: number, value: number, second: Second): void {
    const count = at(this.#count, index);
    if (count === 0) {
      this.rowCount++;
      this.#min[index] = value;
      this.#max[index] = value;
    } else {
      if (value < at(this.#min, index)) this.#min[index] = value;
      if (value > at(this.#max, index)) this.#max[index] = value;
    }
    this.#count[index] = count + 1;
    this.#sum[index] = at(this.#sum, index) + value;
    if (second < at(this.#lastSecond, index)) return;
    this.#lastSecond[index] = second;
    this.#last[index] = value;
  }

  #widen(length: number): void {
    this.#count = grown(this.#count, new Uint32Array(length));
    this.#lastSecond = grown(this.#lastSecond, new Uint32Array(length));
    this.#min = grown(this.#min, new Float64Array(length));
    this.#max = grown(this.#max, new Float64Array(length));
    this.#sum = grown(this.#sum, new Float64Array(length));
    this.#last = grown(this.#last, new Float64Array(length));
  }
}

const at = (column: Float64Array | Uint32Array, index: number): number => column[index] ?? 0;

function grown<Column extends Float64Array | Uint32Array>(from: Column, to: Column): Column {
  to.set(from);
  return to;
}

function compareRows(a: RollupRow, b: RollupRow): number {
  if (a.minute !== b.minute) return a.minute - b.minute;
  if (a.series.key === b.series.key) return 0;
  return a.series.key < b.series.key ? -1 : 1;
}

/**
 * A series may come under two dictionaries (a collector that restarted). It must still be one row:
 * whether a row has arrived is asked by series and minute.
 */
function combineNeighbours(rows: readonly RollupRow[]): RollupRow[] {
  const combined: RollupRow[] = [];
  for (const row of rows) {
    const before = combined[combined.length - 1];
    if (before === undefined || compareRows(before, row) !== 0) combined.push(row);
    else combine(before, row);
  }
  return combined;
}

function combine(into: RollupRow, row: RollupRow): void {
  into.min = Math.min(into.min, row.min);
  into.max = Math.max(into.max, row.max);
  into.sum += row.sum;
  into.count += row.count;
  if (row.lastSecond < into.lastSecond) return;
  into.lastSecond = row.lastSecond;
  into.last = row.last;
}
