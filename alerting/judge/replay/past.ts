/**
 * Samples of the past as ticks: pages of a range query, put side by side second by second, under one
 * collector that has every series. A page holds so many seconds that it stays small.
 */
import {
  AppError,
  absentColumn,
  Dictionary,
  type Endpoint,
  formatSeries,
  type QueryRange,
  type QueryRangeAnswer,
  RAW_DECIMALS,
  second,
  type Tick,
  timestampMs,
} from '../../../core/index.ts';

/** The range query that the API answers as well: seconds from the ring, minutes from history. */
export type QueryPast = (query: QueryRange) => Promise<QueryRangeAnswer>;

export type PastOptions = {
  readonly query: QueryPast;
  /** Describes an endpoint by its name; one that is not known any more has no labels. */
  readonly endpointOf: (name: string) => Endpoint | undefined;
  /** From this second on every second is there; before it, minutes are. */
  readonly oldestSecond: () => number;
  readonly metrics: readonly string[];
  /** Only this one; all where left out. */
  readonly endpoint?: string | undefined;
  readonly fromMs: number;
  readonly toMs: number;
};

/** Buckets of a page, over all series: a tenth of what one answer may hold. */
const PAGE_POINTS = 30_000;
const PAGE_SECONDS_MAX = 3600;
const PAGE_SECONDS_MIN = 60;
/** A day at a second, or two months at a minute. */
export const TICKS_MAX = 100_000;

export type PastTick = { readonly tick: Tick; readonly stepSeconds: number };

export class Past {
  /** True once minutes of history had to stand for seconds. */
  approximate = false;
  ticks = 0;
  seriesCount = 0;
  readonly #options: PastOptions;
  readonly #columns = new Map<string, number>();
  readonly #endpoints = new Map<string, number>();
  readonly #dictionary = new Dictionary(1);

  constructor(options: PastOptions) {
    this.#options = options;
  }

  /** Rejects with `QUERY_LIMIT` where a page or the whole is too large, and with what the query rejects with. */
  async *read(): AsyncIterable<PastTick> {
    const { metrics, endpoint, fromMs, toMs, query } = this.#options;
    const select = { metrics: [...metrics], ...(endpoint === undefined ? {} : { endpoints: [endpoint] }) };
    let pageSeconds = PAGE_SECONDS_MIN;
    for (let at = fromMs; at < toMs; ) {
      const until = Math.min(toMs, at + pageSeconds * 1000, this.#seamAfter(at));
      const page = await query({ select, fromMs: at, toMs: until, stepSeconds: 1 });
      if (page.stepSeconds > 1) this.approximate = true;
      yield* this.#ticksOf(page, at, until);
      at = until;
      const perSecond = Math.max(1, page.series.length) / page.stepSeconds;
      pageSeconds = Math.min(
        PAGE_SECONDS_MAX * page.stepSeconds,
        Math.max(PAGE_SECONDS_MIN, Math.floor(PAGE_POINTS / perSecond)),
      );
      // Minutes of history end on whole minutes, so that no bucket is judged twice.
      if (page.stepSeconds > 1) at = Math.max(at, Math.min(toMs, page.toMs));
    }
  }

  /** A page does not cross the seam: one that begins with minutes has no seconds at all. */
  #seamAfter(at: number): number {
    const seamMs = Math.ceil(this.#options.oldestSecond() / 60) * 60_000;
    return seamMs > at ? seamMs : Number.POSITIVE_INFINITY;
  }

  *#ticksOf({ series, fromMs, stepSeconds }: QueryRangeAnswer, from: number, until: number): Iterable<PastTick> {
    const columns = series.map((one) => this.#columnOf(one));
    this.seriesCount = this.#columns.size;
    const buckets = series[0]?.count.length ?? 0;
    for (let bucket = 0; bucket < buckets; bucket++) {
      const atMs = fromMs + bucket * stepSeconds * 1000;
      if (atMs < from || atMs >= until) continue;
      const values = absentColumn(this.#columns.size);
      for (const [index, { avg }] of series.entries()) {
        const value = avg[bucket];
        if (typeof value === 'number') values[columns[index] ?? 0] = value;
      }
      if (++this.ticks > TICKS_MAX) {
        throw new AppError('QUERY_LIMIT', `the range has more than ${TICKS_MAX} seconds`, {
          hint: 'take a shorter range',
        });
      }
      yield { tick: this.#tick(Math.floor(atMs / 1000), values), stepSeconds };
    }
  }

  #tick(at: number, values: Float64Array): Tick {
    const nowMs = timestampMs(at * 1000);
    const header = { collector: 'past', bootEpoch: 1, seq: at, second: second(at), sentAtMs: nowMs, generation: 1 };
    return { frame: { ...header, values }, dictionary: this.#dictionary, receivedAtMs: nowMs, kind: 'live' };
  }

  #columnOf(series: {
    readonly endpoint: string;
    readonly metric: string;
    readonly tags: Readonly<Record<string, string>>;
  }): number {
    const key = formatSeries(series);
    const known = this.#columns.get(key);
    if (known !== undefined) return known;
    const column = this.#columns.size;
    this.#columns.set(key, column);
    const { metric, tags } = series;
    const entry = { endpoint: this.#endpointOf(series.endpoint), metric, tags: { ...tags }, decimals: RAW_DECIMALS };
    this.#dictionary.apply({ generation: 1, endpoints: [], firstSeries: column, series: [entry] });
    return column;
  }

  #endpointOf(name: string): number {
    const known = this.#endpoints.get(name);
    if (known !== undefined) return known;
    const index = this.#endpoints.size;
    this.#endpoints.set(name, index);
    const described = this.#options.endpointOf(name);
    // What is stopped by now ran then.
    const endpoint: Endpoint =
      described === undefined
        ? { name, kind: 'host', host: name, state: 'running', labels: {} }
        : { ...described, state: 'running' };
    this.#dictionary.apply({ generation: 1, endpoints: [{ index, endpoint }], firstSeries: 0, series: [] });
    return index;
  }
}
