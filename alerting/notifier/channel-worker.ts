/**
 * Sends what waits for one channel, in order and one at a time, so that no slow channel holds up
 * another and a receiver never hears the end before the beginning. The outbox is the queue: the
 * worker reads it when it is woken, and holds nothing that a crash could lose. What was sent but
 * not yet marked when the process died is sent once more, with the same key.
 */
import { type Clock, describeError, type Logger, type Statement, type StateStore, sleep } from '../../core/index.ts';
import { markDelivered, markFailed, markRetry, type PendingDelivery, readPending } from '../store/outbox.ts';
import { type Outcome, runStages, type Stage } from './stage.ts';

/** Of the outbox, read at a time. */
const PAGE_DELIVERIES = 100;
const RETRY_MS_MIN = 1000;
const RETRY_MS_MAX = 10_000;

export type NotifierCounts = { attempts: number; delivered: number; failed: number; retries: number };

export type ChannelWorkerOptions = {
  readonly store: StateStore;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly stages: readonly Stage[];
  readonly counts: NotifierCounts;
  /** A delivery has changed its state. */
  readonly onChange: () => void;
  readonly closing: AbortSignal;
};

export class ChannelWorker {
  readonly #channel: string;
  readonly #options: ChannelWorkerOptions;
  #running: Promise<void> | null = null;
  #wokenAgain = false;
  /** Grows with every failure of the channel, whichever message it was; a success resets it. */
  #retryMs = RETRY_MS_MIN;

  constructor(channel: string, options: ChannelWorkerOptions) {
    this.#channel = channel;
    this.#options = options;
  }

  /** There is something in the outbox, or there may be. */
  wake(): void {
    this.#wokenAgain = true;
    this.#running ??= this.#run();
  }

  /** Resolves when the worker has stopped; `closing` was aborted before. */
  async stopped(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    // Lets `wake` note the promise before the first page can end the loop.
    await Promise.resolve();
    while (!this.#options.closing.aborted) {
      this.#wokenAgain = false;
      const sent = await this.#sendPage();
      if (sent === 0 && !this.#wokenAgain) break;
    }
    this.#running = null;
  }

  /** Returns how many messages left the outbox; waits where the state store can not be read. */
  async #sendPage(): Promise<number> {
    const { store, logger, closing } = this.#options;
    try {
      const page = await readPending(store, this.#channel, PAGE_DELIVERIES);
      let sent = 0;
      for (const delivery of page) {
        await this.#finish(delivery);
        if (closing.aborted) break;
        sent++;
      }
      return sent;
    } catch (error) {
      if (closing.aborted) return 0;
      logger.error({ channel: this.#channel, error: describeError(error) }, 'the outbox could not be read');
      await this.#wait();
      this.#wokenAgain = true;
      return 0;
    }
  }

  /** Tries until the message is delivered or given up, or the process stops. */
  async #finish(delivery: PendingDelivery): Promise<void> {
    const { closing, clock, counts, logger } = this.#options;
    const { sequence } = delivery;
    for (let attempts = delivery.attempts + 1; !closing.aborted; attempts++) {
      const outcome = await this.#attempt(delivery);
      // An attempt that our own stop cut off is neither a success nor a failure.
      if (closing.aborted && outcome.kind !== 'delivered') return;
      switch (outcome.kind) {
        case 'delivered':
          counts.delivered++;
          this.#retryMs = RETRY_MS_MIN;
          return this.#mark(markDelivered(sequence, attempts, clock.nowMs()));
        case 'failed':
          counts.failed++;
          logger.error(
            { channel: this.#channel, key: delivery.event.key, reason: outcome.reason },
            'a message was given up',
          );
          // A message that was never tried keeps the count of its attempts.
          return this.#mark(markFailed(sequence, attempts - 1, outcome.reason));
        case 'retry':
          counts.retries++;
          logger.warn({ channel: this.#channel, attempts, reason: outcome.reason }, 'a message was not taken');
          await this.#mark(markRetry(sequence, attempts, outcome.reason));
          await this.#wait();
      }
    }
  }

  async #attempt({ event, channel, createdAtMs }: PendingDelivery): Promise<Outcome> {
    this.#options.counts.attempts++;
    try {
      return await runStages(this.#options.stages, { event, channelName: channel, createdAtMs });
    } catch (error) {
      return { kind: 'retry', reason: describeError(error) };
    }
  }

  /** Not given up before it is written: sending again because a mark was lost would be our fault. */
  async #mark(statement: Statement): Promise<void> {
    const { store, logger, closing, onChange } = this.#options;
    for (;;) {
      try {
        await store.write([statement]);
        onChange();
        return;
      } catch (error) {
        logger.error({ channel: this.#channel, error: describeError(error) }, 'a delivery could not be marked');
        if (closing.aborted) return;
        await this.#wait();
      }
    }
  }

  async #wait(): Promise<void> {
    const { clock, closing } = this.#options;
    const waitMs = this.#retryMs;
    this.#retryMs = Math.min(RETRY_MS_MAX, waitMs * 2);
    await sleep(clock, waitMs, closing).catch(() => {});
  }
}
