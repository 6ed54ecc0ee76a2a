/**
 * Telegram's sendMessage: HTML with the text's own signs escaped, 4,096 characters, about 20 messages a minute to
 * one group, 429 with the time to wait inside the answer. Source: core.telegram.org/bots/api and /bots/faq.
 */
import type { Fields } from '../../../rules/read/fields.ts';
import type { ChannelKind, SendResult } from '../channel.ts';
import { addressKeys, readAddress } from '../http/address.ts';
import { httpTransport, jsonAnswer, type Part, verdictOfStatus } from '../http/http-transport.ts';
import type { Message } from '../message/message.ts';
import { splitText, utf16Units } from '../message/split.ts';
import type { Answer } from '../outbound/post.ts';

const URL_DEFAULT = 'https://api.telegram.org/';
/** After entities were read; escaping makes text longer, so that this is on the safe side. */
const TEXT_UNITS_MAX = 4000;
const WAIT_SECONDS_MAX = 600;

export const telegram: ChannelKind = {
  keys: [...addressKeys, 'token', 'chat_id', 'thread_id'],
  read(fields: Fields) {
    const address = readAddress(fields, URL_DEFAULT);
    const token = fields.written('token', { required: true, max: 128 });
    const chatId = fields.text('chat_id', { required: true, max: 64 });
    const threadId = fields.integer('thread_id', { min: 1, max: 2 ** 31 });
    if (token !== undefined && !/^\d+:[A-Za-z0-9_-]+$/.test(token.text)) {
      fields.faultAt(token.offset, 'the token is not one of a bot; BotFather gives 123456:ABC…');
    }
    if (address === undefined || token === undefined || chatId === undefined) return undefined;
    const url = new URL(`/bot${token.text}/sendMessage`, address.url).href;
    const target = { chat_id: chatId, ...(threadId === undefined ? {} : { message_thread_id: threadId }) };
    return httpTransport({
      allowInternal: address.allowInternal,
      budget: {
        key: `telegram ${chatId}`,
        limits: [
          { count: 1, withinMs: 1000 },
          { count: 20, withinMs: 60_000 },
        ],
      },
      readsBody: true,
      parts: (message): readonly Part[] =>
        splitText(htmlOf(message), TEXT_UNITS_MAX, utf16Units).map((text) => ({
          url,
          body: JSON.stringify({ ...target, text, parse_mode: 'HTML', link_preview_options: { is_disabled: true } }),
        })),
      verdict: telegramVerdict,
    });
  },
};

/** Each line closes what it opens, so that a text may be cut between any two lines. */
function htmlOf({ title, lines, url, links }: Message): string {
  const pressed = [{ label: 'open', url }, ...links].map(
    (link) => `<a href="${escapeHtml(link.url)}">${link.label}</a>`,
  );
  return [`<b>${escapeHtml(title)}</b>`, ...lines.map(escapeHtml), pressed.join(' · ')].join('\n');
}

const escapeHtml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

export function telegramVerdict(answer: Answer, host: string): SendResult {
  const json = jsonAnswer(answer);
  if (json?.ok === true) return { kind: 'delivered' };
  const verdict = verdictOfStatus(answer, host);
  if (verdict.kind === 'delivered') return { kind: 'retry', reason: `${host} answered ${answer.status} and not "ok"` };
  const waitSeconds = answer.status === 429 ? retryAfterOf(json?.parameters) : undefined;
  return verdict.kind === 'retry' && waitSeconds !== undefined ? { ...verdict, afterMs: waitSeconds * 1000 } : verdict;
}

function retryAfterOf(parameters: unknown): number | undefined {
  if (typeof parameters !== 'object' || parameters === null || !('retry_after' in parameters)) return undefined;
  const { retry_after: seconds } = parameters;
  return typeof seconds === 'number' && seconds > 0 ? Math.min(seconds, WAIT_SECONDS_MAX) : undefined;
}
