import { assert } from '../assert.ts';
import { AppError } from '../errors.ts';
import type { Endpoint } from '../series/endpoint.ts';
import type { SeriesIdentity } from '../series/series.ts';
import type { DictionaryChunk, DictionarySeries } from './messages.ts';

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

  constructor(generation: number) {
    this.generation = generation;
  }

  /** Adds a chunk that continues this dictionary. Throws `FRAME_INVALID` where it does not. */
  apply(chunk: DictionaryChunk): void {
    assert(chunk.generation === this.generation, 'a chunk of the same generation');
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
      this.series.push(entry);
    }
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

  /** The whole dictionary as chunks of at most `seriesPerChunk` series. */
  *chunks(seriesPerChunk = 2000): Iterable<DictionaryChunk> {
    const endpoints = this.endpoints.map((endpoint, index) => ({ index, endpoint }));
    for (let from = 0; from < endpoints.length; from += seriesPerChunk) {
      yield {
        generation: this.generation,
        endpoints: endpoints.slice(from, from + seriesPerChunk),
        firstSeries: 0,
        series: [],
      };
    }
    for (let from = 0; from < this.series.length; from += seriesPerChunk) {
      const series = this.series.slice(from, from + seriesPerChunk);
      yield { generation: this.generation, endpoints: [], firstSeries: from, series };
    }
  }

  #entry(seriesIndex: number): DictionarySeries {
    const entry = this.series[seriesIndex];
    assert(entry, `series ${seriesIndex} of ${this.series.length}`);
    return entry;
  }
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
