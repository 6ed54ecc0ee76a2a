/**
 * Open-Falcon's callback: a GET with what happened in the query, as scripts that scale or restart things expect it.
 * New here: it comes from the outbox and is retried, carries an idempotency key, and may be authenticated.
 * Source: open-falcon/falcon-plus, modules/alarm/cron/callback.go.
 */
import { createHmac } from 'node:crypto';
import type { AlertEvent, Tags } from '../../../../core/index.ts';
import type { Fields } from '../../../rules/read/fields.ts';
import type { ChannelKind, SendResult } from '../channel.ts';
import { addressKeys, readAddress } from '../http/address.ts';
import { httpTransport, verdictOfStatus } from '../http/http-transport.ts';
import { readTimeZone } from './falcon.ts';
import { falconTime } from './falcon-text.ts';

export const falconCallback: ChannelKind = {
  keys: [...addressKeys, 'secret', 'bearer', 'time_zone'],
  read(fields: Fields) {
    const address = readAddress(fields);
    const secret = fields.text('secret', { max: 255 });
    const bearer = fields.text('bearer', { max: 1024 });
    const timeZone = readTimeZone(fields);
    if (address === undefined) return undefined;
    const { url, allowInternal } = address;
    return httpTransport({
      allowInternal,
      folds: false,
      readsBody: false,
      parts(message, nowMs) {
        const [event] = message.events;
        // A callback is about an event; a heartbeat or a summary has nothing to call it with.
        if (event === undefined) return [];
        const target = callbackUrl(url, event, timeZone);
        const authorization = bearer === undefined ? {} : { Authorization: `Bearer ${bearer}` };
        return [
          {
            url: target,
            method: 'GET',
            headers: { ...signedQuery(secret, target, nowMs), ...authorization },
            body: '',
          },
        ];
      },
      verdict: (answer, host): SendResult => {
        const verdict = verdictOfStatus(answer, host);
        return verdict.kind === 'refused' ? { kind: 'retry', reason: verdict.reason } : verdict;
      },
    });
  },
};

/** `endpoint=&metric=&status=&step=&priority=&time=&tpl_id=&exp_id=&stra_id=&left_value=&tags=k:v,k2:v2`. */
export function callbackUrl(url: string, event: AlertEvent, timeZone: string): string {
  const query = new URLSearchParams({
    endpoint: event.endpoint,
    metric: event.condition.metric,
    status: event.status,
    step: String(event.currentStep),
    priority: String(event.priority),
    time: falconTime(event, timeZone),
    // Numbers of an Open-Falcon database, which Saker's rules do not have.
    tpl_id: '0',
    exp_id: '0',
    stra_id: '0',
    left_value: String(event.leftValue),
    tags: tagsWithColons(event.tags),
  });
  return `${url}${url.includes('?') ? '&' : '?'}${query}`;
}

const tagsWithColons = (tags: Tags): string =>
  Object.keys(tags)
    .sort()
    .map((key) => `${key}:${tags[key]}`)
    .join(',');

/** `X-Saker-Signature: HEX` is HMAC-SHA256 of `timestamp.path?query`; a GET has no body to sign. */
function signedQuery(secret: string | undefined, target: string, nowMs: number): Record<string, string> {
  if (secret === undefined) return {};
  const timestamp = Math.floor(nowMs / 1000);
  const { pathname, search } = new URL(target);
  const signature = createHmac('sha256', secret).update(`${timestamp}.${pathname}${search}`).digest('hex');
  return { 'X-Saker-Timestamp': String(timestamp), 'X-Saker-Signature': signature };
}
