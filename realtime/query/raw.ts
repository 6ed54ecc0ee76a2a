import { isAbsent } from '../../core/index.ts';
import type { ColumnVisitor } from '../ring/sealed-block.ts';
import type { Located } from './located.ts';

/** Samples as they were stored, oldest first; a measured NaN is one of them. */
export type RawSamples = { readonly seconds: Float64Array; readonly values: Float64Array };

/** All samples of a series from second `from` up to `to`. */
export function readRaw({ store, series }: Located, from: number, to: number): RawSamples {
  const reader = new RawReader(from, to);
  store.visit(series.column, from, to, reader);
  return reader.end();
}

class RawReader implements ColumnVisitor {
  readonly #from: number;
  readonly #to: number;
  readonly #seconds: Float64Array;
  readonly #values: Float64Array;
  #size = 0;

  constructor(from: number, to: number) {
    this.#from = from;
    this.#to = to;
    this.#seconds = new Float64Array(to - from);
    this.#values = new Float64Array(to - from);
  }

  takesSummary(): boolean {
    return false;
  }

  summary(): void {}

  constant(start: number, seconds: number, value: number): void {
    const end = Math.min(start + seconds, this.#to);
    for (let second = Math.max(start, this.#from); second < end; second++) this.#add(second, value);
  }

  samples(start: number, samples: Float64Array): void {
    const end = Math.min(samples.length, this.#to - start);
    for (let row = Math.max(0, this.#from - start); row < end; row++) {
      const value = samples[row] as number;
      if (!Number.isNaN(value) || !isAbsent(samples, row)) this.#add(start + row, value);
    }
  }

  #add(second: number, value: number): void {
    this.#seconds[this.#size] = second;
    this.#values[this.#size++] = value;
  }

  end(): RawSamples {
    return { seconds: this.#seconds.slice(0, this.#size), values: this.#values.slice(0, this.#size) };
  }
}
