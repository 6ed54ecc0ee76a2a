/**
 * How many requests a robot takes within a time. Windows slide, so that no reader of a robot's rules, however it
 * counts its minutes, sees more than are allowed.
 */
import type { RateLimit } from '../channel.ts';

export class Budget {
  readonly #limits: readonly RateLimit[];
  /** When requests left, newest last; no more of them than the widest limit counts. */
  #spentAtMs: number[] = [];
  readonly #keep: number;

  constructor(limits: readonly RateLimit[]) {
    this.#limits = limits;
    this.#keep = Math.max(0, ...limits.map(({ count }) => count));
  }

  /** How long until there is room for one request; 0 when there is now. */
  waitMs(nowMs: number): number {
    const waits = this.#limits.map(({ count, withinMs }) => {
      const oldest = this.#spentAtMs.at(-count);
      return oldest === undefined ? 0 : oldest + withinMs - nowMs;
    });
    return Math.max(0, ...waits);
  }

  /** How many requests may leave at once now. */
  room(nowMs: number): number {
    const rooms = this.#limits.map(({ count, withinMs }) => {
      return count - this.#spentAtMs.filter((atMs) => atMs > nowMs - withinMs).length;
    });
    return Math.max(0, Math.min(Number.POSITIVE_INFINITY, ...rooms));
  }

  /** What a former process has spent, oldest first; what this one has spent stays. */
  restore(spentAtMs: readonly number[]): void {
    this.#spentAtMs = [...spentAtMs, ...this.#spentAtMs].sort((a, b) => a - b).slice(-this.#keep);
  }

  spend(nowMs: number): void {
    this.#spentAtMs.push(nowMs);
    if (this.#spentAtMs.length > this.#keep) this.#spentAtMs = this.#spentAtMs.slice(-this.#keep);
  }
}

/** One budget a robot, whichever channels send through it. */
export class Budgets {
  readonly #byKey = new Map<string, Budget>();

  of(key: string, limits: readonly RateLimit[]): Budget {
    const budget = this.#byKey.get(key) ?? new Budget(limits);
    this.#byKey.set(key, budget);
    return budget;
  }
}
