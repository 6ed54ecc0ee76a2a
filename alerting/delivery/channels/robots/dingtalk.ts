/**
 * DingTalk's custom robot: Markdown, an optional signature, 20 messages a minute. It answers 200 whatever happens;
 * the verdict is in `errcode`. Source: open.dingtalk.com, "custom robots"; issues of those who learnt it the hard way.
 */
import type { Fields } from '../../../rules/read/fields.ts';
import type { ChannelKind, SendResult } from '../channel.ts';
import { addressKeys, readAddress } from '../http/address.ts';
import { type CodeMeaning, httpTransport, jsonAnswer, verdictOfCode, verdictOfStatus } from '../http/http-transport.ts';
import { markdownBody, markdownTitle } from '../message/markdown.ts';
import type { Message } from '../message/message.ts';
import { splitText, truncate } from '../message/split.ts';
import type { Answer } from '../outbound/post.ts';
import { dingtalkSignature } from '../outbound/signatures.ts';

/** Of the whole body; the rest of it is short. */
const TEXT_BYTES_MAX = 18_000;
const TITLE_BYTES_MAX = 200;
const AT_MAX = 50;

const meanings: Readonly<Record<string, CodeMeaning>> = {
  '-1': { words: 'it is busy' },
  '130101': { words: 'more than 20 messages in a minute', afterMs: 60_000 },
  '300001': { words: 'it does not know the access_token', refused: true },
  '300005': { words: 'it does not know the access_token', refused: true },
  '310000': { words: 'signature, keyword or source address do not fit its security settings', refused: true },
  '400013': { words: 'the group was dissolved', refused: true },
  '400101': { words: 'it does not know the access_token', refused: true },
  '400102': { words: 'the robot was stopped', refused: true },
  '410100': { words: 'it is sent to too fast', afterMs: 60_000 },
  '430101': { words: 'the message holds an unsafe link', refused: true },
  '430102': { words: 'the message holds words that it does not allow', refused: true },
};

export const dingtalk: ChannelKind = {
  keys: [...addressKeys, 'secret', 'at', 'at_all', 'keyword'],
  read(fields: Fields) {
    const address = readAddress(fields);
    const secret = fields.text('secret', { max: 255 });
    const at = fields.texts('at', AT_MAX).map(({ text }) => text);
    const isAtAll = fields.boolean('at_all') ?? false;
    const keyword = fields.text('keyword', { max: 64 });
    if (address === undefined) return undefined;
    const { url, allowInternal } = address;
    return httpTransport({
      allowInternal,
      budget: { key: `dingtalk ${url}`, limits: [{ count: 20, withinMs: 60_000 }] },
      readsBody: true,
      parts: (message, nowMs) =>
        dingtalkBodies(message, { at, isAtAll, keyword }).map((body) => ({ url: signedUrl(url, secret, nowMs), body })),
      verdict: dingtalkVerdict,
    });
  },
};

export function signedUrl(url: string, secret: string | undefined, nowMs: number): string {
  if (secret === undefined) return url;
  const signedAddress = new URL(url);
  signedAddress.searchParams.set('timestamp', String(nowMs));
  signedAddress.searchParams.set('sign', dingtalkSignature(secret, nowMs));
  return signedAddress.href;
}

type Mentions = { readonly at: readonly string[]; readonly isAtAll: boolean; readonly keyword: string | undefined };

function dingtalkBodies(message: Message, { at, isAtAll, keyword }: Mentions): readonly string[] {
  const phones = [...new Set([...at, ...message.recipients.flatMap(({ phone }) => phone?.replace(/^\+86/, '') ?? [])])];
  const title = markdownTitle(message);
  const begins = keyword === undefined || title.includes(keyword) ? title : `${keyword} ${title}`;
  const picture = message.imageUrl === undefined ? '' : `\n\n![chart](${message.imageUrl})`;
  // A mention works only where the number stands in the text as well.
  const mentions = phones.length === 0 ? '' : `\n\n${phones.map((phone) => `@${phone}`).join(' ')}`;
  const text = `**${begins}**\n\n${markdownBody(message)}${picture}${mentions}`;
  return splitText(text, TEXT_BYTES_MAX).map((part) =>
    JSON.stringify({
      msgtype: 'markdown',
      markdown: { title: truncate(begins, TITLE_BYTES_MAX), text: withKeyword(part, keyword) },
      at: { atMobiles: phones, isAtAll },
    }),
  );
}

/** The robot refuses each message without its keyword, the second part of one as well. */
function withKeyword(part: string, keyword: string | undefined): string {
  return keyword === undefined || part.includes(keyword) ? part : `${keyword}\n\n${part}`;
}

export function dingtalkVerdict(answer: Answer, host: string): SendResult {
  if (answer.status !== 200) return verdictOfStatus(answer, host);
  const code = jsonAnswer(answer)?.errcode;
  if (code === 0) return { kind: 'delivered' };
  if (typeof code !== 'number') return { kind: 'retry', reason: `${host} answered 200 without an error code` };
  return verdictOfCode(host, code, meanings[code]);
}
