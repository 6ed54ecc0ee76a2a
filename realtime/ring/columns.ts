import type { SeriesIdentity, Tags } from '../../core/index.ts';
import { NewestSamples } from './newest-samples.ts';
import type { SeriesName, SeriesNames } from './series-names.ts';

export type StoredSeries = SeriesIdentity & {
  readonly column: number;
  /** Seconds from one sample to the next, as its sender says. */
  readonly step: number;
  /** It is pushed; what a collector tells anew of a second does not touch it. */
  readonly isPushed: boolean;
};

export type NewSeries = Pick<StoredSeries, 'metric' | 'tags' | 'step' | 'isPushed'>;

/** The series of an endpoint, each with its column. A column whose series has left is given to another. */
export class Columns {
  /** Counts up when a column is taken away or changes hands: who remembers one has to ask again. */
  epoch = 0;
  readonly newest = new NewestSamples();
  readonly #endpoint: string;
  readonly #names: SeriesNames;
  /** By column; undefined where a series has left. */
  readonly #series: (StoredSeries | undefined)[] = [];
  readonly #columnByName = new Map<SeriesName, number>();
  /** A second near the newest sample of each column: that of a window's start. */
  readonly #seen: number[] = [];
  readonly #free: number[] = [];

  constructor(endpoint: string, names: SeriesNames) {
    this.#endpoint = endpoint;
    this.#names = names;
  }

  /** Columns that blocks have, those of series that have left included. */
  get width(): number {
    return this.#series.length;
  }

  get count(): number {
    return this.#columnByName.size;
  }

  *series(): Iterable<StoredSeries> {
    for (const series of this.#series) if (series !== undefined) yield series;
  }

  names(): Iterable<SeriesName> {
    return this.#columnByName.keys();
  }

  at(column: number): StoredSeries | undefined {
    return this.#series[column];
  }

  find(metric: string, tags: Tags): StoredSeries | undefined {
    const name = this.#names.find(metric, tags);
    const column = name === undefined ? undefined : this.#columnByName.get(name);
    return column === undefined ? undefined : this.#series[column];
  }

  /** The column of a series, made when it is new; `now` is a second at which it is known to live. */
  give({ metric, tags, step, isPushed }: NewSeries, now: number): number {
    const name = this.#names.intern(metric, tags);
    const known = this.#columnByName.get(name);
    if (known !== undefined) {
      const series = this.#series[known];
      if (series?.isPushed === true && !isPushed) {
        // A collector measures it now, and nobody else tells of it.
        this.#series[known] = { ...series, step, isPushed };
        this.epoch++;
      }
      return known;
    }
    const column = this.#free.pop() ?? this.#series.length;
    this.#series[column] = { endpoint: this.#endpoint, metric: name.metric, tags: name.tags, column, step, isPushed };
    this.newest.begin(column, name.id, now);
    this.#seen[column] = now;
    this.#columnByName.set(name, column);
    return column;
  }

  /** Leaves a column without a series, so that the next ones get the numbers they had. */
  skip(): void {
    this.#free.push(this.#series.length);
    this.#series.push(undefined);
  }

  saw(column: number, second: number): void {
    if (second > (this.#seen[column] as number)) this.#seen[column] = second;
  }

  /** Lets series go that had no sample since `second`, unless `isUsed` says that a column is in use. */
  releaseBefore(second: number, isUsed: (column: number) => boolean): void {
    this.#series.forEach((series, column) => {
      if (series === undefined || (this.#seen[column] as number) >= second || isUsed(column)) return;
      this.#series[column] = undefined;
      this.newest.end(column);
      this.#columnByName.delete(this.#names.intern(series.metric, series.tags));
      this.#free.push(column);
      this.epoch++;
    });
  }
}
