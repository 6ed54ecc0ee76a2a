/**
 * Knows an alert that goes back and forth. After `CHANGES_MAX` beginnings and ends within `WINDOW_MS` it flaps: its
 * messages wait until it has kept still for `STEADY_MS`, and then one says how it stands.
 */
import type { Change } from '../../store/operations.ts';

export const CHANGES_MAX = 6;
export const WINDOW_MS = 600_000;
export const STEADY_MS = 600_000;

/** 100,000 alerts with six times each are 10 MB; the longest silent ones are forgotten first. */
const ALERTS_MAX = 100_000;

export class Flapping {
  readonly #changes = new Map<string, readonly number[]>();

  /** Notes an event, and says whether its alert flaps. A message that repeats a PROBLEM is no change. */
  note({ id, status, currentStep, eventTimeMs }: Change): boolean {
    const earlier = this.#changes.get(id) ?? [];
    if (status === 'PROBLEM' && currentStep > 1) return earlier.length >= CHANGES_MAX;
    const recent = [...earlier.filter((atMs) => atMs > eventTimeMs - WINDOW_MS), eventTimeMs].slice(-CHANGES_MAX);
    this.#changes.delete(id);
    this.#changes.set(id, recent);
    const [oldest] = this.#changes.keys();
    if (this.#changes.size > ALERTS_MAX && oldest !== undefined) this.#changes.delete(oldest);
    return recent.length >= CHANGES_MAX;
  }
}
