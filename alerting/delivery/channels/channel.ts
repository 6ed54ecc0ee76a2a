/**
 * What a channel is to the rest of the room: a way to reach people that takes a message and says
 * what became of it. A kind reads its own fields and gives back its way out.
 */
import type { AlertEvent, Clock } from '../../../core/index.ts';
import type { Fields } from '../../rules/read/fields.ts';
import type { Message } from './message/message.ts';
import type { Mailer } from './outbound/mailer.ts';
import type { Outbound } from './outbound/post.ts';

/**
 * `retry`: it may work later, after `afterMs` at the least where the receiver named a time; `partsSent` parts
 * of the message have arrived and are not sent again. `refused`: the receiver understood and does not want it;
 * trying it as it stands is of little use. Reasons name hosts, statuses and codes, never a URL (which may hold
 * a secret) nor the words of an answer.
 */
export type SendResult =
  | { readonly kind: 'delivered' }
  | { readonly kind: 'retry'; readonly reason: string; readonly afterMs?: number; readonly partsSent?: number }
  | { readonly kind: 'refused'; readonly reason: string; readonly partsSent?: number };

/** At most `count` requests within any `withinMs`. */
export type RateLimit = { readonly count: number; readonly withinMs: number };

export type SendTools = {
  readonly outbound: Outbound;
  readonly mailer: Mailer;
  readonly clock: Clock;
  /** A PNG of the event's window, where a channel sends pictures itself; null when there is none now. */
  readonly picture: (event: AlertEvent) => Promise<Uint8Array | null>;
  /** Called before each request; resolves when the robot's budget has room for one. */
  readonly spend: () => Promise<void>;
};

export type Transport = {
  /** Robots have budgets; channels with the same `key` share one. The key holds a secret and is never shown. */
  readonly budget?: { readonly key: string; readonly limits: readonly RateLimit[] };
  /** False where each event must come alone, because a machine at the other end pairs beginning and end. */
  readonly folds: boolean;
  /** True where messages of low priority wait for others of their kind, as Open-Falcon's do. */
  readonly mergesLow?: boolean;
  /** True where a message reaches only the people it names. */
  readonly needsRecipients?: boolean;
  /** One attempt, from the part with the index `fromPart`. Never throws for what the world does. */
  send(message: Message, tools: SendTools, fromPart: number): Promise<SendResult>;
};

/** `read` takes its fields of the rules file (name and type are read already) and notes their faults. */
export type ChannelKind = {
  readonly keys: readonly string[];
  read(fields: Fields): Transport | undefined;
};
