/**
 * Turns points into the values of series. Everything that is stored is a gauge, as everywhere in
 * Saker: what counts up becomes a rate per second of true elapsed time, a histogram the rate, mean
 * and quantiles of what came since the point before.
 */
import { formatTags, isAppError, type Tags } from '../../../core/index.ts';
import { Counter } from '../../reading/counter.ts';
import type { EndpointEntry } from '../../sampling/series-register.ts';
import type { ReadingSource } from '../readings.ts';
import { bucketDeltas, bucketQuantile } from './buckets.ts';
import type { Point } from './point.ts';
import type { Refusals } from './refusals.ts';

const TAGS_MAX = 24;
const QUANTILES = [0.5, 0.95, 0.99];

type Histogram = Extract<Point, { kind: 'histogram' }>;
type State = {
  readonly counter: Counter;
  readonly sum: Counter;
  /** Of a histogram: the buckets of the point before. */
  counts: readonly number[] | null;
  usedAtMs: number;
};

export class PointIntake {
  readonly #source: ReadingSource;
  readonly #refusals: Refusals;
  readonly #statesMax: number;
  /** What counts up, by endpoint and series. */
  readonly #states = new Map<EndpointEntry | null, Map<string, State>>();
  #stateCount = 0;

  /** `statesMax` bounds what is remembered of counters; take the number of series. */
  constructor(source: ReadingSource, refusals: Refusals, statesMax: number) {
    this.#source = source;
    this.#refusals = refusals;
    this.#statesMax = statesMax;
  }

  /** Takes a point, or counts why not. `endpoint` null is the host. Returns whether it was taken. */
  take(point: Point, endpoint: EndpointEntry | null, nowMs: number): boolean {
    const fault = faultOf(point);
    if (fault !== null) {
      this.#refusals.add(fault);
      return false;
    }
    try {
      this.#put(point, endpoint, nowMs);
      return true;
    } catch (error) {
      if (!isAppError(error)) throw error;
      this.#refusals.add(error.message.replace(/ \([^(]*\)$/, ''));
      return false;
    }
  }

  #put(point: Point, endpoint: EndpointEntry | null, nowMs: number): void {
    const { metric, tags } = point;
    const put = (suffix: string, value: number, more: Tags = {}): void => {
      if (Number.isFinite(value))
        this.#source.put({ endpoint, metric: metric + suffix, tags: { ...tags, ...more }, value });
    };
    if (point.kind === 'gauge') return put('', point.value);
    const state = this.#stateOf(point, endpoint, nowMs);
    if (point.kind === 'counter') return put('.rate', rateOf(state, point, point.value, nowMs));
    const count = point.kind === 'histogram' && point.isDelta ? point.count : state.counter.delta(point.count);
    const sum = point.kind === 'histogram' && point.isDelta ? point.sum : state.sum.delta(point.sum);
    const elapsedSeconds = (nowMs - state.usedAtMs) / 1000;
    if (elapsedSeconds > 0.1) put('.rate', count / elapsedSeconds);
    if (count > 0) put('.avg', sum / count);
    if (point.kind === 'summary') {
      for (const { q, value } of point.quantiles) put('.quantile', value, { q: String(q) });
    } else {
      this.#putQuantiles(point, state, put);
    }
    state.usedAtMs = nowMs;
  }

  #putQuantiles(point: Histogram, state: State, put: (suffix: string, value: number, more: Tags) => void): void {
    const counts = point.isDelta ? point.counts : bucketDeltas(state.counts, point.counts);
    state.counts = point.counts;
    if (counts === null) return;
    for (const q of QUANTILES) put('.quantile', bucketQuantile(q, point.bounds, counts), { q: String(q) });
  }

  #stateOf({ metric, tags }: Point, endpoint: EndpointEntry | null, nowMs: number): State {
    const key = `${metric}/${formatTags(tags)}`;
    const known = this.#states.get(endpoint)?.get(key);
    if (known !== undefined) return known;
    if (this.#stateCount >= this.#statesMax) this.#forgetAll();
    const states = this.#states.get(endpoint) ?? new Map<string, State>();
    this.#states.set(endpoint, states);
    const state: State = { counter: new Counter(), sum: new Counter(), counts: null, usedAtMs: nowMs };
    states.set(key, state);
    this.#stateCount++;
    return state;
  }

  /** Costs one interval of each counter; happens when names are invented without end. */
  #forgetAll(): void {
    this.#states.clear();
    this.#stateCount = 0;
  }
}

function rateOf(state: State, point: Extract<Point, { kind: 'counter' }>, value: number, nowMs: number): number {
  if (!point.isDelta) return state.counter.perSecond(value, nowMs);
  const elapsedSeconds = (nowMs - state.usedAtMs) / 1000;
  state.usedAtMs = nowMs;
  return elapsedSeconds > 0.1 ? value / elapsedSeconds : Number.NaN;
}

function faultOf({ tags }: Point): string | null {
  const keys = Object.keys(tags);
  if (keys.length > TAGS_MAX) return `more than ${TAGS_MAX} labels`;
  for (const key of keys) {
    if (!/^[^,=\s]{1,64}$/.test(key))
      return 'a label whose name is longer than 64 characters, or has a comma, = or space';
    if ((tags[key] ?? '').length > 255) return 'a label of more than 255 characters';
  }
  return null;
}
