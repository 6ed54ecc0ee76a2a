import type { AlertEvent } from '../../core/index.ts';
import type { AlertState } from '../judge/transition.ts';

/** A rule that has fired on a series and has not recovered. */
export type OpenAlert = {
  /** Of the rule. */
  readonly slug: string;
  /** In Open-Falcon's form, `endpoint/metric/k=v`. */
  readonly series: string;
  /** Who was told, and will be told of the end. */
  readonly channels: readonly string[];
  /** The newest PROBLEM. */
  readonly event: AlertEvent;
  readonly state: Extract<AlertState, { kind: 'open' }>;
};

/** Each holds its newest event, about 1.5 KB: 150 MB at the most. */
export const OPEN_ALERTS_MAX = 100_000;

/** The open alerts by series, then by rule. Memory is ahead of the state store by what the writer holds. */
export class OpenAlerts {
  readonly #bySeries = new Map<string, Map<string, OpenAlert>>();
  readonly #byRule = new Map<string, Set<OpenAlert>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The open alerts of one rule. */
  ofRule(slug: string): Iterable<OpenAlert> {
    return this.#byRule.get(slug) ?? [];
  }

  get hasRoom(): boolean {
    return this.#size < OPEN_ALERTS_MAX;
  }

  get(slug: string, series: string): OpenAlert | undefined {
    return this.#bySeries.get(series)?.get(slug);
  }

  set(alert: OpenAlert): void {
    const ofSeries = this.#bySeries.get(alert.series) ?? new Map<string, OpenAlert>();
    const before = ofSeries.get(alert.slug);
    if (before === undefined) this.#size++;
    const ofRule = this.#byRule.get(alert.slug) ?? new Set<OpenAlert>();
    if (before !== undefined) ofRule.delete(before);
    this.#byRule.set(alert.slug, ofRule.add(alert));
    ofSeries.set(alert.slug, alert);
    this.#bySeries.set(alert.series, ofSeries);
  }

  delete(alert: OpenAlert): void {
    const ofSeries = this.#bySeries.get(alert.series);
    const known = ofSeries?.get(alert.slug);
    if (known !== undefined) {
      ofSeries?.delete(alert.slug);
      this.#byRule.get(alert.slug)?.delete(known);
      this.#size--;
    }
    if (ofSeries?.size === 0) this.#bySeries.delete(alert.series);
  }

  ofSeries(series: string): Iterable<OpenAlert> {
    return this.#bySeries.get(series)?.values() ?? [];
  }

  *all(): Iterable<OpenAlert> {
    for (const ofSeries of this.#bySeries.values()) yield* ofSeries.values();
  }
}
