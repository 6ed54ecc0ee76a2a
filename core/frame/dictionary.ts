import { assert } from '../assert.ts';
import { AppError } from '../errors.ts';
import type { Endpoint } from '../series/endpoint.ts';
import type { SeriesIdentity } from '../series/series.ts';
import { MESSAGE_BYTES_MAX, RAW_DECIMALS } from './messages/limits.ts';
import type { DictionaryChunk, DictionarySeries } from './messages/schemas.ts';

const CHUNK_ENTRIES_MAX = 2000;

/** Half of a message, so that its envelope and the rest of its JSON fit as well. */
const CHUNK_BYTES_MAX = MESSAGE_BYTES_MAX / 2;

const POWERS_AT_FIRST = 64;

/**
 * What the columns of a collector's frames mean: column `i` of a frame is `series[i]`.
 *
 * Append-only within a generation; a collector whose dictionary has become mostly dead starts a
 * new generation and sends it whole. An endpoint's description may be replaced in place (a
 * recreated container, a stopped one), its series may not.
 */
export class Dictionary {
  readonly generation: number;
  readonly endpoints: Endpoint[] = [];
  readonly series: DictionarySeries[] = [];
  #powers = new Float64Array(POWERS_AT_FIRST);
  #revision = 0;

  constructor(generation: number) {
    this.generation = generation;
  }

  /** Adds a chunk that continues this dictionary. Throws `FRAME_INVALID` where it does not. */
  apply(chunk: DictionaryChunk): void {
    assert(chunk.generation === this.generation, 'a chunk of the same generation');
    this.#revision++;
    for (const { index, endpoint } of chunk.endpoints) {
      if (index > this.endpoints.length) throw gap('endpoint', index, this.endpoints.length);
      const known = this.endpoints[index];
      if (known && known.name !== endpoint.name) throw renamed(known.name, endpoint.name);
      this.endpoints[index] = endpoint;
    }
    if (chunk.series.length === 0) return;
    if (chunk.firstSeries > this.series.length) throw gap('series', chunk.firstSeries, this.series.length);
    // A chunk that was sent again repeats what is here already; only its tail is new.
    for (const entry of chunk.series.slice(this.series.length - chunk.firstSeries)) {
      if (entry.endpoint >= this.endpoints.length) throw gap('endpoint', entry.endpoint, this.endpoints.length);
      this.#setPower(this.series.length, entry.decimals);
      this.series.push(entry);
    }
  }

  /** Another number after every chunk: whoever has compiled something of a dictionary sees that it has changed. */
  get revision(): number {
    return this.#revision;
  }

  /** Ten to the decimals of each series; 0 where values travel raw. May be longer than there are series. */
  get powers(): Float64Array {
    return this.#powers;
  }

  #setPower(index: number, decimals: number): void {
    if (index >= this.#powers.length) {
      const larger = new Float64Array(2 * this.#powers.length);
      larger.set(this.#powers);
      this.#powers = larger;
    }
    this.#powers[index] = decimals === RAW_DECIMALS ? 0 : 10 ** decimals;
  }

  endpointOf(seriesIndex: number): Endpoint {
    const endpoint = this.endpoints[this.#entry(seriesIndex).endpoint];
    assert(endpoint, 'an endpoint for every series');
    return endpoint;
  }

  identityOf(seriesIndex: number): SeriesIdentity {
    const entry = this.#entry(seriesIndex);
    return { endpoint: this.endpointOf(seriesIndex).name, metric: entry.metric, tags: entry.tags };
  }

  /**
   * The whole dictionary as chunks, each of at most `CHUNK_ENTRIES_MAX` entries and, unless a single
   * entry is larger, `CHUNK_BYTES_MAX` bytes of JSON.
   */
  *chunks(): Iterable<DictionaryChunk> {
    const { generation } = this;
    const endpoints = this.endpoints.map((endpoint, index) => ({ index, endpoint }));
    for (const [, part] of slices(endpoints)) yield { generation, endpoints: part, firstSeries: 0, series: [] };
    for (const [firstSeries, series] of slices(this.series)) yield { generation, endpoints: [], firstSeries, series };
  }

  #entry(seriesIndex: number): DictionarySeries {
    const entry = this.series[seriesIndex];
    assert(entry, `series ${seriesIndex} of ${this.series.length}`);
    return entry;
  }
}

/** Cuts a list into pieces that are small as JSON, each with the index of its first entry. */
function* slices<Entry>(entries: readonly Entry[]): Iterable<[number, Entry[]]> {
  let [start, bytes] = [0, 0];
  for (const [index, entry] of entries.entries()) {
    // Characters, of which one is at most three bytes of UTF-8.
    const size = JSON.stringify(entry).length * 3;
    if (index > start && (bytes + size > CHUNK_BYTES_MAX || index - start >= CHUNK_ENTRIES_MAX)) {
      yield [start, entries.slice(start, index)];
      [start, bytes] = [index, 0];
    }
    bytes += size;
  }
  if (start < entries.length) yield [start, entries.slice(start)];
}

function renamed(from: string, to: string): AppError {
  return new AppError('FRAME_INVALID', `dictionary: endpoint ${from} can not become ${to}`, {
    hint: 'give the new endpoint an index of its own',
  });
}

function gap(what: string, index: number, length: number): AppError {
  return new AppError('FRAME_INVALID', `dictionary: ${what} ${index} does not follow the ${length} known ones`, {
    hint: 'send the dictionary again from its beginning',
  });
}
