import { AppError } from '../../core/index.ts';

/**
 * Lets so many in at a time and so many wait; the rest are told to come back. Heavy work is bounded
 * in memory that way, whoever asks for it.
 */
export class Turnstile {
  readonly #insideMax: number;
  readonly #waitingMax: number;
  readonly #waiting: (() => void)[] = [];
  #inside = 0;
  #refused = 0;

  constructor(limits: { readonly insideMax: number; readonly waitingMax: number }) {
    this.#insideMax = limits.insideMax;
    this.#waitingMax = limits.waitingMax;
  }

  /** Runs `work` when it is its turn. Throws `TOO_MANY_REQUESTS` when too many wait already. */
  async pass<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#inside < this.#insideMax) this.#inside++;
    else await this.#wait();
    try {
      return await work();
    } finally {
      // A place is handed on, not given up and taken again: nobody slips in between.
      const next = this.#waiting.shift();
      if (next === undefined) this.#inside--;
      else next();
    }
  }

  status(): { readonly inside: number; readonly waiting: number; readonly refused: number } {
    return { inside: this.#inside, waiting: this.#waiting.length, refused: this.#refused };
  }

  #wait(): Promise<void> {
    if (this.#waiting.length >= this.#waitingMax) {
      this.#refused++;
      throw new AppError('TOO_MANY_REQUESTS', `${this.#insideMax} queries run and ${this.#waitingMax} wait already`, {
        hint: 'try again in a second, or ask for less at a time',
      });
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}
