import type { Clock } from '../clock.ts';

/** An answer that took this much longer than the fastest one says little about the clock. */
const SLACK_MS = 50;

/**
 * The server's present, for ages and for the right edge of charts: the browser's clock may be wrong,
 * and the samples carry the server's. Corrected by half of the round trip of the fastest answers.
 */
export class ServerTime {
  /** Whole seconds of the server's clock, in ms. Changes once a second. */
  secondMs = $state(0);
  #offsetMs = 0;
  #fastestMs = Number.POSITIVE_INFINITY;
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#step();
  }

  nowMs(): number {
    return this.#clock.nowMs() + this.#offsetMs;
  }

  /** A moment of the browser's clock on the server's. */
  fromBrowser(atMs: number): number {
    return atMs + this.#offsetMs;
  }

  readonly observe = (serverMs: number, sentAtMs: number, receivedAtMs: number): void => {
    const tripMs = receivedAtMs - sentAtMs;
    if (tripMs < 0 || tripMs > this.#fastestMs + SLACK_MS) return;
    this.#fastestMs = Math.min(this.#fastestMs, tripMs);
    this.#offsetMs = serverMs - (sentAtMs + receivedAtMs) / 2;
  };

  #step(): void {
    const nowMs = this.nowMs();
    this.secondMs = Math.floor(nowMs / 1000) * 1000;
    this.#clock.after(1000 - (nowMs % 1000), () => this.#step());
  }
}
