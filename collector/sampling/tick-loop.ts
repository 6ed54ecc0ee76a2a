/**
 * Calls once each wall-clock second, right after it begins.
 *
 * The timer is armed anew each time, for the boundary that comes next by the wall clock, so that
 * neither a late timer nor a slow tick shifts the ticks behind it. A second that could not be
 * served is skipped and counted; none is served twice.
 */
import { type CancelTimer, type Clock, type Second, secondOf } from '../../core/index.ts';

/**
 * A clock that is set back by up to this many seconds is waited for, since those seconds were
 * served already. One that is set back further is believed: the seconds come again, and the later
 * frames hold.
 */
const SET_BACK_WAITED_MAX = 5;

/** A pause of the monotonic clock beyond this many milliseconds more than a second is our lateness. */
const LATE_MS = 1000;

export class TickLoop {
  readonly #clock: Clock;
  readonly #run: (second: Second) => void;
  #cancel: CancelTimer | null = null;
  #last: Second | null = null;
  #lastAtMs = 0;
  /** Seconds that passed without a tick because this process was late. */
  skipped = 0;
  /** How often the wall clock was set, as far as ticks noticed. */
  clockSteps = 0;

  /** `run` must not throw: what it measures must never stop the ticks. */
  constructor(clock: Clock, run: (second: Second) => void) {
    this.#clock = clock;
    this.#run = run;
  }

  start(): void {
    this.#last = secondOf(this.#clock.nowMs());
    this.#lastAtMs = this.#clock.monotonicMs();
    this.#arm();
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = null;
  }

  #arm(): void {
    this.#cancel = this.#clock.after(1000 - (this.#clock.nowMs() % 1000), () => this.#fire());
  }

  #fire(): void {
    const second = secondOf(this.#clock.nowMs());
    if (this.#isDue(second)) {
      this.#account(second);
      this.#last = second;
      this.#lastAtMs = this.#clock.monotonicMs();
      this.#run(second);
    }
    // A tick may stop the loop.
    if (this.#cancel !== null) this.#arm();
  }

  /** False for a timer that fired a moment early, and for seconds that were served before. */
  #isDue(second: Second): boolean {
    const last = this.#last ?? second;
    return second > last || second < last - SET_BACK_WAITED_MAX;
  }

  #account(second: Second): void {
    const missed = second - (this.#last ?? second) - 1;
    const lateMs = this.#clock.monotonicMs() - this.#lastAtMs - 1000;
    if (missed < 0 || missed * 1000 > lateMs + LATE_MS) this.clockSteps++;
    else this.skipped += missed;
  }
}
