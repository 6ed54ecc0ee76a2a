import { Dictionary, type Endpoint, type Frame, fillAbsent, second, type Tick, timestampMs } from '../../core/index.ts';
import type { Container } from '../driver.ts';

/** A collector of one host, made of the same dictionary and frames that a real one sends. */
export class FakeHost {
  readonly name: string;
  readonly metric: string;
  readonly #columnOf = new Map<string, number>();
  #dictionary = new Dictionary(1);
  #seq = 0;

  constructor(name: string, metric = 'cpu.busy') {
    this.name = name;
    this.metric = metric;
    this.#addEndpoint({ name, kind: 'host', host: name, state: 'running', labels: {} });
  }

  /** A tick at `atMs`; containers that `load` has no number for are without a sample. */
  tick(atMs: number, containers: readonly Container[], load: (container: Container) => number | null): Tick {
    for (const container of containers) this.#see(container);
    this.#markGone(new Set(containers.map(({ id }) => id)));
    const values = new Float64Array(this.#dictionary.series.length);
    fillAbsent(values);
    for (const container of containers) {
      const value = load(container);
      const column = this.#columnOf.get(endpointName(container));
      if (value !== null && column !== undefined) values[column] = value;
    }
    const frame: Frame = {
      collector: this.name,
      bootEpoch: 1,
      seq: ++this.#seq,
      second: second(Math.floor(atMs / 1000)),
      sentAtMs: timestampMs(atMs),
      generation: this.#dictionary.generation,
      values,
    };
    return { frame, dictionary: this.#dictionary, receivedAtMs: timestampMs(atMs), kind: 'live' };
  }

  /** The collector was started again: a new dictionary, in a new order. */
  restart(): void {
    this.#dictionary = new Dictionary(this.#dictionary.generation + 1);
    this.#columnOf.clear();
    this.#addEndpoint({ name: `${this.name}-again`, kind: 'host', host: this.name, state: 'running', labels: {} });
  }

  #see(container: Container): void {
    const name = endpointName(container);
    const { id, image, createdAtMs } = container;
    const worn = { id, name: container.name, image, startedAtMs: createdAtMs };
    const endpoint: Endpoint = {
      name,
      kind: 'container',
      host: this.name,
      state: 'running',
      labels: { ...container.labels },
      container: worn,
    };
    const index = this.#dictionary.endpoints.findIndex((known) => known.name === name);
    if (index < 0) {
      this.#columnOf.set(name, this.#addEndpoint(endpoint));
      return;
    }
    const known = this.#dictionary.endpoints[index];
    if (known?.container?.id !== id || known.state !== 'running') this.#dictionary.endpoints[index] = endpoint;
  }

  #markGone(here: ReadonlySet<string>): void {
    this.#dictionary.endpoints.forEach((endpoint, index) => {
      if (endpoint.container === undefined || here.has(endpoint.container.id) || endpoint.state === 'gone') return;
      this.#dictionary.endpoints[index] = { ...endpoint, state: 'gone' };
    });
  }

  /** Adds an endpoint with two series; returns the column of the one that counts. */
  #addEndpoint(endpoint: Endpoint): number {
    const index = this.#dictionary.endpoints.length;
    const firstSeries = this.#dictionary.series.length;
    const tags = {};
    this.#dictionary.apply({
      generation: this.#dictionary.generation,
      endpoints: [{ index, endpoint }],
      firstSeries,
      series: [
        { endpoint: index, metric: 'pids.current', tags, decimals: 0 },
        { endpoint: index, metric: this.metric, tags, decimals: 2 },
      ],
    });
    return firstSeries + 1;
  }
}

function endpointName({ labels, name }: Container): string {
  const service = labels['saker.service'];
  const slot = labels['saker.slot'];
  return service !== undefined && slot !== undefined ? `${service}.${slot}` : name;
}
