/**
 * SMS through Twilio's Messages resource, one request a number. Source: twilio.com/docs, "Create a Message".
 */
import type { Fields } from '../../../rules/read/fields.ts';
import type { ChannelKind, SendResult } from '../channel.ts';
import { addressKeys, readAddress } from '../http/address.ts';
import {
  type CodeMeaning,
  httpTransport,
  jsonAnswer,
  type Part,
  verdictOfCode,
  verdictOfStatus,
} from '../http/http-transport.ts';
import { truncate, utf16Units } from '../message/split.ts';
import type { Answer } from '../outbound/post.ts';
import { phonesOf, readPhones } from './sms.ts';

const URL_DEFAULT = 'https://api.twilio.com/';
/** Three segments of UCS-2: what a person reads at night, and pays for. */
const TEXT_UNITS_MAX = 200;

const meanings: Readonly<Record<string, CodeMeaning>> = {
  '20003': { words: 'account_sid or auth_token are wrong', refused: true },
  '20429': { words: 'too many requests' },
  '21211': { words: 'the number is not one', refused: true },
  '21408': { words: 'the account may not send to this country', refused: true },
  '21606': { words: 'the number under "from" may not send', refused: true },
  '21610': { words: 'the receiver has unsubscribed', refused: true },
  '21611': { words: 'its queue is full' },
};

export const twilioSms: ChannelKind = {
  keys: [...addressKeys, 'to', 'account_sid', 'auth_token', 'from'],
  read(fields: Fields) {
    const address = readAddress(fields, URL_DEFAULT);
    const sid = fields.text('account_sid', { required: true, max: 64 });
    const token = fields.text('auth_token', { required: true });
    const from = fields.text('from', { required: true, max: 40 });
    const to = readPhones(fields);
    if (address === undefined || sid === undefined || token === undefined || from === undefined) return undefined;
    const url = new URL(`/2010-04-01/Accounts/${encodeURIComponent(sid)}/Messages.json`, address.url).href;
    const authorization = `Basic ${Buffer.from(`${sid}:${token}`).toString('base64')}`;
    return httpTransport({
      allowInternal: address.allowInternal,
      needsRecipients: to.length === 0,
      readsBody: true,
      parts: (message): readonly Part[] =>
        phonesOf(to, message).map((phone) => ({
          url,
          headers: { 'Content-Type': 'application/x-www-form-urlencoded', Authorization: authorization },
          body: new URLSearchParams({
            To: phone,
            // A messaging service has an id where a number stands otherwise.
            ...(from.startsWith('MG') ? { MessagingServiceSid: from } : { From: from }),
            Body: truncate(message.text, TEXT_UNITS_MAX, utf16Units),
          }).toString(),
        })),
      verdict: twilioVerdict,
    });
  },
};

export function twilioVerdict(answer: Answer, host: string): SendResult {
  if (answer.status >= 200 && answer.status < 300) return verdictOfStatus(answer, host);
  const code = jsonAnswer(answer)?.code;
  return typeof code === 'number' ? verdictOfCode(host, code, meanings[code]) : verdictOfStatus(answer, host);
}
