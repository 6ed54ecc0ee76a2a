/**
 * Which column of a frame belongs to which series: the collector's side of the dictionary.
 *
 * Probes hold `Column`s. A column gets its index when its first value is set, so that a series
 * that this machine can not measure (no limit, no swap) never takes a place. When most places
 * belong to endpoints that are gone, a new generation begins: the living keep their `Column`
 * objects, which get new indices when they next have a value, and the dead are forgotten.
 */
import {
  assert,
  Dictionary,
  type Endpoint,
  fillAbsent,
  findMetric,
  formatTags,
  noTags,
  RAW_DECIMALS,
  requireMetric,
  SERIES_PER_COLLECTOR_MAX,
  type Tags,
} from '../../core/index.ts';
import { cleanTag } from './identity.ts';

/** Below this many dead series a new generation is not worth its dictionary. */
export const DEAD_SERIES_MIN = 1000;

/** At most this many endpoints in one generation, the gone ones included. */
export const ENDPOINTS_MAX = 4096;

/** Values are kept as they are. */
const RAW_POWER = 0;
const POWERS_OF_TEN = [1, 10, 100, 1000, 10_000, 100_000, 1_000_000];

/** One generation of the dictionary, with what a connection needs to know to send only what is new. */
export type Generation = {
  readonly dictionary: Dictionary;
  /** For each endpoint the revision at which it was last described. */
  readonly endpointRevisions: number[];
  /** Grows with each description of an endpoint. */
  revision: number;
};

export class Column {
  readonly endpoint: EndpointEntry;
  readonly metric: string;
  readonly tags: Tags;
  /** `RAW_DECIMALS` for a metric that the catalogue does not know: its values are kept as they are. */
  readonly decimals: number;
  readonly power: number;
  generation = 0;
  index = -1;

  constructor(endpoint: EndpointEntry, metric: string, tags: Tags) {
    this.endpoint = endpoint;
    this.metric = metric;
    this.tags = tags;
    this.decimals = findMetric(metric)?.decimals ?? RAW_DECIMALS;
    const power = this.decimals === RAW_DECIMALS ? RAW_POWER : POWERS_OF_TEN[this.decimals];
    assert(power !== undefined, `at most ${POWERS_OF_TEN.length - 1} decimals of ${metric}`);
    this.power = power;
  }
}

export class EndpointEntry {
  description: Endpoint;
  generation = 0;
  index = -1;
  seriesCount = 0;
  readonly columns = new Map<string, Column>();

  constructor(description: Endpoint) {
    this.description = description;
  }

  get gone(): boolean {
    return this.description.state === 'gone';
  }
}

export class SeriesRegister {
  readonly #entries = new Map<string, EndpointEntry>();
  #generation: Generation;
  /** The generation's own. */
  #number: number;
  #scratch = new Float64Array(1024);
  /** Places of this generation whose series were released. */
  #released = 0;
  /** Values that found no place since the start: the host's series budget was spent. */
  refused = 0;

  /** Generations count from `first`: frames of an earlier run, sent later, must not share a number with them. */
  constructor(first = 1) {
    this.#generation = emptyGeneration(first);
    this.#number = first;
  }

  get generation(): Generation {
    return this.#generation;
  }

  get seriesCount(): number {
    return this.#generation.dictionary.series.length;
  }

  /** The endpoint of this name, described anew; null when there is no place for another one. */
  endpoint(description: Endpoint): EndpointEntry | null {
    const known = this.#entries.get(description.name);
    if (known) {
      this.describe(known, description);
      return known;
    }
    if (this.#generation.dictionary.endpoints.length >= ENDPOINTS_MAX && this.#hasGone()) this.#renew();
    if (this.#generation.dictionary.endpoints.length >= ENDPOINTS_MAX) {
      this.refused++;
      return null;
    }
    const entry = new EndpointEntry(description);
    this.#entries.set(description.name, entry);
    this.#place(entry);
    return entry;
  }

  /** Replaces the description of an endpoint; its name stays. */
  describe(entry: EndpointEntry, description: Endpoint): void {
    assert(this.#entries.get(description.name) === entry, 'an endpoint that is known by this name');
    entry.description = description;
    this.#place(entry);
  }

  /** The column of a series; the same one for the same words, so that a recreated container goes on. */
  column(entry: EndpointEntry, metric: string, tags: Tags = noTags): Column {
    requireMetric(metric);
    return this.customColumn(entry, metric, tags);
  }

  /** The column of a series that somebody else named: a script, an application. */
  customColumn(entry: EndpointEntry, metric: string, tags: Tags): Column {
    const clean = Object.fromEntries(Object.entries(tags).map(([key, value]) => [key, cleanTag(value)]));
    const key = `${metric}/${formatTags(clean)}`;
    const known = entry.columns.get(key);
    if (known) return known;
    const column = new Column(entry, metric, clean);
    entry.columns.set(key, column);
    return column;
  }

  /** Forgets a series that will have no more values; its place is used again by the next generation. */
  release(column: Column): void {
    const { columns } = column.endpoint;
    for (const [key, known] of columns) {
      if (known !== column) continue;
      columns.delete(key);
      if (column.generation === this.#generation.dictionary.generation) this.#released++;
    }
  }

  /** Begins a frame in which nothing has been measured yet. */
  beginFrame(): void {
    if (this.#isMostlyDead()) this.#renew();
    fillAbsent(this.#scratch, 0, this.seriesCount);
  }

  /** Puts a value, rounded to what its metric measures, into the frame. NaN means "no sample". */
  set(column: Column, value: number): void {
    // This runs five thousand times a second: what is not finite gives NaN when it is taken from itself.
    if (value - value !== 0) return;
    if (column.generation !== this.#number && !this.#allocate(column)) return;
    const { power } = column;
    // The sum with 0 turns -0 into 0.
    this.#scratch[column.index] = power === RAW_POWER ? value : Math.round(value * power) / power + 0;
  }

  /** The values of the frame: a copy that the caller owns. */
  endFrame(): Float64Array {
    return this.#scratch.slice(0, this.seriesCount);
  }

  #allocate(column: Column): boolean {
    const { dictionary } = this.#generation;
    const entry = column.endpoint;
    if (dictionary.series.length >= SERIES_PER_COLLECTOR_MAX || entry.generation !== dictionary.generation) {
      this.refused++;
      return false;
    }
    column.generation = dictionary.generation;
    column.index = dictionary.series.length;
    entry.seriesCount++;
    dictionary.apply({
      generation: dictionary.generation,
      endpoints: [],
      firstSeries: column.index,
      series: [{ endpoint: entry.index, metric: column.metric, tags: column.tags, decimals: column.decimals }],
    });
    this.#reserve(column.index);
    return true;
  }

  #reserve(index: number): void {
    if (index >= this.#scratch.length) {
      const larger = new Float64Array(this.#scratch.length * 2);
      larger.set(this.#scratch);
      this.#scratch = larger;
    }
    fillAbsent(this.#scratch, index, index + 1);
  }

  /** Writes the description of an endpoint into the dictionary, at its index or at a new one. */
  #place(entry: EndpointEntry): void {
    const { dictionary, endpointRevisions } = this.#generation;
    if (entry.generation !== dictionary.generation) {
      entry.generation = dictionary.generation;
      entry.index = dictionary.endpoints.length;
      entry.seriesCount = 0;
    }
    dictionary.apply({
      generation: dictionary.generation,
      endpoints: [{ index: entry.index, endpoint: entry.description }],
      firstSeries: 0,
      series: [],
    });
    endpointRevisions[entry.index] = ++this.#generation.revision;
  }

  #isMostlyDead(): boolean {
    const total = this.seriesCount;
    if (total <= DEAD_SERIES_MIN) return false;
    let dead = this.#released;
    for (const entry of this.#entries.values()) if (entry.gone) dead += entry.seriesCount;
    return dead > DEAD_SERIES_MIN && (dead * 2 > total || total >= SERIES_PER_COLLECTOR_MAX);
  }

  #hasGone(): boolean {
    for (const entry of this.#entries.values()) if (entry.gone) return true;
    return false;
  }

  #renew(): void {
    this.#released = 0;
    this.#generation = emptyGeneration(++this.#number);
    for (const [name, entry] of this.#entries) {
      if (entry.gone) this.#entries.delete(name);
      else this.#place(entry);
    }
  }
}

function emptyGeneration(generation: number): Generation {
  return { dictionary: new Dictionary(generation), endpointRevisions: [], revision: 0 };
}
