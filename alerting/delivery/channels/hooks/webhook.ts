/**
 * A POST of the event as JSON to an address of the receiver's choice; docs/channels/channels.md has the bodies.
 * A 2xx is a delivery, whatever the answer's body says; all else is tried again.
 */
import type { Fields } from '../../../rules/read/fields.ts';
import type { ChannelKind, SendResult, Transport } from '../channel.ts';
import { type Address, addressKeys, readAddress } from '../http/address.ts';
import { httpTransport, verdictOfStatus } from '../http/http-transport.ts';
import { type BodyTemplate, readBodyTemplate, renderBody } from '../message/body-template.ts';
import type { Message } from '../message/message.ts';
import type { Answer } from '../outbound/post.ts';
import { standardWebhookSignature } from '../outbound/signatures.ts';
import { alertmanagerBody } from './alertmanager.ts';

const formats = ['saker', 'alertmanager'] as const;

type Config = Address & {
  readonly channel: string;
  readonly format: (typeof formats)[number];
  readonly secret: string | undefined;
  readonly bearer: string | undefined;
  readonly body: BodyTemplate | undefined;
};

export const webhook: ChannelKind = {
  keys: [...addressKeys, 'secret', 'bearer', 'format', 'body'],
  read(fields: Fields): Transport | undefined {
    const address = readAddress(fields);
    const secret = fields.text('secret', { max: 255 });
    const bearer = fields.text('bearer', { max: 1024 });
    const format = fields.oneOf('format', formats) ?? 'saker';
    const body = readBodyTemplate(fields, 'body');
    if (body !== undefined && format === 'alertmanager') fields.fault('body', '"body" and "format" exclude each other');
    if (address === undefined) return undefined;
    return transport({ ...address, channel: fields.nameAsWritten ?? '', format, secret, bearer, body });
  },
};

function transport(config: Config): Transport {
  const { url, allowInternal, bearer } = config;
  return httpTransport({
    allowInternal,
    readsBody: false,
    parts(message, nowMs) {
      const body = bodyOf(config, message);
      const authorization = bearer === undefined ? {} : { Authorization: `Bearer ${bearer}` };
      return [{ url, headers: { ...signed(config.secret, message.key, body, nowMs), ...authorization }, body }];
    },
    verdict: webhookVerdict,
  });
}

/** A webhook is the receiver's own program, which is mended while messages wait: nothing it says is final. */
function webhookVerdict(answer: Answer, host: string): SendResult {
  const verdict = verdictOfStatus(answer, host);
  return verdict.kind === 'refused' ? { kind: 'retry', reason: verdict.reason } : verdict;
}

function bodyOf({ format, body, channel }: Config, message: Message): string {
  if (body !== undefined) return renderBody(body, message);
  return JSON.stringify(format === 'alertmanager' ? alertmanagerBody(message, channel) : sakerBody(message));
}

/** An event alone keeps its own fields at the top; what stands for many has them under `events`. */
export function sakerBody(message: Message): object {
  const { kind, text, url, links, key, events, count, status, priority, title, lines } = message;
  const pressed = Object.fromEntries(links.map((link) => [`${link.label}Url`, link.url]));
  const [event] = events;
  if (kind === 'event' && event !== undefined) return { message: text, url, ...pressed, ...event };
  return { message: text, url, ...pressed, kind, key, status, priority, title, lines, count, events };
}

/** The headers of Standard Webhooks, which receivers check with a library of their language. */
export function signed(secret: string | undefined, key: string, body: string, nowMs: number): Record<string, string> {
  if (secret === undefined) return {};
  const timestampSeconds = Math.floor(nowMs / 1000);
  return {
    'webhook-id': key,
    'webhook-timestamp': String(timestampSeconds),
    'webhook-signature': standardWebhookSignature({ secret, id: key, timestampSeconds, body }),
  };
}
