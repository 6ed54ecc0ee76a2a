/**
 * A message's way out is a list of small stages with one signature, one file each. A stage looks at
 * the message, may add to it, and says whether it goes on.
 */
import type { AlertEvent } from '../../../core/index.ts';
import type { MessageBody } from '../../store/messages.ts';
import type { Channel, Message, Recipient } from '../channels/index.ts';

/** What is to be told: an event, or a message that was composed and stored before. */
export type Content =
  | { readonly kind: 'event'; readonly event: AlertEvent }
  | { readonly kind: 'message'; readonly key: string; readonly body: MessageBody };

export type Outgoing = {
  readonly content: Content;
  readonly channelName: string;
  readonly audience: string;
  readonly createdAtMs: number;
  /** Parts of the message that arrived in an earlier attempt. */
  readonly fromPart: number;
  /** Added by the address stage. */
  readonly channel?: Channel;
  /** Added by the audience stage. */
  readonly recipients?: readonly Recipient[];
  /** Added by the compose stage. */
  readonly message?: Message;
};

export type StageResult =
  | { readonly kind: 'next'; readonly outgoing: Outgoing }
  | { readonly kind: 'delivered' }
  /** It may work later. */
  | { readonly kind: 'retry'; readonly reason: string; readonly afterMs?: number; readonly partsSent?: number }
  /** The receiver does not want it as it stands; worth a few attempts, in case a person mends the channel. */
  | { readonly kind: 'refused'; readonly reason: string; readonly partsSent?: number }
  /** Something keeps it back now; its summary comes at the end. */
  | { readonly kind: 'held'; readonly hold: string; readonly reason: string }
  /** It never will; shown as failed. */
  | { readonly kind: 'failed'; readonly reason: string };

/** Never throws for what the world does. */
export type Stage = (outgoing: Outgoing) => StageResult | Promise<StageResult>;

export type Outcome = Exclude<StageResult, { kind: 'next' }>;

/** The last stage of a list decides; one that does not is a bug. */
export async function runStages(stages: readonly Stage[], first: Outgoing): Promise<Outcome> {
  let outgoing = first;
  for (const stage of stages) {
    const result = await stage(outgoing);
    if (result.kind !== 'next') return result;
    outgoing = result.outgoing;
  }
  throw new Error('assertion failed: expected the last stage to decide');
}
