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

/** Where an alert is: a rule that depends on another asks for one of these. */
export type Near = 'endpoint' | 'host' | 'any';

/** The open alerts by series, then by rule. Memory is ahead of the state store by what the writer holds. */
export class OpenAlerts {
  readonly #bySeries = new Map<string, Map<string, OpenAlert>>();
  readonly #byRule = new Map<string, Set<OpenAlert>>();
  /** By rule and host, and by rule and endpoint: in a storm every held back alert asks, every second. */
  readonly #byPlace = new Map<string, Set<OpenAlert>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get hasRoom(): boolean {
    return this.#size < OPEN_ALERTS_MAX;
  }

  get(slug: string, series: string): OpenAlert | undefined {
    return this.#bySeries.get(series)?.get(slug);
  }

  set(alert: OpenAlert): void {
    const before = this.get(alert.slug, alert.series);
    if (before !== undefined) this.delete(before);
    this.#size++;
    const ofSeries = this.#bySeries.get(alert.series) ?? new Map<string, OpenAlert>();
    this.#bySeries.set(alert.series, ofSeries.set(alert.slug, alert));
    addTo(this.#byRule, alert.slug, alert);
    for (const place of placesOf(alert)) addTo(this.#byPlace, place, alert);
  }

  delete({ slug, series }: Pick<OpenAlert, 'slug' | 'series'>): void {
    const ofSeries = this.#bySeries.get(series);
    const known = ofSeries?.get(slug);
    if (ofSeries === undefined || known === undefined) return;
    this.#size--;
    ofSeries.delete(slug);
    if (ofSeries.size === 0) this.#bySeries.delete(series);
    removeFrom(this.#byRule, slug, known);
    for (const place of placesOf(known)) removeFrom(this.#byPlace, place, known);
  }

  ofSeries(series: string): Iterable<OpenAlert> {
    return this.#bySeries.get(series)?.values() ?? [];
  }

  /** The open alerts of one rule. */
  ofRule(slug: string): Iterable<OpenAlert> {
    return this.#byRule.get(slug) ?? [];
  }

  /** An open alert of a rule on an endpoint, on its host, or anywhere. */
  near(slug: string, near: Near, endpoint: { readonly name: string; readonly host: string }): OpenAlert | undefined {
    const alerts =
      near === 'any'
        ? this.#byRule.get(slug)
        : this.#byPlace.get(near === 'host' ? hostKey(slug, endpoint.host) : endpointKey(slug, endpoint.name));
    return alerts?.values().next().value;
  }

  *all(): Iterable<OpenAlert> {
    for (const ofSeries of this.#bySeries.values()) yield* ofSeries.values();
  }
}

const hostKey = (slug: string, host: string): string => `${slug} host ${host}`;
const endpointKey = (slug: string, endpoint: string): string => `${slug} endpoint ${endpoint}`;

/** An event from before it told its host has a host's name as its endpoint's, or none that is known. */
function placesOf({ slug, event }: OpenAlert): readonly string[] {
  return [hostKey(slug, event.host ?? event.endpoint), endpointKey(slug, event.endpoint)];
}

function addTo(index: Map<string, Set<OpenAlert>>, key: string, alert: OpenAlert): void {
  const alerts = index.get(key);
  if (alerts === undefined) index.set(key, new Set([alert]));
  else alerts.add(alert);
}

function removeFrom(index: Map<string, Set<OpenAlert>>, key: string, alert: OpenAlert): void {
  const alerts = index.get(key);
  alerts?.delete(alert);
  if (alerts?.size === 0) index.delete(key);
}
