/** Stands for a column that no series has. */
export const NO_NAME = -1;

const COLUMNS_AT_FIRST = 16;

/**
 * The newest sample of each column of a store, side by side, so that a look at all series of a
 * fleet passes over plain numbers. Readers may index the arrays up to `length`; they are replaced
 * when they grow, so nobody keeps them.
 */
export class NewestSamples {
  /** NaN: it is not known here, or it is a measured NaN; the windows know. */
  values = new Float64Array(COLUMNS_AT_FIRST).fill(Number.NaN);
  /** No sample of the column is newer; its newest is of this very second where `values` has a number. */
  seconds = new Uint32Array(COLUMNS_AT_FIRST);
  /** `SeriesName.id` of the series that has the column, or `NO_NAME`. */
  nameIds = new Int32Array(COLUMNS_AT_FIRST).fill(NO_NAME);
  length = 0;

  /** A column goes to a series, of which nothing is newer than `second`. */
  begin(column: number, nameId: number, second: number): void {
    if (column >= this.values.length) this.#grow(column + 1);
    this.length = Math.max(this.length, column + 1);
    this.nameIds[column] = nameId;
    this.seconds[column] = second;
    this.values[column] = Number.NaN;
  }

  /** The series of a column has left. */
  end(column: number): void {
    this.nameIds[column] = NO_NAME;
  }

  put(column: number, second: number, value: number): void {
    if (second < (this.seconds[column] as number)) return;
    this.seconds[column] = second;
    this.values[column] = value;
  }

  /** A second is told anew: what it held until now says nothing any more. */
  clear(second: number): void {
    for (let column = 0; column < this.length; column++)
      if (this.seconds[column] === second) this.values[column] = Number.NaN;
  }

  /** Samples up to `second` came another way than through `put`. */
  doubt(second: number): void {
    for (let column = 0; column < this.length; column++) {
      if ((this.seconds[column] as number) > second) continue;
      this.seconds[column] = second;
      this.values[column] = Number.NaN;
    }
  }

  #grow(length: number): void {
    const size = Math.max(length, Math.ceil(this.values.length * 1.5));
    const { values, seconds, nameIds } = this;
    this.values = new Float64Array(size);
    this.values.set(values);
    this.seconds = new Uint32Array(size);
    this.seconds.set(seconds);
    this.nameIds = new Int32Array(size).fill(NO_NAME);
    this.nameIds.set(nameIds);
  }
}
