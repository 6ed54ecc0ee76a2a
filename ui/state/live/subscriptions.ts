import type { DescribedSeries, LiveMessage, LiveRequest, LiveTopic, Selector } from '../../../core/api/index.ts';

/** What a subscriber is told. Columns are numbered per subscription and start again after `restarted`. */
export interface LiveListener {
  /** Columns `first …` are these series from now on. */
  series(first: number, series: readonly DescribedSeries[]): void;
  tick(second: number, columns: readonly number[], values: readonly number[]): void;
  /** Ticks are missing: forget columns where `columnsLost`, and fetch the range again. */
  gap(columnsLost: boolean): void;
  refused(code: string, message: string): void;
}

type Subscription = { readonly select: Selector; readonly listener: LiveListener };

export type Send = (request: LiveRequest) => void;

/** Far above what a page asks for; the protocol's own limit on ids is a million. */
const ID_MAX = 1_000_000;

/**
 * The client's half of the live protocol, without the socket: which subscriptions exist, and who is
 * told about a message. Survives any number of connections; `opened` subscribes to everything again.
 */
export class Subscriptions {
  #next = 1;
  #send: Send | null = null;
  readonly #byId = new Map<number, Subscription>();
  readonly #topics = new Map<LiveTopic, Set<() => void>>();
  /** Messages for subscriptions that had just been given up. A few are normal. */
  strayCount = 0;

  /** Returns the function that ends the subscription. */
  add(select: Selector, listener: LiveListener): () => void {
    const id = this.#takeId();
    this.#byId.set(id, { select, listener });
    this.#send?.({ type: 'subscribe', id, select });
    return () => {
      if (this.#byId.delete(id)) this.#send?.({ type: 'unsubscribe', id });
    };
  }

  onChanged(topic: LiveTopic, run: () => void): () => void {
    const set = this.#topics.get(topic) ?? new Set();
    this.#topics.set(topic, set.add(run));
    return () => set.delete(run);
  }

  get isEmpty(): boolean {
    return this.#byId.size === 0;
  }

  /**
   * A connection is there. Whoever waited for it, at the first one as well, has to fetch what came to
   * pass between their own last look and now.
   */
  opened(send: Send): void {
    this.#send = send;
    for (const [id, { select, listener }] of this.#byId) {
      send({ type: 'subscribe', id, select });
      listener.gap(true);
    }
    for (const listeners of this.#topics.values()) for (const run of listeners) run();
  }

  closed(): void {
    this.#send = null;
  }

  receive(message: LiveMessage): void {
    switch (message.type) {
      case 'series':
        return this.#find(message.id)?.listener.series(message.first, message.series);
      case 'tick':
        return this.#find(message.id)?.listener.tick(message.second, message.columns, message.values.map(sampleValue));
      case 'missed':
        for (const { listener } of this.#byId.values()) listener.gap(false);
        return;
      case 'changed':
        for (const run of this.#topics.get(message.topic) ?? []) run();
        return;
      case 'error':
        if (message.id !== null) this.#find(message.id)?.listener.refused(message.code, message.message);
        return;
    }
  }

  #find(id: number): Subscription | undefined {
    const found = this.#byId.get(id);
    if (!found) this.strayCount++;
    return found;
  }

  #takeId(): number {
    while (this.#byId.has(this.#next)) this.#next = (this.#next % ID_MAX) + 1;
    const id = this.#next;
    this.#next = (id % ID_MAX) + 1;
    return id;
  }
}

/** A sample as the API writes it: null is missing, and drawn like a NaN: not at all. */
export function sampleValue(sample: number | string | null): number {
  if (typeof sample === 'number') return sample;
  if (sample === 'Infinity') return Number.POSITIVE_INFINITY;
  if (sample === '-Infinity') return Number.NEGATIVE_INFINITY;
  return Number.NaN;
}
