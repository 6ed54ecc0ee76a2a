/**
 * Shares out reads that are too dear for everybody at once: a bucket of tokens that fills with time,
 * and a queue in which nobody is overtaken twice in a row.
 *
 * Whoever finds the bucket empty waits and asks again with the next tick. Those who wait are a
 * round; who comes later waits for the next one. So the first of a hundred containers, being asked
 * first each second, can not take everything.
 */
import type { Clock } from '../../core/index.ts';

export type RationOptions = {
  readonly clock: Clock;
  readonly tokensPerSecond: number;
  /** Tokens that an idle bucket holds. */
  readonly tokensMax: number;
};

export class FairRation {
  readonly #options: RationOptions;
  #tokens: number;
  #atMs: number;
  #round = new Set<object>();
  #nextRound = new Set<object>();
  /** Times that somebody had to wait, since the start. */
  refused = 0;

  constructor(options: RationOptions) {
    this.#options = options;
    this.#tokens = options.tokensMax;
    this.#atMs = options.clock.monotonicMs();
  }

  /** True when `owner` may read now. The cost may exceed what is there: the debt is waited for. */
  take(owner: object, cost: number): boolean {
    this.#fill();
    if (this.#round.size === 0) [this.#round, this.#nextRound] = [this.#nextRound, this.#round];
    const isTurn = this.#round.size === 0 || this.#round.has(owner);
    if (this.#tokens > 0 && isTurn) {
      this.#tokens -= cost;
      this.leave(owner);
      return true;
    }
    this.refused++;
    if (!this.#round.has(owner)) this.#nextRound.add(owner);
    return false;
  }

  /** Nobody needs to wait for `owner` any more. */
  leave(owner: object): void {
    this.#round.delete(owner);
    this.#nextRound.delete(owner);
  }

  #fill(): void {
    const { clock, tokensPerSecond, tokensMax } = this.#options;
    const nowMs = clock.monotonicMs();
    this.#tokens = Math.min(tokensMax, this.#tokens + ((nowMs - this.#atMs) * tokensPerSecond) / 1000);
    this.#atMs = nowMs;
  }
}
