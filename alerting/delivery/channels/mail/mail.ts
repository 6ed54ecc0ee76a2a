/** E-mail by SMTP: text and HTML, to people and to lists; all mails about one alert are one thread. */
import { createHash } from 'node:crypto';
import { AppError, describeError } from '../../../../core/index.ts';
import type { Fields } from '../../../rules/read/fields.ts';
import type { ChannelKind, SendResult, SendTools, Transport } from '../channel.ts';
import type { Message } from '../message/message.ts';
import { truncate, utf16Units } from '../message/split.ts';
import { addressClass } from '../outbound/addresses.ts';
import type { Mail, MailServer } from '../outbound/mailer.ts';

const TO_MAX = 100;
const SUBJECT_UNITS_MAX = 200;
const securities = ['tls', 'starttls', 'none'] as const;
const ports = { tls: 465, starttls: 587, none: 25 } as const;

export const mail: ChannelKind = {
  keys: ['host', 'port', 'security', 'user', 'password', 'from', 'to', 'allow_internal'],
  read(fields: Fields): Transport | undefined {
    const allowInternal = fields.boolean('allow_internal') ?? false;
    const host = readHost(fields, allowInternal);
    const security = fields.oneOf('security', securities) ?? 'tls';
    const port = fields.integer('port', { min: 1, max: 65_535 }) ?? ports[security];
    const user = fields.text('user');
    const password = fields.text('password');
    const from = readAddresses(fields, 'from', 1)[0];
    const to = readAddresses(fields, 'to', TO_MAX);
    if (from === undefined) fields.fault('from', 'a mail needs a sender; write from: saker@example.org');
    if (user !== undefined && security === 'none') {
      fields.fault('security', 'a password would travel in the clear; write security: tls or starttls');
    }
    if (host === undefined || from === undefined) return undefined;
    const login = user === undefined ? {} : { user, password: password ?? '' };
    const server: MailServer = { host, port, security, allowInternal, ...login };
    return {
      folds: true,
      needsRecipients: to.length === 0,
      send: (message, tools) => send({ server, from, to }, message, tools),
    };
  },
};

function readHost(fields: Fields, allowInternal: boolean): string | undefined {
  const written = fields.written('host', { required: true });
  if (written === undefined) return undefined;
  const kind = addressClass(written.text);
  if (!/^[A-Za-z0-9.:-]+$/.test(written.text) || kind === 'never') {
    fields.faultAt(written.offset, `"${written.text}" is no mail server; write its name, as in smtp.example.org`);
    return undefined;
  }
  if (kind === 'internal' && !allowInternal) {
    fields.faultAt(
      written.offset,
      `${written.text} is an internal address; add "allow_internal: true" to the channel if it is meant`,
    );
  }
  return written.text;
}

function readAddresses(fields: Fields, key: string, max: number): readonly string[] {
  return fields.texts(key, max).flatMap(({ text, offset }) => {
    if (/^[^\s@<>,;"]+@[^\s@<>,;"]+$/.test(text)) return [text];
    fields.faultAt(offset, `"${text}" is no mail address; write name@example.org`);
    return [];
  });
}

type Sender = { readonly server: MailServer; readonly from: string; readonly to: readonly string[] };

async function send(
  { server, from, to }: Sender,
  message: Message,
  { mailer, spend, picture }: SendTools,
): Promise<SendResult> {
  const host = `${server.host}:${server.port}`;
  const recipients = [...new Set([...to, ...message.recipients.flatMap(({ email }) => email ?? [])])];
  if (recipients.length === 0) return { kind: 'refused', reason: 'the message has no recipient with a mail address' };
  await spend();
  try {
    const [event] = message.kind === 'event' ? message.events : [];
    const png = event === undefined ? null : await picture(event);
    const { rejected } = await mailer.send(server, mailOf({ message, from, to: recipients, png }));
    if (rejected.length < recipients.length) return { kind: 'delivered' };
    return { kind: 'refused', reason: `${host} takes mail for none of the recipients` };
  } catch (error) {
    return verdictOf(error, host);
  }
}

type Letter = {
  readonly message: Message;
  readonly from: string;
  readonly to: readonly string[];
  readonly png: Uint8Array | null;
};

function mailOf({ message, from, to, png }: Letter): Mail {
  const domain = from.slice(from.indexOf('@') + 1);
  const idOf = (text: string) => `<${createHash('sha256').update(text).digest('hex').slice(0, 32)}@${domain}>`;
  const [event] = message.events;
  const thread = message.kind === 'event' && event !== undefined ? idOf(event.id) : undefined;
  const links = [{ label: 'open', url: message.url }, ...message.links];
  return {
    from,
    to,
    subject: truncate(message.title, SUBJECT_UNITS_MAX, utf16Units),
    text: [message.title, '', ...message.lines, '', ...links.map(({ label, url }) => `${label}: ${url}`), ''].join(
      '\n',
    ),
    html: htmlOf(message, links, png !== null),
    ...(png === null ? {} : { image: { contentId: CHART_ID, png } }),
    // A mail that comes again after a crash has the id of the first, and most programs show it once.
    messageId: idOf(message.key),
    headers: {
      'Auto-Submitted': 'auto-generated',
      'X-Saker-Key': message.key,
      ...(thread === undefined ? {} : { References: thread, 'In-Reply-To': thread }),
    },
  };
}

const CHART_ID = 'chart@saker';

function htmlOf(
  { title, lines }: Message,
  links: readonly { label: string; url: string }[],
  hasChart: boolean,
): string {
  const rows = lines.map((line) => `<p style="margin:4px 0">${escapeHtml(line)}</p>`).join('');
  const picture = hasChart ? `<p><img alt="chart" width="600" src="cid:${CHART_ID}"></p>` : '';
  const pressed = links.map(({ label, url }) => `<a href="${escapeHtml(url)}">${escapeHtml(label)}</a>`).join(' · ');
  return `<div style="font:15px/1.4 sans-serif"><h3>${escapeHtml(title)}</h3>${rows}${picture}<p>${pressed}</p></div>`;
}

const escapeHtml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

/** SMTP's own split: 4xx may work later, 5xx will not (RFC 5321, 4.2.1). */
function verdictOf(error: unknown, host: string): SendResult {
  if (error instanceof AppError) return { kind: 'retry', reason: describeError(error) };
  const code = error instanceof Error && 'responseCode' in error ? Number(error.responseCode) : Number.NaN;
  if (code >= 500) return { kind: 'refused', reason: `${host} refused the mail with ${code}` };
  if (code >= 400) return { kind: 'retry', reason: `${host} put the mail off with ${code}` };
  const kind = error instanceof Error && 'code' in error ? String(error.code) : 'no code';
  return { kind: 'retry', reason: `${host} could not be spoken to (${kind})` };
}
