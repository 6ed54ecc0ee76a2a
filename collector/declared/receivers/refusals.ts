/** What a receiver did not take, counted by reason. */

/** Reasons are sentences of ours; those with names in them are counted under the last one. */
const REASONS_MAX = 20;

export class Refusals {
  readonly #byReason = new Map<string, number>();
  total = 0;

  add(reason: string, count = 1): void {
    this.total += count;
    const isKnown = this.#byReason.has(reason);
    const key = isKnown || this.#byReason.size < REASONS_MAX ? reason : 'other reasons';
    this.#byReason.set(key, (this.#byReason.get(key) ?? 0) + count);
  }

  /** `12 refused: …`, the most frequent reasons first; null when there was nothing. */
  words(): string | null {
    if (this.total === 0) return null;
    const reasons = [...this.#byReason].sort(([, a], [, b]) => b - a).slice(0, 3);
    return `${this.total} refused since the start: ${reasons.map(([reason, count]) => `${reason} (${count})`).join('; ')}`;
  }
}
