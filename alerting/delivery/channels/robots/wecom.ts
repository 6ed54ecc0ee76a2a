/**
 * WeCom's group robot: Markdown of at most 4,096 bytes, no signature, 20 messages a minute, the verdict in `errcode`
 * of a 200. Source: developer.work.weixin.qq.com/document/path/99110 and its list of error codes.
 */
import type { Fields } from '../../../rules/read/fields.ts';
import type { ChannelKind, SendResult } from '../channel.ts';
import { addressKeys, readAddress } from '../http/address.ts';
import { type CodeMeaning, httpTransport, jsonAnswer, verdictOfCode, verdictOfStatus } from '../http/http-transport.ts';
import { markdownBody, markdownTitle } from '../message/markdown.ts';
import type { Message } from '../message/message.ts';
import { splitText } from '../message/split.ts';
import type { Answer } from '../outbound/post.ts';

const MARKDOWN_BYTES_MAX = 4096;
const TEXT_BYTES_MAX = 2048;
const MENTIONS_MAX = 50;

const meanings: Readonly<Record<string, CodeMeaning>> = {
  '-1': { words: 'it is busy' },
  '40008': { words: 'it does not take this kind of message', refused: true },
  '40058': { words: 'it does not take the form of the message', refused: true },
  '44004': { words: 'the message is empty', refused: true },
  '45002': { words: 'the message is too long', refused: true },
  '45009': { words: 'more than 20 messages in a minute', afterMs: 60_000 },
  '45033': { words: 'too many requests at the same time' },
  '93000': { words: 'it does not know the key, or the robot was removed', refused: true },
  '93008': { words: 'the robot is not in the group any more', refused: true },
};

const colours = { PROBLEM: 'warning', OK: 'info' } as const;

export const wecom: ChannelKind = {
  keys: [...addressKeys, 'mention'],
  read(fields: Fields) {
    const address = readAddress(fields);
    const mention = fields.texts('mention', MENTIONS_MAX).map(({ text }) => text);
    if (address === undefined) return undefined;
    const { url, allowInternal } = address;
    return httpTransport({
      allowInternal,
      budget: { key: `wecom ${url}`, limits: [{ count: 20, withinMs: 60_000 }] },
      readsBody: true,
      parts: (message) => wecomBodies(message, mention).map((body) => ({ url, body: JSON.stringify(body) })),
      verdict: wecomVerdict,
    });
  },
};

/** Mentions by telephone number work in texts only, so that a message with them ends in a short text. */
function wecomBodies(message: Message, mention: readonly string[]): readonly object[] {
  const people = message.recipients.flatMap(({ im }) => im ?? []);
  const phones = message.recipients.flatMap(({ phone, im }) =>
    im === undefined && phone !== undefined ? [phone] : [],
  );
  const mentions = [...new Set([...mention, ...people])].map((name) => `<@${name}>`).join(' ');
  const title = `<font color="${colours[message.status]}">**${markdownTitle(message)}**</font>`;
  const text = `${title}\n${markdownBody(message)}${mentions === '' ? '' : `\n${mentions}`}`;
  const parts = splitText(text, MARKDOWN_BYTES_MAX).map((content) => ({ msgtype: 'markdown', markdown: { content } }));
  if (phones.length === 0) return parts;
  const [content = ''] = splitText(message.title, TEXT_BYTES_MAX);
  return [...parts, { msgtype: 'text', text: { content, mentioned_mobile_list: phones } }];
}

export function wecomVerdict(answer: Answer, host: string): SendResult {
  if (answer.status !== 200) return verdictOfStatus(answer, host);
  const code = jsonAnswer(answer)?.errcode;
  if (code === 0) return { kind: 'delivered' };
  if (typeof code !== 'number') return { kind: 'retry', reason: `${host} answered 200 without an error code` };
  return verdictOfCode(host, code, meanings[code]);
}
