import type { AlertEvent } from '../../core/index.ts';
import type { Fields } from '../rules/read/fields.ts';
import type { Outbound } from './outbound/post.ts';

/** What a person is told: `text` fits a phone, `url` opens the live chart, `event` is for machines. */
export type Message = { readonly text: string; readonly url: string; readonly event: AlertEvent };

/** `retry`: it may work later. Reasons name hosts and statuses, never a URL (which may hold a secret) nor an answer. */
export type SendResult = { readonly kind: 'delivered' } | { readonly kind: 'retry'; readonly reason: string };

/**
 * One way to reach people. `read` takes its fields of the rules file (name and type are read already)
 * and notes their faults; `send` makes one attempt and never throws.
 */
export type ChannelKind<Config> = {
  readonly keys: readonly string[];
  read(fields: Fields): Config | undefined;
  send(config: Config, message: Message, outbound: Outbound): Promise<SendResult>;
};
