import {
  AppError,
  type DescribedSeries,
  type Dictionary,
  findMetric,
  formatSeries,
  isAbsent,
  jsonNumber,
  type LiveMessage,
  type LiveRequest,
  type LiveTopic,
  type SeriesIdentity,
  type Tick,
} from '../../core/index.ts';
import { SeriesTest } from '../query/select/series-test.ts';

const SUBSCRIPTIONS_PER_CLIENT_MAX = 50;
const COLUMNS_PER_SUBSCRIPTION_MAX = 10_000;

/** Sends one message, or returns false when the client has not read what was sent before. */
export type LiveSink = (message: LiveMessage) => boolean;

type Column = { readonly index: number; readonly column: number };
type Compiled = { readonly columns: Column[]; seen: number };

type Subscription = {
  readonly id: number;
  readonly test: SeriesTest;
  /** Column numbers by series name: a series keeps its column whoever sends it. */
  readonly columnByName: Map<string, number>;
  readonly described: DescribedSeries[];
  /** How many of the columns the client knows by name. */
  named: number;
  readonly compiled: WeakMap<Dictionary, Compiled>;
};

/** What was not sent to a client that did not read. */
type Missed = { ticks: number; fromSecond: number; toSecond: number };

/** One connected client with its subscriptions. */
export class LiveClient {
  readonly #sink: LiveSink;
  readonly #subscriptions = new Map<number, Subscription>();
  readonly #topicsLeft = new Set<LiveTopic>();
  readonly #onMissed: () => void;
  #missed: Missed | null = null;

  constructor(sink: LiveSink, onMissed: () => void) {
    this.#sink = sink;
    this.#onMissed = onMissed;
  }

  /** Throws `BAD_REQUEST` or `QUERY_LIMIT`. */
  handle(request: LiveRequest): void {
    if (request.type === 'unsubscribe') {
      this.#subscriptions.delete(request.id);
      return;
    }
    if (this.#subscriptions.has(request.id))
      throw new AppError('BAD_REQUEST', `subscription ${request.id} exists already`);
    if (this.#subscriptions.size >= SUBSCRIPTIONS_PER_CLIENT_MAX) {
      throw new AppError('QUERY_LIMIT', `${SUBSCRIPTIONS_PER_CLIENT_MAX} subscriptions on one connection already`);
    }
    const { id, select } = request;
    this.#subscriptions.set(id, {
      id,
      test: new SeriesTest(select),
      columnByName: new Map(),
      described: [],
      named: 0,
      compiled: new WeakMap(),
    });
  }

  onTick(tick: Tick): void {
    if (this.#topicsLeft.size > 0) this.#tellTopics();
    const concerned = [...this.#subscriptions.values()].filter(
      (one) => compile(one, tick.dictionary).columns.length > 0,
    );
    if (concerned.length === 0) return;
    if (this.#missed !== null && this.#sink({ type: 'missed', ...this.#missed })) this.#missed = null;
    // What a client has missed it learns before anything newer.
    const isCurrent = this.#missed === null;
    if (isCurrent && concerned.every((subscription) => this.#deliver(subscription, tick))) return;
    this.#miss(tick.frame.second);
  }

  #miss(second: number): void {
    this.#onMissed();
    this.#missed ??= { ticks: 0, fromSecond: second, toSecond: second };
    this.#missed.ticks++;
    this.#missed.fromSecond = Math.min(this.#missed.fromSecond, second);
    this.#missed.toSecond = Math.max(this.#missed.toSecond, second);
  }

  /** A topic that can not be told now is told when the client reads again. */
  changed(topic: LiveTopic): void {
    this.#topicsLeft.add(topic);
    this.#tellTopics();
  }

  #tellTopics(): void {
    for (const topic of this.#topicsLeft) {
      if (!this.#sink({ type: 'changed', topic })) return;
      this.#topicsLeft.delete(topic);
    }
  }

  /** False when the client is behind and the tick was left out. */
  #deliver(subscription: Subscription, tick: Tick): boolean {
    const compiled = compile(subscription, tick.dictionary);
    if (compiled.columns.length === 0) return true;
    if (!this.#name(subscription)) return false;
    const columns: number[] = [];
    const values: ReturnType<typeof jsonNumber>[] = [];
    for (const { index, column } of compiled.columns) {
      if (index >= tick.frame.values.length || isAbsent(tick.frame.values, index)) continue;
      columns.push(column);
      values.push(jsonNumber(tick.frame.values[index] as number));
    }
    return this.#sink({ type: 'tick', id: subscription.id, second: tick.frame.second, columns, values });
  }

  /** Names columns that the client has not heard of yet. */
  #name(subscription: Subscription): boolean {
    const { id, named: first, described } = subscription;
    if (first === described.length) return true;
    if (!this.#sink({ type: 'series', id, first, series: described.slice(first) })) return false;
    subscription.named = described.length;
    return true;
  }
}

/** Extends what is known of a dictionary by what it has gained since. */
function compile(subscription: Subscription, dictionary: Dictionary): Compiled {
  let compiled = subscription.compiled.get(dictionary);
  if (compiled === undefined) {
    compiled = { columns: [], seen: 0 };
    subscription.compiled.set(dictionary, compiled);
  }
  for (; compiled.seen < dictionary.series.length; compiled.seen++) {
    const entry = dictionary.series[compiled.seen];
    if (entry === undefined || !subscription.test.takes(entry, dictionary.endpointOf(compiled.seen))) continue;
    const column = columnOf(subscription, dictionary.identityOf(compiled.seen));
    if (column !== null) compiled.columns.push({ index: compiled.seen, column });
  }
  return compiled;
}

/** The column of a series, a new one when it is new; null when the subscription is full. */
function columnOf(subscription: Subscription, series: SeriesIdentity): number | null {
  const name = formatSeries(series);
  const known = subscription.columnByName.get(name);
  if (known !== undefined) return known;
  const column = subscription.described.length;
  if (column >= COLUMNS_PER_SUBSCRIPTION_MAX) return null;
  subscription.columnByName.set(name, column);
  subscription.described.push({ ...series, unit: findMetric(series.metric)?.unit ?? null });
  return column;
}

/** All live clients. A client that does not read misses ticks and is told how many; nobody waits for it. */
export class LiveHub {
  readonly #clients = new Set<LiveClient>();
  #ticksMissed = 0;

  /** Of all clients, since the start. */
  get ticksMissed(): number {
    return this.#ticksMissed;
  }

  get clientCount(): number {
    return this.#clients.size;
  }

  join(sink: LiveSink): { client: LiveClient; leave: () => void } {
    const client = new LiveClient(sink, () => {
      this.#ticksMissed++;
    });
    this.#clients.add(client);
    return { client, leave: () => this.#clients.delete(client) };
  }

  onTick(tick: Tick): void {
    for (const client of this.#clients) client.onTick(tick);
  }

  changed(topic: LiveTopic): void {
    for (const client of this.#clients) client.changed(topic);
  }
}
