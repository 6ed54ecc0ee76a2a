/**
 * Slack's incoming webhook: an attachment with a coloured edge, one message a second, 429 with Retry-After beyond
 * it; success is the body `ok`. Source: docs.slack.dev, "incoming webhooks" and "rate limits".
 */
import type { Fields } from '../../../rules/read/fields.ts';
import type { ChannelKind, SendResult } from '../channel.ts';
import { addressKeys, readAddress } from '../http/address.ts';
import { httpTransport, verdictOfStatus } from '../http/http-transport.ts';
import type { Message } from '../message/message.ts';
import { splitText, truncate, utf16Units } from '../message/split.ts';
import type { Answer } from '../outbound/post.ts';

/** Of an attachment; Slack hides what is longer behind a "show more". */
const TEXT_UNITS_MAX = 3000;
const TITLE_UNITS_MAX = 250;

export const slack: ChannelKind = {
  keys: [...addressKeys, 'mention'],
  read(fields: Fields) {
    const address = readAddress(fields);
    const mention = fields.texts('mention', 20).map(({ text }) => text);
    if (address === undefined) return undefined;
    const { url, allowInternal } = address;
    return httpTransport({
      allowInternal,
      budget: { key: `slack ${url}`, limits: [{ count: 1, withinMs: 1000 }] },
      readsBody: true,
      parts: (message) => slackBodies(message, mention).map((body) => ({ url, body: JSON.stringify(body) })),
      verdict: slackVerdict,
    });
  },
};

function slackBodies(message: Message, mention: readonly string[]): readonly object[] {
  const people = [...mention, ...message.recipients.flatMap(({ im }) => im ?? [])];
  const mentions = [...new Set(people)].map(mentionOf).join(' ');
  const links = [{ label: 'open', url: message.url }, ...message.links]
    .map(({ label, url }) => `<${url}|${label}>`)
    .join(' · ');
  const title = truncate(message.title, TITLE_UNITS_MAX, utf16Units);
  const text = [...message.lines.map(escapeSlack), links].join('\n');
  const parts = splitText(text, TEXT_UNITS_MAX, utf16Units);
  return parts.map((part, index) => ({
    ...(mentions === '' || index > 0 ? {} : { text: mentions }),
    attachments: [
      {
        color: message.status === 'OK' ? 'good' : message.priority <= 2 ? 'danger' : 'warning',
        title: escapeSlack(title),
        title_link: message.url,
        text: part,
        fallback: escapeSlack(truncate(message.text, TEXT_UNITS_MAX, utf16Units)),
        mrkdwn_in: ['text'],
        ...(message.imageUrl === undefined || index < parts.length - 1 ? {} : { image_url: message.imageUrl }),
        ts: Math.floor(message.createdAtMs / 1000),
      },
    ],
  }));
}

/** `here`, `channel`, or the id of a user or group. */
function mentionOf(name: string): string {
  if (name === 'here' || name === 'channel') return `<!${name}>`;
  return name.startsWith('S') ? `<!subteam^${escapeSlack(name)}>` : `<@${escapeSlack(name)}>`;
}

/** Slack's three control characters; with them gone a name can be neither a link nor a mention. */
const escapeSlack = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

export function slackVerdict(answer: Answer, host: string): SendResult {
  if (answer.status === 200 && answer.body.trim() !== 'ok') {
    return { kind: 'retry', reason: `${host} answered 200 and not "ok"` };
  }
  return verdictOfStatus(answer, host);
}
