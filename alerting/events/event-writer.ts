/**
 * Makes events durable, in the order in which they were decided: the event, the alert's new state
 * and its outbox rows in one transaction. Only then does anybody hear of it. Judging never waits
 * for this; while the state store is away, events wait here.
 */
import { type Clock, describeError, type Logger, type StateStore, sleep } from '../../core/index.ts';
import type { EventSink } from '../judge/judging.ts';
import { type Commit, commitStatements, type DeliveryPlan } from '../store/alert-rows.ts';

/** About 1.5 KB each, 75 MB: more than one for each of 40,000 instances that go down at once. */
export const QUEUE_EVENTS_MAX = 50_000;
/** In one transaction. */
const BATCH_EVENTS_MAX = 500;
const RETRY_MS_MIN = 1000;
const RETRY_MS_MAX = 10_000;

export type EventWriterOptions = {
  readonly store: StateStore;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Who is told of an event. Asked once for each, in their order. */
  readonly plan: (commit: Commit, nowMs: number) => DeliveryPlan;
  /** These events are durable now, and messages to these channels wait in the outbox. */
  readonly onCommitted: (channels: ReadonlySet<string>) => void;
};

export class EventWriter implements EventSink {
  readonly counts = { committed: 0, writesFailed: 0 };
  readonly #options: EventWriterOptions;
  readonly #queue: Commit[] = [];
  /** Of the batch that is being written: a write that is tried again says the same. */
  #plans = new Map<Commit, DeliveryPlan>();
  readonly #closing = new AbortController();
  #running: Promise<void> | null = null;

  constructor(options: EventWriterOptions) {
    this.#options = options;
  }

  get hasRoom(): boolean {
    return this.#queue.length < QUEUE_EVENTS_MAX && !this.#closing.signal.aborted;
  }

  get queued(): number {
    return this.#queue.length;
  }

  /** The caller has asked `hasRoom`. */
  push(commit: Commit): void {
    this.#queue.push(commit);
    this.#running ??= this.#run();
  }

  /** Takes no more events, writes those that it has, and gives up when a write fails. */
  async close(): Promise<void> {
    this.#closing.abort(new Error('closing'));
    await this.#running;
  }

  async #run(): Promise<void> {
    // Events of one tick belong into one transaction: let the tick end first.
    await Promise.resolve();
    let retryMs = RETRY_MS_MIN;
    while (this.#queue.length > 0) {
      if (await this.#writeBatch()) {
        retryMs = RETRY_MS_MIN;
        continue;
      }
      if (this.#closing.signal.aborted) break;
      await sleep(this.#options.clock, retryMs, this.#closing.signal).catch(() => {});
      retryMs = Math.min(RETRY_MS_MAX, retryMs * 2);
    }
    // In the same turn as the last look at the queue, so that no event is pushed in between.
    this.#running = null;
  }

  async #writeBatch(): Promise<boolean> {
    const { store, clock, logger, onCommitted } = this.#options;
    const batch = this.#queue.slice(0, BATCH_EVENTS_MAX);
    const nowMs = clock.nowMs();
    try {
      await store.write(batch.flatMap((commit) => commitStatements(commit, this.#planOf(commit, nowMs), nowMs)));
    } catch (error) {
      this.counts.writesFailed++;
      logger.error({ events: this.#queue.length, error: describeError(error) }, 'events could not be stored');
      return false;
    }
    this.#queue.splice(0, batch.length);
    this.counts.committed += batch.length;
    const planned = [...this.#plans.values()].flatMap(({ deliveries }) => deliveries.map(({ channel }) => channel));
    this.#plans = new Map();
    onCommitted(new Set(planned));
    return true;
  }

  #planOf(commit: Commit, nowMs: number): DeliveryPlan {
    const plan = this.#plans.get(commit) ?? this.#options.plan(commit, nowMs);
    this.#plans.set(commit, plan);
    return plan;
  }
}
