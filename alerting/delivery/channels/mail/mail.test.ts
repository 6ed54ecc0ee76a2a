/** Against a real SMTP server. */
import { SMTPServer, type SMTPServerDataStream } from 'smtp-server';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../../../../core/index.ts';
import { checkRules } from '../../../rules/read/check.ts';
import type { SendResult } from '../channel.ts';
import { createMailer, createOutbound, type Message } from '../index.ts';

let mails: { readonly to: readonly string[]; readonly text: string }[];
let server: SMTPServer;
let port: number;
let refuseWith: number | null;

beforeEach(async () => {
  mails = [];
  refuseWith = null;
  server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onRcptTo: (address, _session, done) => {
      const isKnown = !address.address.startsWith('nobody');
      done(isKnown ? null : Object.assign(new Error('no such mailbox'), { responseCode: 550 }));
    },
    onData: (stream: SMTPServerDataStream, session, done) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        if (refuseWith !== null) return done(Object.assign(new Error('not now'), { responseCode: refuseWith }));
        const to = session.envelope.rcptTo.map(({ address }) => address);
        mails.push({ to, text: Buffer.concat(chunks).toString('utf8') });
        done();
      });
    },
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.server.address();
  port = typeof address === 'object' && address !== null ? address.port : 0;
});

afterEach(() => new Promise<void>((resolve) => server.close(() => resolve())));

const message = (change: Partial<Message> = {}): Message => ({
  key: 'k1',
  kind: 'summary',
  status: 'PROBLEM',
  priority: 1,
  title: '[P1][PROBLEM] 磁盘 <nearly> full',
  lines: ['node1 <b>', 'second'],
  text: 'text',
  url: 'https://saker.example.org/endpoint/node1',
  links: [{ label: 'acknowledge', url: 'https://saker.example.org/act/a.b' }],
  events: [],
  count: 1,
  recipients: [{ name: 'ann', email: 'ann@example.org' }, { name: 'bob' }],
  createdAtMs: 0,
  ...change,
});

function send(
  sent = message(),
  fields = 'allow_internal: true, host: 127.0.0.1',
  png: Uint8Array | null = null,
): Promise<SendResult> {
  const text = `channels: [{ name: m, type: mail, ${fields}, port: ${port}, security: none, from: saker@example.org, to: [list@example.org] }]`;
  const checked = checkRules(text, 'r.yaml');
  const [channel] = checked.kind === 'valid' ? checked.channels : [];
  if (channel === undefined) throw new Error(JSON.stringify(checked));
  const outbound = createOutbound({ clock: systemClock, userAgent: 'saker/test' });
  const tools = {
    outbound,
    mailer: createMailer(),
    clock: systemClock,
    picture: async () => png,
    spend: async () => {},
  };
  return channel.transport.send(sent, tools, 0);
}

test('a mail reaches lists and people, as text and as HTML in which names are no markup', async () => {
  expect(await send()).toEqual({ kind: 'delivered' });
  const [mail] = mails;
  expect(mail?.to).toEqual(['list@example.org', 'ann@example.org']);
  expect(mail?.text).toMatch(/^Auto-Submitted: auto-generated\r$/m);
  expect(mail?.text).toMatch(/^X-Saker-Key: k1\r$/m);
  const unfolded = mail?.text.replaceAll('=\r\n', '');
  expect(unfolded).toContain('node1 &lt;b&gt;');
  expect(unfolded).toContain('acknowledge: https://saker.example.org/act/a.b');
});

test('the same message sent twice has the same Message-ID', async () => {
  await send();
  await send();
  const ids = mails.map(({ text }) => /^Message-ID: (.*)\r$/im.exec(text)?.[1]);
  expect(ids[0]).toMatch(/^<[0-9a-f]{32}@example\.org>$/);
  expect(ids[1]).toBe(ids[0]);
});

test('one recipient that does not exist does not keep the mail from the others', async () => {
  const people = [{ name: 'gone', email: 'nobody@example.org' }];
  expect(await send(message({ recipients: people }))).toEqual({ kind: 'delivered' });
  expect(mails[0]?.to).toEqual(['list@example.org']);
});

test.each([
  [451, 'retry'],
  [552, 'refused'],
] as const)('a server that answers %i: %s', async (code, kind) => {
  refuseWith = code;
  const result = await send();
  expect(result).toMatchObject({ kind, reason: expect.stringContaining(String(code)) });
});

test('a server that is not there, or is at an internal address without leave, is told by name', async () => {
  expect(await send(message(), 'host: localhost')).toMatchObject({
    kind: 'retry',
    reason: expect.stringContaining(`localhost:${port} is at an internal address`),
  });
  port = 1;
  expect(await send()).toMatchObject({ kind: 'retry', reason: expect.stringContaining('127.0.0.1:1') });
});

test('a mail about one event holds its picture, and goes into one thread with the others of its alert', async () => {
  const event = JSON.parse('{"id":"i","key":"k1"}');
  await send(message({ kind: 'event', events: [event] }), undefined, Buffer.from('the picture'));
  const [mail] = mails;
  expect(mail?.text).toContain('Content-Id: <chart@saker>'.replace('Id', 'ID'));
  expect(mail?.text).toContain(Buffer.from('the picture').toString('base64'));
  expect(mail?.text).toMatch(/^References: <[0-9a-f]{32}@example\.org>\r$/m);
});
