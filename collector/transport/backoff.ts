/**
 * Growing waits between attempts: 1 s, 2 s, 4 s, 8 s, then 10 s, each shortened by up to a half at
 * random so that a thousand collectors do not come back in the same moment.
 */
const FIRST_MS = 1000;
const LAST_MS = 10_000;

export class Backoff {
  readonly #random: () => number;
  #nextMs = FIRST_MS;

  /** `random` gives numbers in 0 … 1. */
  constructor(random: () => number) {
    this.#random = random;
  }

  nextMs(): number {
    const waitMs = this.#nextMs;
    this.#nextMs = Math.min(LAST_MS, waitMs * 2);
    return waitMs * (1 - this.#random() / 2);
  }

  /** After a success: the next wait is a short one again. */
  reset(): void {
    this.#nextMs = FIRST_MS;
  }
}
