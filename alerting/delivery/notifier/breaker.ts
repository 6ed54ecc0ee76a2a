/**
 * How a channel is faring. Failures make its waits grow, whichever message they were of; after `OPEN_AFTER` in a row
 * the breaker is open: what comes waits in the outbox, and one message at a time probes until one is taken.
 */
import type { Clock, TimestampMs } from '../../../core/index.ts';

const RETRY_MS_MIN = 1000;
const RETRY_MS_MAX = 10_000;
const OPEN_AFTER = 5;

export type BreakerState = {
  readonly state: 'closed' | 'open';
  readonly failures: number;
  /** Of the first failure in a row. */
  readonly sinceMs: TimestampMs | null;
};

export class Breaker {
  readonly #clock: Clock;
  #failures = 0;
  #sinceMs: TimestampMs | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How long to wait after the failure that was just noted: 1, 2, 4, 8, then every 10 seconds. */
  get waitMs(): number {
    return Math.min(RETRY_MS_MAX, RETRY_MS_MIN * 2 ** Math.min(10, Math.max(0, this.#failures - 1)));
  }

  get state(): BreakerState {
    const state = this.#failures >= OPEN_AFTER ? 'open' : 'closed';
    return { state, failures: this.#failures, sinceMs: this.#sinceMs };
  }

  failed(): void {
    this.#failures++;
    this.#sinceMs ??= this.#clock.nowMs();
  }

  succeeded(): void {
    this.#failures = 0;
    this.#sinceMs = null;
  }
}
