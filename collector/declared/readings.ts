/**
 * Values on their way from monitors and receivers into the next frame.
 *
 * Whoever measures puts values in at any time; the tick takes them out, and none of them waits for
 * another. Each source has a budget of series of its own, so that a script or client that invents
 * names spends its own places and nobody else's.
 */
import { AppError, findMetric, formatTags } from '../../core/index.ts';
import type { Probe } from '../probes/probe.ts';
import type { Column, EndpointEntry, SeriesRegister } from '../sampling/series-register.ts';
import type { Reading } from './monitors/monitor.ts';

/** Values that wait for a tick: four thousand monitors' worth; a tick comes every second. */
const WAITING_MAX = 50_000;

export class Readings implements Probe {
  readonly name = 'monitors';
  readonly #register: SeriesRegister;
  readonly #host: EndpointEntry;
  readonly #waiting = new Map<Column, number>();
  readonly #beforeTick: (() => void)[] = [];
  /** Values that were not taken because too many waited. */
  refused = 0;

  constructor(register: SeriesRegister, host: EndpointEntry) {
    this.#register = register;
    this.#host = host;
  }

  /** `run` is called at the start of each tick, to put in what was gathered in memory since the last one. */
  onTick(run: () => void): void {
    this.#beforeTick.push(run);
  }

  /** `isForeign`: its names come from outside, and none of ours may be among them. */
  source(seriesMax: number, isForeign = false): ReadingSource {
    return new ReadingSource(this.#register, this.#host, {
      seriesMax,
      isForeign,
      put: (column, value) => this.#put(column, value),
    });
  }

  sample(): void {
    for (const run of this.#beforeTick) run();
    for (const [column, value] of this.#waiting) {
      if (!column.endpoint.gone) this.#register.set(column, value);
    }
    this.#waiting.clear();
  }

  close(): void {
    this.#waiting.clear();
  }

  #put(column: Column, value: number): void {
    if (this.#waiting.size >= WAITING_MAX && !this.#waiting.has(column)) this.refused++;
    else this.#waiting.set(column, value);
  }
}

type SourceOptions = {
  readonly seriesMax: number;
  readonly isForeign: boolean;
  readonly put: (column: Column, value: number) => void;
};

/** The series of one monitor or receiver. */
export class ReadingSource {
  readonly #register: SeriesRegister;
  readonly #host: EndpointEntry;
  readonly #options: SourceOptions;
  /** By endpoint, then by metric and tags. */
  readonly #columns = new Map<EndpointEntry, Map<string, Column>>();
  #count = 0;

  constructor(register: SeriesRegister, host: EndpointEntry, options: SourceOptions) {
    this.#register = register;
    this.#host = host;
    this.#options = options;
  }

  get seriesCount(): number {
    return this.#count;
  }

  /** Takes a value for the next tick. Throws `SERIES_BUDGET` for a series too many, `CONFLICT` for a name of ours. */
  put({ endpoint, metric, tags, value }: Reading): void {
    this.#options.put(this.#columnOf(endpoint ?? this.#host, metric, tags), value);
  }

  /** Takes what has a place; returns why the rest has none, or null. */
  putAll(readings: readonly Reading[]): string | null {
    let problem: string | null = null;
    for (const one of readings) {
      try {
        this.put(one);
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        problem = error.message;
      }
    }
    return problem;
  }

  /** Gives all places back. */
  release(): void {
    for (const columns of this.#columns.values()) for (const column of columns.values()) this.#register.release(column);
    this.#columns.clear();
    this.#count = 0;
  }

  #columnOf(entry: EndpointEntry, metric: string, tags: Reading['tags']): Column {
    const columns = this.#columns.get(entry) ?? this.#firstOf(entry);
    const key = `${metric}/${formatTags(tags)}`;
    const known = columns.get(key);
    if (known !== undefined) return known;
    if (this.#options.isForeign && findMetric(metric) !== undefined) {
      throw new AppError('CONFLICT', `${metric} is a metric that Saker measures itself`);
    }
    if (this.#count >= this.#options.seriesMax) {
      const what = `more than ${this.#options.seriesMax} series`;
      throw new AppError('SERIES_BUDGET', `${what}; those that came later are not kept (${metric})`);
    }
    const column =
      findMetric(metric) === undefined
        ? this.#register.customColumn(entry, metric, tags)
        : this.#register.column(entry, metric, tags);
    columns.set(key, column);
    this.#count++;
    return column;
  }

  /** Endpoints that are gone give their places back when another one comes. */
  #firstOf(entry: EndpointEntry): Map<string, Column> {
    for (const [other, columns] of this.#columns) {
      if (!other.gone) continue;
      this.#count -= columns.size;
      this.#columns.delete(other);
    }
    const columns = new Map<string, Column>();
    this.#columns.set(entry, columns);
    return columns;
  }
}
