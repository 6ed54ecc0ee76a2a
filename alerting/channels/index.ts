/** The registry of channel kinds: a new kind is one file and one line in each of the two lists. */
import type { Fields } from '../rules/read/fields.ts';
import type { Message, SendResult } from './channel.ts';
import type { Outbound } from './outbound/post.ts';
import { type WebhookConfig, webhook } from './webhook.ts';

export type { Message, SendResult } from './channel.ts';
export { createOutbound, type Outbound } from './outbound/post.ts';

const kinds = { webhook } as const;
const types = ['webhook'] as const;

export type Channel = { readonly name: string; readonly type: 'webhook'; readonly config: WebhookConfig };

/** Reads one entry of `channels:`; undefined after its faults were noted. */
export function readChannel(fields: Fields): Channel | undefined {
  const name = readName(fields);
  const type = fields.oneOf('type', types, { required: true });
  if (type === undefined) return undefined;
  const kind = kinds[type];
  fields.rejectUnknown(['name', 'type', ...kind.keys]);
  const config = kind.read(fields);
  return name === undefined || config === undefined ? undefined : { name, type, config };
}

/** One attempt to deliver; never throws. */
export function sendThrough(channel: Channel, message: Message, outbound: Outbound): Promise<SendResult> {
  return kinds[channel.type].send(channel.config, message, outbound);
}

function readName(fields: Fields): string | undefined {
  const written = fields.written('name', { required: true, max: 64 });
  if (written === undefined || /^[A-Za-z0-9_.:-]+$/.test(written.text)) return written?.text;
  fields.faultAt(written.offset, `the channel name "${written.text}" may hold letters, digits and _ . : - only`);
  return undefined;
}
