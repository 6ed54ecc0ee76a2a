/**
 * Sends what waits for one channel, in order and one at a time, so that no slow channel holds up
 * another and a receiver never hears the end before the beginning. The outbox is the queue: the
 * worker reads it when it is woken, and holds nothing that a crash could lose. What was sent but
 * not yet marked when the process died is sent once more, with the same key.
 */
import {
  type CancelTimer,
  type Clock,
  describeError,
  type Logger,
  type Statement,
  type StateStore,
  sleep,
} from '../../../core/index.ts';
import { type FoldScope, foldRows, readGroups, readLastSequence, readSample } from '../../store/digests.ts';
import { insertMessage, readMessage } from '../../store/messages.ts';
import {
  markDelivered,
  markFailed,
  markHeld,
  markRetry,
  type PendingDelivery,
  readNextDueMs,
  readPending,
  readSpentAtMs,
} from '../../store/outbox.ts';
import type { Budget, Channel } from '../channels/index.ts';
import { Breaker } from './breaker.ts';
import { digestBody } from './digest.ts';
import { type Gathering, gather } from './gather.ts';
import { type Content, type Outcome, runStages, type Stage } from './stage.ts';

/** Of the outbox, read at a time; more than any channel sends one by one. */
const PAGE_DELIVERIES = 100;
/** A receiver that refuses a message this often has made up its mind, and the next one is tried. */
const REFUSALS_MAX = 5;
/** Events that a digest carries whole, for machines. */
const DIGEST_EVENTS = 20;

export type NotifierCounts = {
  attempts: number;
  delivered: number;
  failed: number;
  retries: number;
  held: number;
  digests: number;
};

export type ChannelWorkerOptions = {
  readonly store: StateStore;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly stages: readonly Stage[];
  readonly counts: NotifierCounts;
  /** The channel as the rules file has it, and its robot's budget; undefined when it has none of the name. */
  readonly channelOf: (name: string) => { readonly channel: Channel; readonly budget: Budget | undefined } | undefined;
  /** A delivery has changed its state. */
  readonly onChange: () => void;
  readonly closing: AbortSignal;
};

export class ChannelWorker {
  readonly breaker: Breaker;
  readonly #channel: string;
  readonly #options: ChannelWorkerOptions;
  #running: Promise<void> | null = null;
  #wokenAgain = false;
  #isBudgetRestored = false;
  #cancelAlarm: CancelTimer = () => {};
  /** On the monotonic clock; null while there is no storm. */
  #gatheringSinceMs: number | null = null;
  #lastDigestMs: number | null = null;
  /** One message may be at fault; when the next is refused as well, it is the channel, and messages wait for its repair. */
  #refusedOneBefore = false;

  constructor(channel: string, options: ChannelWorkerOptions) {
    this.#channel = channel;
    this.#options = options;
    this.breaker = new Breaker(options.clock);
  }

  /** There is something in the outbox, or there may be. */
  wake(): void {
    this.#wokenAgain = true;
    this.#running ??= this.#run();
  }

  /** Resolves when the worker has stopped; `closing` was aborted before. */
  async stopped(): Promise<void> {
    this.#cancelAlarm();
    await this.#running;
  }

  async #run(): Promise<void> {
    // Lets `wake` note the promise before the first page can end the loop.
    await Promise.resolve();
    if (!this.#isBudgetRestored) await this.#restoreBudget();
    while (!this.#options.closing.aborted) {
      this.#wokenAgain = false;
      const isEmpty = await this.#sendPage();
      if (isEmpty && !this.#wokenAgain) break;
    }
    this.#running = null;
  }

  /** A robot counts on while this process was restarted. */
  async #restoreBudget(): Promise<void> {
    const { store, clock, channelOf, logger } = this.#options;
    const budget = channelOf(this.#channel)?.budget;
    if (budget === undefined) return;
    const nowMs = clock.nowMs();
    try {
      const spentAtMs = await readSpentAtMs(store, this.#channel, nowMs);
      budget.restore(spentAtMs.map((atMs) => clock.monotonicMs() - (nowMs - atMs)));
      this.#isBudgetRestored = true;
    } catch (error) {
      logger.warn({ channel: this.#channel, error: describeError(error) }, 'what a robot has been sent is not known');
    }
  }

  /** Returns whether nothing is due; waits where the state store can not be read. */
  async #sendPage(): Promise<boolean> {
    const { store, clock, logger, closing } = this.#options;
    try {
      const nowMs = clock.nowMs();
      const page = await readPending(store, this.#channel, { limit: PAGE_DELIVERIES, nowMs });
      const [head] = page;
      if (head === undefined) {
        this.#gatheringSinceMs = null;
        await this.#setAlarm(nowMs);
        return true;
      }
      await this.#sendFirst(page, head);
      return false;
    } catch (error) {
      if (closing.aborted) return true;
      logger.error({ channel: this.#channel, error: describeError(error) }, 'the outbox could not be read');
      this.breaker.failed();
      await this.#wait(this.breaker.waitMs);
      return false;
    }
  }

  /** Rows whose time has not come wake the worker when it has. */
  async #setAlarm(nowMs: number): Promise<void> {
    const { store, clock, closing } = this.#options;
    this.#cancelAlarm();
    const dueMs = await readNextDueMs(store, this.#channel, nowMs);
    if (dueMs === null || closing.aborted) return;
    this.#cancelAlarm = clock.after(dueMs - nowMs, () => this.wake());
  }

  async #sendFirst(page: readonly PendingDelivery[], head: PendingDelivery): Promise<void> {
    const decision = this.#gather(page);
    switch (decision.kind) {
      case 'wait':
        return this.#wait(decision.forMs);
      case 'fold':
        return this.#fold(head, decision.only);
      case 'single':
        if (page.length === 1) this.#gatheringSinceMs = null;
        return this.#finish(head);
    }
  }

  #gather(page: readonly PendingDelivery[]): Gathering {
    const { clock, channelOf } = this.#options;
    const found = channelOf(this.#channel);
    if (found === undefined) return { kind: 'single', reason: 'the channel is gone' };
    const { channel, budget } = found;
    const nowMs = clock.monotonicMs();
    const room = budget?.room(nowMs) ?? Number.POSITIVE_INFINITY;
    if (page.length > Math.min(channel.options.digestAbove, room)) this.#gatheringSinceMs ??= nowMs;
    return gather({
      page,
      transport: channel.transport,
      options: channel.options,
      room,
      waitMs: budget?.waitMs(nowMs) ?? 0,
      gatheringMs: this.#gatheringSinceMs === null ? null : nowMs - this.#gatheringSinceMs,
      sinceDigestMs: this.#lastDigestMs === null ? null : nowMs - this.#lastDigestMs,
    });
  }

  /** Makes one durable message of the rows; the next page begins with it. */
  async #fold({ audience, sequence }: PendingDelivery, only: FoldScope['only']): Promise<void> {
    const { store, clock, counts } = this.#options;
    const nowMs = clock.nowMs();
    const lastSequence = await readLastSequence(store, this.#channel, audience);
    const scope: FoldScope = { channel: this.#channel, audience, lastSequence, nowMs, only };
    const groups = await readGroups(store, scope);
    const events = await readSample(store, scope, DIGEST_EVENTS);
    const key = `digest_${this.#channel}_${sequence}_${lastSequence}`;
    await store.write([insertMessage(key, digestBody(key, groups, events), nowMs), foldRows(scope, key)]);
    if (only === null) this.#lastDigestMs = clock.monotonicMs();
    counts.digests++;
  }

  /** Tries until the message is delivered, held or given up, or the process stops. */
  async #finish(delivery: PendingDelivery): Promise<void> {
    const { closing, clock, counts } = this.#options;
    let fromPart = 0;
    let refusals = 0;
    for (let attempts = delivery.attempts + 1; !closing.aborted; attempts++) {
      const outcome = await this.#attempt(delivery, fromPart);
      // An attempt that our own stop cut off is neither a success nor a failure.
      if (closing.aborted && outcome.kind !== 'delivered') return;
      switch (outcome.kind) {
        case 'delivered':
          counts.delivered++;
          this.breaker.succeeded();
          this.#refusedOneBefore = false;
          return this.#mark(markDelivered(delivery, attempts, clock.nowMs()));
        case 'held':
          counts.held++;
          return this.#mark(markHeld(delivery.sequence, outcome.hold, outcome.reason));
        case 'failed':
          // A message that was never tried keeps the count of its attempts.
          return this.#giveUp(delivery, attempts - 1, outcome.reason);
        case 'refused':
          if (++refusals < REFUSALS_MAX || this.#refusedOneBefore) break;
          this.#refusedOneBefore = true;
          return this.#giveUp(delivery, attempts, outcome.reason);
        case 'retry':
          break;
      }
      fromPart = outcome.partsSent ?? fromPart;
      await this.#retry(delivery, attempts, outcome);
    }
  }

  async #retry(
    delivery: PendingDelivery,
    attempts: number,
    { reason, ...outcome }: Extract<Outcome, { kind: 'retry' | 'refused' }>,
  ): Promise<void> {
    const { counts, logger } = this.#options;
    counts.retries++;
    logger.warn({ channel: this.#channel, attempts, reason }, 'a message was not taken');
    await this.#mark(markRetry(delivery, attempts, reason));
    this.breaker.failed();
    const afterMs = outcome.kind === 'retry' ? (outcome.afterMs ?? 0) : 0;
    await this.#wait(Math.max(this.breaker.waitMs, afterMs));
  }

  async #giveUp(delivery: PendingDelivery, attempts: number, reason: string): Promise<void> {
    const { counts, logger } = this.#options;
    counts.failed++;
    const key = delivery.messageKey ?? delivery.event?.key;
    logger.error({ channel: this.#channel, key, reason }, 'a message was given up');
    await this.#mark(markFailed(delivery, attempts, reason));
  }

  async #attempt(delivery: PendingDelivery, fromPart: number): Promise<Outcome> {
    this.#options.counts.attempts++;
    const { channel: channelName, audience, createdAtMs } = delivery;
    try {
      const content = await this.#contentOf(delivery);
      return await runStages(this.#options.stages, { content, channelName, audience, createdAtMs, fromPart });
    } catch (error) {
      return { kind: 'retry', reason: describeError(error) };
    }
  }

  async #contentOf({ messageKey, event }: PendingDelivery): Promise<Content> {
    if (messageKey !== null) {
      return { kind: 'message', key: messageKey, body: await readMessage(this.#options.store, messageKey) };
    }
    if (event === null) throw new Error('assertion failed: expected a row of the outbox to have an event or a message');
    return { kind: 'event', event };
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
        this.breaker.failed();
        await this.#wait(this.breaker.waitMs);
      }
    }
  }

  async #wait(waitMs: number): Promise<void> {
    const { clock, closing } = this.#options;
    await sleep(clock, waitMs, closing).catch(() => {});
  }
}
