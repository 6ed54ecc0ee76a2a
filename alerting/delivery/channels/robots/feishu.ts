/**
 * Feishu's and Lark's custom bot: a card, an optional signature in the body, 5 requests a second and 100 a minute,
 * at most 20 KB, the verdict in `code`. Source: open.larkoffice.com, "custom bot usage guide".
 */
import type { Fields } from '../../../rules/read/fields.ts';
import type { ChannelKind, SendResult } from '../channel.ts';
import { addressKeys, readAddress } from '../http/address.ts';
import { type CodeMeaning, httpTransport, jsonAnswer, verdictOfCode, verdictOfStatus } from '../http/http-transport.ts';
import { escapeMarkdown, markdownBody } from '../message/markdown.ts';
import type { Message } from '../message/message.ts';
import { splitText, truncate } from '../message/split.ts';
import type { Answer } from '../outbound/post.ts';
import { feishuSignature } from '../outbound/signatures.ts';

/** JSON may write a byte of text as six; the limit of 20 KB holds for the body. */
const TEXT_BYTES_MAX = 12_000;
const TITLE_BYTES_MAX = 400;
const AT_MAX = 50;

const meanings: Readonly<Record<string, CodeMeaning>> = {
  '9499': { words: 'it does not take the form of the message', refused: true },
  '11232': { words: 'its rate limit; it is strictest at the full and the half hour', afterMs: 5_000 },
  '19001': { words: 'it does not know the token', refused: true },
  '19002': { words: 'it does not take the form of the message', refused: true },
  '19021': { words: 'the signature does not match, or the clocks differ by more than an hour', refused: true },
  '19022': { words: 'it does not allow this source address', refused: true },
  '19024': { words: 'the message lacks the keyword of its security settings', refused: true },
};

export const feishu: ChannelKind = {
  keys: [...addressKeys, 'secret', 'at', 'keyword'],
  read(fields: Fields) {
    const address = readAddress(fields);
    const secret = fields.text('secret', { max: 255 });
    const at = fields.texts('at', AT_MAX).map(({ text }) => text);
    const keyword = fields.text('keyword', { max: 64 });
    if (address === undefined) return undefined;
    const { url, allowInternal } = address;
    return httpTransport({
      allowInternal,
      budget: {
        key: `feishu ${url}`,
        limits: [
          { count: 5, withinMs: 1000 },
          { count: 100, withinMs: 60_000 },
        ],
      },
      readsBody: true,
      parts: (message, nowMs) =>
        cards(message, at, keyword).map((card) => ({
          url,
          body: JSON.stringify({ ...signature(secret, nowMs), msg_type: 'interactive', card }),
        })),
      verdict: feishuVerdict,
    });
  },
};

function signature(secret: string | undefined, nowMs: number): object {
  if (secret === undefined) return {};
  const timestamp = Math.floor(nowMs / 1000);
  return { timestamp: String(timestamp), sign: feishuSignature(secret, timestamp) };
}

function cards(message: Message, at: readonly string[], keyword: string | undefined): readonly object[] {
  const people = [...new Set([...at, ...message.recipients.flatMap(({ im }) => im ?? [])])];
  const mentions = people.map((id) => `<at id=${/^[A-Za-z0-9_@.-]+$/.test(id) ? id : 'unknown'}></at>`).join(' ');
  const title =
    keyword === undefined || message.title.includes(keyword) ? message.title : `${keyword} ${message.title}`;
  const text = `${markdownBody(message)}${mentions === '' ? '' : `\n${mentions}`}`;
  return splitText(text, TEXT_BYTES_MAX).map((content) => ({
    config: { wide_screen_mode: true },
    header: {
      title: { tag: 'plain_text', content: truncate(escapeMarkdown(title), TITLE_BYTES_MAX) },
      template: message.status === 'OK' ? 'green' : message.priority <= 2 ? 'red' : 'orange',
    },
    elements: [{ tag: 'markdown', content }],
  }));
}

/** The older answer of the same robot has `StatusCode` in place of `code`. */
export function feishuVerdict(answer: Answer, host: string): SendResult {
  const json = jsonAnswer(answer);
  const code = json?.code ?? json?.StatusCode;
  if (typeof code !== 'number') {
    const verdict = verdictOfStatus(answer, host);
    if (verdict.kind !== 'delivered') return verdict;
    return { kind: 'retry', reason: `${host} answered ${answer.status} without an error code` };
  }
  return code === 0 ? { kind: 'delivered' } : verdictOfCode(host, code, meanings[code]);
}
