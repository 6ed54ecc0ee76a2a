/**
 * Whether what waits for a channel leaves one by one or as a digest. A handful is sent as it is, at once; more than
 * that, or more than the robot takes now, is gathered for a moment and told in one message.
 */

import type { FoldScope } from '../../store/digests.ts';
import type { PendingDelivery } from '../../store/outbox.ts';
import type { ChannelOptions, Transport } from '../channels/index.ts';
import { LOW_PRIORITY } from './plan.ts';

export type Gathering =
  | { readonly kind: 'single'; readonly reason: string }
  | { readonly kind: 'wait'; readonly forMs: number; readonly reason: string }
  | { readonly kind: 'fold'; readonly only: FoldScope['only']; readonly reason: string };

export type GatherState = {
  /** Rows that are due, in order; the first is next. At most a page of them. */
  readonly page: readonly PendingDelivery[];
  readonly transport: Transport;
  readonly options: ChannelOptions;
  /** Requests that the robot takes now, and how long until it takes another. */
  readonly room: number;
  readonly waitMs: number;
  /** Since the channel last had nothing to gather, and since its last digest; null for never. */
  readonly gatheringMs: number | null;
  readonly sinceDigestMs: number | null;
};

/** A storm's first second tells its size. */
export const GATHER_MS = 1000;
/** Digests of one storm keep this distance: the first is told at once, the next sums up the rest. */
export const DIGEST_EVERY_MS = 5000;

export function gather(state: GatherState): Gathering {
  const { page, transport, options, room } = state;
  const [head] = page;
  if (head === undefined || head.messageKey !== null) return { kind: 'single', reason: 'it was composed before' };
  if (!transport.folds) return { kind: 'single', reason: 'this channel takes each event alone' };
  if (room === 0) return { kind: 'wait', forMs: state.waitMs, reason: 'the budget of the robot is spent' };
  const companions = page.filter(({ audience, messageKey }) => audience === head.audience && messageKey === null);
  if (companions.length > Math.min(options.digestAbove, room)) return gatherStorm(state, companions.length);
  const { priority, status, metric } = head;
  const alike = companions.filter((one) => one.priority === priority && one.status === status && one.metric === metric);
  if (options.mergeLowMs > 0 && priority >= LOW_PRIORITY && alike.length > 1) {
    return { kind: 'fold', only: { priority, status, metric }, reason: `${alike.length} of low priority are alike` };
  }
  return { kind: 'single', reason: `${companions.length} wait, and there is room for them` };
}

function gatherStorm({ gatheringMs, sinceDigestMs }: GatherState, count: number): Gathering {
  const reason = `${count} or more wait`;
  const untilGathered = GATHER_MS - (gatheringMs ?? 0);
  const untilNext = sinceDigestMs === null ? 0 : DIGEST_EVERY_MS - sinceDigestMs;
  const forMs = Math.max(untilGathered, untilNext);
  return forMs > 0 ? { kind: 'wait', forMs, reason } : { kind: 'fold', only: null, reason };
}
