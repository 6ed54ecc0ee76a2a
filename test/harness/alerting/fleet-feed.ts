/** Collectors with as many containers as asked for, one series each, as realtime hands their ticks to alerting. */
import { Dictionary, RAW_DECIMALS, second, type Tick, timestampMs } from '../../../core/index.ts';

export type FeedOptions = {
  readonly collectors: number;
  readonly seriesEach: number;
  /** Of the container with a number, counted over all collectors. */
  readonly nameOf: (index: number) => string;
};

export class FleetFeed {
  readonly #dictionaries: readonly Dictionary[];
  #seq = 0;

  constructor({ collectors, seriesEach, nameOf }: FeedOptions) {
    this.#dictionaries = Array.from({ length: collectors }, (_, collector) => {
      const names = Array.from({ length: seriesEach }, (_, index) => nameOf(collector * seriesEach + index));
      return dictionaryOf(`node${collector}`, names);
    });
  }

  /** The frame of one collector for a second; alerting may keep it, so that each has values of its own. */
  tick(collector: number, atSecond: number, values: Float64Array): Tick {
    const dictionary = this.#dictionaries[collector];
    if (dictionary === undefined) throw new Error(`no collector ${collector}`);
    const atMs = timestampMs(atSecond * 1000);
    const header = { collector: `node${collector}`, bootEpoch: 1, seq: ++this.#seq, second: second(atSecond) };
    const frame = { ...header, sentAtMs: atMs, generation: 1, values };
    return { frame, dictionary, receivedAtMs: atMs, kind: 'live' };
  }
}

function dictionaryOf(host: string, names: readonly string[]): Dictionary {
  const dictionary = new Dictionary(1);
  const endpoints = names.map((name, index) => ({
    index,
    endpoint: { name: `${host}/${name}`, kind: 'container' as const, host, state: 'running' as const, labels: {} },
  }));
  const series = names.map((_, endpoint) => ({ endpoint, metric: 'cpu.busy', tags: {}, decimals: RAW_DECIMALS }));
  dictionary.apply({ generation: 1, endpoints, firstSeries: 0, series });
  return dictionary;
}
