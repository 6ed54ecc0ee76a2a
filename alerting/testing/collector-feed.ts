/** A collector as alerting sees it: a dictionary that grows, and a tick for each second. */
import {
  absentColumn,
  Dictionary,
  type Endpoint,
  RAW_DECIMALS,
  second,
  type Tags,
  type Tick,
  timestampMs,
} from '../../core/index.ts';

export class CollectorFeed {
  dictionary = new Dictionary(1);
  #seq = 0;

  host(name: string): number {
    return this.#endpoint({ name, kind: 'host', host: name, state: 'running', labels: {} });
  }

  container(name: string, labels: Readonly<Record<string, string>> = {}, image = 'shop/web:1'): number {
    const container = { id: 'c0ffee', name, image, startedAtMs: 0 };
    return this.#endpoint({
      name,
      kind: 'container',
      host: 'node1',
      state: 'running',
      labels: { ...labels },
      container,
    });
  }

  /** A new description of an endpoint, as after a container was created anew. */
  describe(index: number, change: Partial<Endpoint>): void {
    const before = this.dictionary.endpoints[index];
    if (before === undefined) throw new Error(`no endpoint ${index}`);
    this.#apply([{ index, endpoint: { ...before, ...change } }], []);
  }

  series(endpoint: number, metric: string, tags: Tags = {}): number {
    this.#apply([], [{ endpoint, metric, tags: { ...tags }, decimals: RAW_DECIMALS }]);
    return this.dictionary.series.length - 1;
  }

  /** The next generation of the dictionary, empty. */
  renew(): void {
    this.dictionary = new Dictionary(this.dictionary.generation + 1);
  }

  /** Values by column; the others are absent. */
  tick(atSecond: number, values: Readonly<Record<number, number>>, kind: Tick['kind'] = 'live'): Tick {
    const column = absentColumn(this.dictionary.series.length);
    for (const [index, value] of Object.entries(values)) column[Number(index)] = value;
    return this.tickOf(atSecond, column, kind);
  }

  tickOf(atSecond: number, values: Float64Array, kind: Tick['kind'] = 'live'): Tick {
    const atMs = timestampMs(atSecond * 1000);
    const frame = {
      collector: 'node1',
      bootEpoch: 1,
      seq: ++this.#seq,
      second: second(atSecond),
      sentAtMs: atMs,
      generation: this.dictionary.generation,
      values,
    };
    return { frame, dictionary: this.dictionary, receivedAtMs: atMs, kind };
  }

  #endpoint(endpoint: Endpoint): number {
    const index = this.dictionary.endpoints.length;
    this.#apply([{ index, endpoint }], []);
    return index;
  }

  #apply(
    endpoints: { index: number; endpoint: Endpoint }[],
    series: { endpoint: number; metric: string; tags: Record<string, string>; decimals: number }[],
  ): void {
    const { generation, series: known } = this.dictionary;
    this.dictionary.apply({ generation, endpoints, firstSeries: known.length, series });
  }
}
