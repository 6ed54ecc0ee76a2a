/**
 * Open-Falcon's provider interface, byte for byte, so that the gateways that people wrote for its alarm work
 * unchanged: a form with `tos` and `content` for `sms` and `im`, with `subject` besides for `mail`. Unlike
 * Open-Falcon's alarm, which ignored them, statuses are read: what is not 2xx is tried again.
 * Source: open-falcon/falcon-plus, modules/alarm/cron/{sms,im,mail}_sender.go, cron/builder.go.
 */
import type { Fields } from '../../../rules/read/fields.ts';
import type { ChannelKind, SendResult, Transport } from '../channel.ts';
import { type Address, addressKeys, readAddress } from '../http/address.ts';
import { httpTransport, type Part, verdictOfStatus } from '../http/http-transport.ts';
import type { Message, Recipient } from '../message/message.ts';
import { falconMailBody, falconText } from './falcon-text.ts';

const TO_MAX = 100;

type Form = 'sms' | 'im' | 'mail';

/** Who the form is for, out of a person's entry. */
const addressOf: Readonly<Record<Form, (recipient: Recipient) => string | undefined>> = {
  sms: ({ phone }) => phone,
  im: ({ im }) => im,
  mail: ({ email }) => email,
};

export const falconSms = kindOf('sms');
export const falconIm = kindOf('im');
export const falconMail = kindOf('mail');

function kindOf(form: Form): ChannelKind {
  return {
    keys: [...addressKeys, 'to', 'time_zone'],
    read(fields: Fields): Transport | undefined {
      const address = readAddress(fields);
      const to = fields.texts('to', TO_MAX).map(({ text }) => text);
      const timeZone = readTimeZone(fields);
      return address === undefined ? undefined : transport(form, { ...address, to, timeZone });
    },
  };
}

/** An IANA name; UTC where none is written. */
export function readTimeZone(fields: Fields): string {
  const written = fields.written('time_zone', { max: 64 });
  if (written === undefined) return 'UTC';
  try {
    new Intl.DateTimeFormat('en', { timeZone: written.text });
    return written.text;
  } catch {
    fields.faultAt(written.offset, `unknown time zone "${written.text}"; write an IANA name such as Asia/Shanghai`);
    return 'UTC';
  }
}

type Config = Address & { readonly to: readonly string[]; readonly timeZone: string };

function transport(form: Form, { url, allowInternal, to, timeZone }: Config): Transport {
  return httpTransport({
    allowInternal,
    readsBody: false,
    mergesLow: true,
    needsRecipients: to.length === 0,
    parts(message): readonly Part[] {
      const tos = [...new Set([...to, ...message.recipients.flatMap((person) => addressOf[form](person) ?? [])])];
      if (tos.length === 0) return [];
      const fields = { tos: tos.join(','), ...contentOf(form, message, timeZone) };
      const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
      return [{ url, headers, body: new URLSearchParams(fields).toString() }];
    },
    verdict: (answer, host): SendResult => {
      const verdict = verdictOfStatus(answer, host);
      return verdict.kind === 'refused' ? { kind: 'retry', reason: verdict.reason } : verdict;
    },
  });
}

function contentOf(form: Form, message: Message, timeZone: string): Record<string, string> {
  const [event] = message.events;
  const isEvent = message.kind === 'event' && event !== undefined;
  const short = isEvent ? falconText(event, timeZone) : message.text;
  if (form !== 'mail') return { content: short };
  const long = [message.title, ...message.lines, message.url].join('\r\n');
  return { subject: short, content: isEvent ? falconMailBody(event, message.url, timeZone) : long };
}
