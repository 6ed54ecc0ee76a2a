import { type CancelTimer, type Clock, describeError, type Logger, type Tick } from '../../core/index.ts';
import type { DecisionLog } from '../record/decision-log.ts';
import type { Reconciler } from './reconciler.ts';

/** Looks what is due so often: ticks are followed at once, this is for ticks that do not come. */
const PULSE_MS = 250;

/** The list of containers is asked for at least so often … */
const LIST_EVERY_MS = 5000;

/** … and no more often than this while containers come and go. */
const LIST_GAP_MS = 1000;

/** Repeats of a hold are durable after so long; a record that is new, with the next pulse. */
const FLUSH_EVERY_MS = 10_000;

const FORGET_EVERY_MS = 60_000;

export type LoopOptions = {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly reconciler: Reconciler;
  readonly decisions: DecisionLog;
  /** Set by whoever changes something that people watch; cleared here, when they are told. */
  readonly notice: { pending: boolean };
  readonly publish: () => void;
};

/** Gives the reconciler its time: after each tick, and a few times a second without one. */
export class Loop {
  readonly #options: LoopOptions;
  #cancelPulse: CancelTimer | null = null;
  #cancelPass: CancelTimer | null = null;
  #listedBoard = -1;
  #askedMs = Number.NEGATIVE_INFINITY;
  #flushedMs: number;
  #forgotMs: number;
  #closed = false;

  constructor(options: LoopOptions) {
    this.#options = options;
    this.#flushedMs = options.clock.monotonicMs();
    this.#forgotMs = this.#flushedMs;
  }

  start(): void {
    this.#pulse();
  }

  /** The samples are taken here; deciding waits until the intake is done with the tick. */
  onTick(tick: Tick): void {
    if (this.#closed) return;
    this.#options.reconciler.take(tick);
    this.#cancelPass ??= this.#options.clock.after(0, () => {
      this.#cancelPass = null;
      this.#options.reconciler.evaluateDue();
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelPulse?.();
    this.#cancelPass?.();
    await this.#options.reconciler.actor.close();
    await this.#options.decisions.flush();
  }

  #pulse(): void {
    const { clock, reconciler } = this.#options;
    if (this.#closed) return;
    this.#cancelPulse = clock.after(PULSE_MS, () => this.#pulse());
    const nowMs = clock.monotonicMs();
    reconciler.evaluateDue();
    if (this.#listIsDue(nowMs)) this.#inBackground(this.#list(nowMs), 'listing containers');
    this.#tellAndFlush(nowMs);
    if (nowMs - this.#forgotMs < FORGET_EVERY_MS) return;
    this.#forgotMs = nowMs;
    reconciler.board.forgetSilent();
  }

  /** A collector that tells of other containers than before makes the list old at once. */
  #listIsDue(nowMs: number): boolean {
    const { board } = this.#options.reconciler;
    const changed = board.version !== this.#listedBoard;
    return nowMs - this.#askedMs >= (changed ? LIST_GAP_MS : LIST_EVERY_MS);
  }

  async #list(nowMs: number): Promise<void> {
    const { reconciler } = this.#options;
    this.#askedMs = nowMs;
    this.#listedBoard = reconciler.board.version;
    await reconciler.listing.refresh();
    if (this.#closed) return;
    if (reconciler.listing.trouble === null) await reconciler.actor.sweep(reconciler.listing.containers);
    reconciler.evaluateDue();
  }

  #tellAndFlush(nowMs: number): void {
    const { notice, decisions, publish } = this.#options;
    const isNew = notice.pending;
    if (isNew) {
      notice.pending = false;
      publish();
    }
    if (!isNew && nowMs - this.#flushedMs < FLUSH_EVERY_MS) return;
    this.#flushedMs = nowMs;
    this.#inBackground(decisions.flush(), 'writing decisions');
  }

  #inBackground(work: Promise<void>, what: string): void {
    work.catch((error: unknown) => {
      this.#options.logger.error({ error: describeError(error) }, `${what} was cut by a fault`);
    });
  }
}
