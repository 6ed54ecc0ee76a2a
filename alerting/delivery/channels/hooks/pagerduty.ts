/**
 * PagerDuty's Events API, version 2: an incident is opened with the first PROBLEM, updated by those after it and
 * closed by its OK, all under one `dedup_key`. Source: developer.pagerduty.com, "Send an Alert Event".
 */
import type { Fields } from '../../../rules/read/fields.ts';
import type { ChannelKind, SendResult } from '../channel.ts';
import { addressKeys, readAddress } from '../http/address.ts';
import { httpTransport, verdictOfStatus } from '../http/http-transport.ts';
import type { Message } from '../message/message.ts';
import { truncate, utf16Units } from '../message/split.ts';
import type { Answer } from '../outbound/post.ts';
import { severityOf } from './alertmanager.ts';

const EVENTS_URL = 'https://events.pagerduty.com/v2/enqueue';
const SUMMARY_MAX = 1024;

export const pagerduty: ChannelKind = {
  keys: [...addressKeys, 'routing_key'],
  read(fields: Fields) {
    const address = readAddress(fields, EVENTS_URL);
    const routingKey = fields.text('routing_key', { required: true, max: 64 });
    if (address === undefined || routingKey === undefined) return undefined;
    const { url, allowInternal } = address;
    return httpTransport({
      allowInternal,
      budget: { key: `pagerduty ${routingKey}`, limits: [{ count: 120, withinMs: 60_000 }] },
      folds: false,
      readsBody: false,
      parts: (message) => [{ url, body: JSON.stringify(pagerdutyBody(routingKey, message)) }],
      verdict: (answer: Answer, host: string): SendResult => verdictOfStatus(answer, host),
    });
  },
};

export function pagerdutyBody(routingKey: string, message: Message): object {
  const [event] = message.events;
  return {
    routing_key: routingKey,
    event_action: message.status === 'OK' ? 'resolve' : 'trigger',
    dedup_key: event?.id ?? message.key,
    client: 'Saker',
    client_url: message.url,
    links: [
      { href: message.url, text: 'chart' },
      ...message.links.map(({ label, url }) => ({ href: url, text: label })),
    ],
    ...(message.imageUrl === undefined ? {} : { images: [{ src: message.imageUrl, href: message.url, alt: 'chart' }] }),
    payload: {
      summary: truncate(message.text, SUMMARY_MAX, utf16Units),
      source: event?.endpoint ?? 'saker',
      severity: severityOf(message.priority),
      timestamp: new Date(event?.eventTimeMs ?? message.createdAtMs).toISOString(),
      class: event?.condition.metric ?? message.kind,
      custom_details: { facts: message.lines, key: message.key, reason: event?.reason ?? message.title },
    },
  };
}
