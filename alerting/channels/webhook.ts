/**
 * A POST of the event as JSON to an address of the receiver's choice; docs/webhook.md has the body.
 * A 2xx is a delivery, whatever the answer's body says; all else is tried again.
 */
import { describeError } from '../../core/index.ts';
import type { Fields } from '../rules/read/fields.ts';
import type { ChannelKind, Message, SendResult } from './channel.ts';
import { addressClass } from './outbound/addresses.ts';
import type { Outbound } from './outbound/post.ts';

export type WebhookConfig = { readonly url: string; readonly allowInternal: boolean };

export const webhook: ChannelKind<WebhookConfig> = {
  keys: ['url', 'allow_internal'],

  read(fields: Fields): WebhookConfig | undefined {
    const allowInternal = fields.boolean('allow_internal') ?? false;
    const written = fields.written('url', { required: true, max: 2048 });
    if (written === undefined) return undefined;
    const problem = problemOf(written.text, allowInternal);
    if (problem === undefined) return { url: written.text, allowInternal };
    fields.faultAt(written.offset, problem);
    return undefined;
  },

  async send(config: WebhookConfig, message: Message, outbound: Outbound): Promise<SendResult> {
    try {
      const { status } = await outbound.post({
        url: config.url,
        allowInternal: config.allowInternal,
        headers: { 'Content-Type': 'application/json', 'Idempotency-Key': message.event.key },
        body: JSON.stringify({ message: message.text, url: message.url, ...message.event }),
      });
      if (status >= 200 && status < 300) return { kind: 'delivered' };
      const redirected = status >= 300 && status < 400 ? ', a redirect, which is not followed' : '';
      return { kind: 'retry', reason: `${hostOf(config.url)} answered ${status}${redirected}` };
    } catch (error) {
      return { kind: 'retry', reason: describeError(error) };
    }
  },
};

/** What is wrong with the URL as it stands in the file; what its name resolves to is checked at each attempt. */
function problemOf(text: string, allowInternal: boolean): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined) return 'the url can not be read; write https://HOST/PATH';
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    return `the url begins with ${url.protocol}; webhooks go to https:// or http://`;
  }
  if (url.username !== '' || url.password !== '') {
    return 'the url holds a user or a password; put a secret token into the path or the query instead';
  }
  const kind = addressClass(url.hostname);
  if (kind === 'never') return `${url.hostname} is no address that a message can go to; write the receiver's own`;
  if (kind === 'internal' && !allowInternal) {
    return `${url.hostname} is an internal address; add "allow_internal: true" to the channel if it is meant`;
  }
  return undefined;
}

function hostOf(url: string): string {
  return new URL(url).host;
}
