import type { CollectorStatus, EndpointStatus } from '../../../core/api/index.ts';

/** A sample older than this is said to be stale: five missed seconds are not jitter. */
export const STALE_AFTER_MS = 5000;

/** How an endpoint is doing, from when its newest sample is. Ages are in milliseconds. */
export type Condition =
  | { readonly kind: 'live' }
  /** It was live when our own link to the server was lost: nothing is known about it since. */
  | { readonly kind: 'unlinked' }
  /** Known, but no sample has come yet. */
  | { readonly kind: 'waiting' }
  /** Samples stopped; `collectorDown` tells silence of the whole host from that of one container. */
  | { readonly kind: 'stale'; readonly ageMs: number; readonly collectorDown: boolean }
  /** The container was stopped or removed on purpose. */
  | { readonly kind: 'gone'; readonly lastMs: number | null };

/** What a condition is judged by. `newestMs` is the newest sample that this page has received itself. */
export type Signs = {
  readonly collector: CollectorStatus | undefined;
  readonly newestMs: number | null;
  /** The present, or the moment at which the link was lost. */
  readonly nowMs: number;
  readonly isLinked: boolean;
};

export function conditionOf(endpoint: EndpointStatus, { collector, newestMs, nowMs, isLinked }: Signs): Condition {
  const lastMs = Math.max(newestMs ?? 0, endpoint.lastSampleMs ?? 0);
  if (endpoint.state === 'gone') return { kind: 'gone', lastMs: lastMs === 0 ? null : lastMs };
  if (lastMs === 0) return { kind: 'waiting' };
  const ageMs = nowMs - lastMs;
  if (ageMs <= STALE_AFTER_MS) return { kind: isLinked ? 'live' : 'unlinked' };
  return { kind: 'stale', ageMs, collectorDown: collector?.connected === false };
}
