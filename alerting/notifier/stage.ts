/**
 * A message's way out is a list of small stages with one signature, one file each. A stage looks at
 * the message, may add to it, and says whether it goes on.
 */
import type { AlertEvent } from '../../core/index.ts';
import type { Channel } from '../channels/index.ts';

export type Outgoing = {
  readonly event: AlertEvent;
  readonly channelName: string;
  readonly createdAtMs: number;
  /** Added by the address stage. */
  readonly channel?: Channel;
  /** Added by the compose stage. */
  readonly text?: string;
  readonly url?: string;
};

export type StageResult =
  | { readonly kind: 'next'; readonly message: Outgoing }
  | { readonly kind: 'delivered' }
  /** It may work later. */
  | { readonly kind: 'retry'; readonly reason: string }
  /** It never will; shown as failed. */
  | { readonly kind: 'failed'; readonly reason: string };

/** Never throws for what the world does. */
export type Stage = (message: Outgoing) => StageResult | Promise<StageResult>;

export type Outcome = Exclude<StageResult, { kind: 'next' }>;

/** The last stage of a list decides; one that does not is a bug. */
export async function runStages(stages: readonly Stage[], first: Outgoing): Promise<Outcome> {
  let message = first;
  for (const stage of stages) {
    const result = await stage(message);
    if (result.kind !== 'next') return result;
    message = result.message;
  }
  throw new Error('assertion failed: expected the last stage to decide');
}
