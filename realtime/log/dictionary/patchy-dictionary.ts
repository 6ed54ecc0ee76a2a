/**
 * A dictionary of which the log has lost a part. A damaged record costs the series that it
 * described; the other columns of a frame are as good as ever, and are handed on without the lost
 * ones. Columns have no meaning but what their dictionary says, so they may close ranks.
 */
import {
  Dictionary,
  type DictionaryChunk,
  type DictionarySeries,
  type Endpoint,
  type Frame,
} from '../../../core/index.ts';

/** A frame with the dictionary of its columns. */
export type LogFrame = { readonly frame: Frame; readonly dictionary: Dictionary };

/** Decodes a value of any series: how many decimals it has matters to nobody who can not name it. */
const LOST: DictionarySeries = { endpoint: 0, metric: 'lost', tags: {}, decimals: 0 };

/** Which columns of a frame are known, and what they mean. */
type Known = { readonly columns: readonly number[]; readonly dictionary: Dictionary };

export class PatchyDictionary {
  readonly #generation: number;
  readonly #endpoints = new Map<number, Endpoint>();
  readonly #series = new Map<number, DictionarySeries>();
  #known: Known | null = null;

  /** Begins with what is there without a gap. */
  constructor({ generation, endpoints, series }: Dictionary) {
    this.#generation = generation;
    for (const [index, endpoint] of endpoints.entries()) this.#endpoints.set(index, endpoint);
    for (const [index, entry] of series.entries()) this.#series.set(index, entry);
  }

  /** Adds what a chunk tells, whatever came before it. */
  apply({ endpoints, firstSeries, series }: DictionaryChunk): void {
    for (const { index, endpoint } of endpoints) this.#endpoints.set(index, endpoint);
    for (const [at, entry] of series.entries()) this.#series.set(firstSeries + at, entry);
    this.#known = null;
  }

  /** Decodes a frame of so many columns; only numbers of decimals are right in it. */
  padded(seriesCount: number): Dictionary {
    const padded = new Dictionary(this.#generation);
    for (let column = 0; column < seriesCount; column++) padded.series.push(this.#series.get(column) ?? LOST);
    return padded;
  }

  /** What is left of a frame: the columns that are known. Null when none is. */
  knownOf(frame: Frame): LogFrame | null {
    this.#known ??= this.#close();
    const columns = this.#known.columns.filter((column) => column < frame.values.length);
    if (columns.length === 0) return null;
    const values = new Float64Array(columns.length);
    // Not by numbers: what marks an absent sample is a NaN of its own kind, which they need not keep.
    for (const [place, column] of columns.entries()) values.set(frame.values.subarray(column, column + 1), place);
    return { frame: { ...frame, values }, dictionary: this.#known.dictionary };
  }

  #close(): Known {
    const known = [...this.#series]
      .filter(([, { endpoint }]) => this.#endpoints.has(endpoint))
      .sort(([a], [b]) => a - b);
    const places = new Map([...this.#endpoints.keys()].map((index, place) => [index, place]));
    const dictionary = new Dictionary(this.#generation);
    dictionary.endpoints.push(...this.#endpoints.values());
    for (const [, entry] of known) dictionary.series.push({ ...entry, endpoint: places.get(entry.endpoint) ?? 0 });
    return { columns: known.map(([column]) => column), dictionary };
  }
}
