/**
 * A fleet made of the recording: phase-shifted copies of its containers, each lap of which goes on
 * with the next recorded container, so that no series repeats itself within seven hours.
 */
import { Dictionary, type Frame, type Second, type TimestampMs } from '../../../core/index.ts';
import type { RecordedEndpoint, Recording } from './recording.ts';

const SERIES_PER_ENDPOINT = 50;
const ENDPOINTS_PER_HOST = 50;

export type FleetOptions = {
  readonly seriesCount: number;
  /** The second of tick 0. */
  readonly start?: number;
  readonly endpointsPerHost?: number;
};

/** Neighbours are this far apart in the recording; coprime to its length. */
const PHASE_SECONDS = 37;

export type Fleet = { readonly hosts: readonly FleetHost[]; readonly seriesCount: number };

export type FleetHost = {
  readonly name: string;
  readonly dictionary: Dictionary;
  /** The frame of a second, counted from 0. The array of values is the host's own, filled anew each time. */
  readonly frame: (tick: number) => Frame;
};

export const FLEET_START = 1_700_000_100;

export function makeFleet(recording: Recording, options: FleetOptions): Fleet {
  const { seriesCount, start = FLEET_START, endpointsPerHost = ENDPOINTS_PER_HOST } = options;
  const containers = recording.endpoints.filter(({ columns }) => columns.length >= SERIES_PER_ENDPOINT);
  const endpointCount = Math.ceil(seriesCount / SERIES_PER_ENDPOINT);
  const hosts: FleetHost[] = [];
  for (let first = 0; first < endpointCount; first += endpointsPerHost) {
    const count = Math.min(endpointsPerHost, endpointCount - first);
    const name = `host-${first / endpointsPerHost}`;
    hosts.push(makeHost({ containers, seconds: recording.seconds, name, start, first, count }));
  }
  return { hosts, seriesCount: endpointCount * SERIES_PER_ENDPOINT };
}

type HostParts = {
  readonly containers: readonly RecordedEndpoint[];
  readonly seconds: number;
  readonly name: string;
  readonly start: number;
  readonly first: number;
  readonly count: number;
};

function makeHost({ containers, seconds, name, start, first, count }: HostParts): FleetHost {
  const values = new Float64Array(count * SERIES_PER_ENDPOINT);
  const fill = (tick: number): void => {
    for (let endpoint = 0; endpoint < count; endpoint++) {
      const at = tick + (first + endpoint) * PHASE_SECONDS;
      const recorded = containers[(first + endpoint + Math.floor(at / seconds)) % containers.length];
      for (let series = 0; series < SERIES_PER_ENDPOINT; series++) {
        values[endpoint * SERIES_PER_ENDPOINT + series] = recorded?.columns[series]?.[at % seconds] ?? 0;
      }
    }
  };
  const frame = (tick: number): Frame => {
    fill(tick);
    const second = (start + tick) as Second;
    const sentAtMs = (second * 1000) as TimestampMs;
    return { collector: name, bootEpoch: 1, seq: tick + 1, second, sentAtMs, generation: 1, values };
  };
  return { name, dictionary: dictionaryOf(name, first, count), frame };
}

function dictionaryOf(host: string, first: number, count: number): Dictionary {
  const dictionary = new Dictionary(1);
  const endpoints = Array.from({ length: count }, (_, index) => ({
    index,
    endpoint: { name: `service.${first + index}`, kind: 'container', host, state: 'running', labels: {} } as const,
  }));
  const series = endpoints.flatMap(({ index }) =>
    Array.from({ length: SERIES_PER_ENDPOINT }, (_, metric) => ({
      endpoint: index,
      metric: `m${metric}`,
      tags: {},
      decimals: 2 as const,
    })),
  );
  dictionary.apply({ generation: 1, endpoints, firstSeries: 0, series });
  return dictionary;
}
