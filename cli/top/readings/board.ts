/**
 * The newest value of each series, whoever measured it: this host's own probes, or a server's live
 * stream. Slow metrics come every few seconds, so a value counts until it is older than they are;
 * then it is missing, and shown as missing.
 */
import { type Endpoint, formatTags, type Tags } from '../../../core/index.ts';

/** Longer than the slowest step of a metric that is shown here. */
const VALUE_AGE_S_MAX = 15;

/** Counted as they come, since each value tells of the time since the one before it. */
const SUMMED = new Set(['mem.oom.kills']);

type Sample = { readonly metric: string; readonly tags: Tags; readonly second: number; readonly value: number };

/** What is known of one host or container. */
export class Reading {
  endpoint: Endpoint;
  /** Newest second with a sample; null before the first. */
  second: number | null = null;
  readonly #samples = new Map<string, Map<string, Sample>>();

  constructor(endpoint: Endpoint) {
    this.endpoint = endpoint;
  }

  put(sample: Sample): void {
    this.second = Math.max(this.second ?? 0, sample.second);
    const series = this.#samples.get(sample.metric) ?? new Map<string, Sample>();
    this.#samples.set(sample.metric, series);
    const key = formatTags(sample.tags);
    const before = SUMMED.has(sample.metric) ? (series.get(key)?.value ?? 0) : 0;
    series.set(key, { ...sample, value: before + sample.value });
  }

  /** The value of a metric without tags; null where there is none. */
  value(metric: string): number | null {
    return this.series(metric)[0]?.value ?? null;
  }

  /** The sum over all series of a metric; null where there is none. */
  sum(metric: string): number | null {
    const series = this.series(metric);
    return series.length === 0 ? null : series.reduce((total, { value }) => total + value, 0);
  }

  /** All series of a metric that have a value that still counts. */
  series(metric: string): readonly Sample[] {
    const from = (this.second ?? 0) - VALUE_AGE_S_MAX;
    const all = [...(this.#samples.get(metric)?.values() ?? [])];
    return SUMMED.has(metric) ? all : all.filter(({ second }) => second >= from);
  }
}

export class Board {
  readonly #readings = new Map<string, Reading>();

  /** The endpoints that there are now; all others are forgotten. */
  describe(endpoints: readonly Endpoint[]): void {
    const living = endpoints.filter(({ state }) => state === 'running');
    const names = new Set(living.map(({ name }) => name));
    for (const name of this.#readings.keys()) if (!names.has(name)) this.#readings.delete(name);
    for (const endpoint of living) {
      const known = this.#readings.get(endpoint.name);
      const isSame = known !== undefined && known.endpoint.container?.id === endpoint.container?.id;
      if (isSame) known.endpoint = endpoint;
      else this.#readings.set(endpoint.name, new Reading(endpoint));
    }
  }

  /** Takes a value; one of an endpoint that was not described is dropped. */
  put(endpoint: string, sample: Sample): void {
    this.#readings.get(endpoint)?.put(sample);
  }

  readings(): readonly Reading[] {
    return [...this.#readings.values()];
  }
}
