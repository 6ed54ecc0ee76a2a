/**
 * Microsoft Teams through the webhook of a workflow: an Adaptive Card, 28 KB, four requests a second. The older
 * connector answers 200 with the words of an error inside. Source: learn.microsoft.com, "Create incoming webhooks".
 */
import type { Fields } from '../../../rules/read/fields.ts';
import type { ChannelKind, SendResult } from '../channel.ts';
import { addressKeys, readAddress } from '../http/address.ts';
import { httpTransport, type Part, verdictOfStatus } from '../http/http-transport.ts';
import type { Message } from '../message/message.ts';
import { splitText } from '../message/split.ts';
import type { Answer } from '../outbound/post.ts';

/** JSON may write a byte of text as six; the limit of 28 KB holds for the body. */
const TEXT_BYTES_MAX = 12_000;

export const teams: ChannelKind = {
  keys: [...addressKeys],
  read(fields: Fields) {
    const address = readAddress(fields);
    if (address === undefined) return undefined;
    const { url, allowInternal } = address;
    return httpTransport({
      allowInternal,
      budget: { key: `teams ${url}`, limits: [{ count: 4, withinMs: 1000 }] },
      readsBody: true,
      parts: (message): readonly Part[] => cards(message).map((card) => ({ url, body: JSON.stringify(card) })),
      verdict: teamsVerdict,
    });
  },
};

function cards(message: Message): readonly object[] {
  const parts = splitText(message.lines.join('\n'), TEXT_BYTES_MAX);
  return parts.map((part, index) => ({
    type: 'message',
    attachments: [
      {
        contentType: 'application/vnd.microsoft.card.adaptive',
        contentUrl: null,
        content: {
          $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
          type: 'AdaptiveCard',
          version: '1.4',
          body: [title(message), ...part.split('\n').map(paragraph), ...(index === 0 ? image(message) : [])],
          actions: [{ label: 'open', url: message.url }, ...message.links].map((link) => ({
            type: 'Action.OpenUrl',
            title: link.label,
            url: link.url,
          })),
        },
      },
    ],
  }));
}

function title({ title: text, status, priority }: Message): object {
  const color = status === 'OK' ? 'Good' : priority <= 2 ? 'Attention' : 'Warning';
  return { type: 'TextBlock', text: escapeCard(text), weight: 'Bolder', size: 'Medium', wrap: true, color };
}

const paragraph = (text: string): object => ({
  type: 'TextBlock',
  text: escapeCard(text),
  wrap: true,
  spacing: 'Small',
});

const image = ({ imageUrl }: Message): readonly object[] =>
  imageUrl === undefined ? [] : [{ type: 'Image', url: imageUrl, altText: 'chart' }];

/** A text block reads a little Markdown; a backslash takes a sign's meaning away. */
const escapeCard = (text: string): string => text.replace(/[\\`*_[\]()#~]/g, (sign) => `\\${sign}`);

export function teamsVerdict(answer: Answer, host: string): SendResult {
  const inside = /HTTP error (\d{3})/.exec(answer.body)?.[1];
  if (answer.status === 200 && inside !== undefined) {
    return verdictOfStatus({ status: Number(inside), body: '' }, host);
  }
  return verdictOfStatus(answer, host);
}
