/** A whole server: an alert of this very host, its links as a telephone follows them, and the API around messages. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AlertsAnswer, ChannelTestAnswer, SilencesAnswer } from '../../../core/index.ts';
import { type Receiver, startReceiver } from '../../harness/acting.ts';
import type { Console } from '../../harness/console.ts';
import { Saker } from '../../harness/saker.ts';
import { until } from '../../harness/waiting.ts';

let folder: string;
let receiver: Receiver;
let saker: Saker;
let person: Console;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'saker-links-'));
  receiver = await startReceiver();
  await writeFile(
    join(folder, 'rules.yaml'),
    `channels:
  - { name: phone, type: webhook, url: "${receiver.url}", allow_internal: true, digest_above: 100 }
  - { name: broken, type: slack, url: "http://127.0.0.1:1/", allow_internal: true }
rules:
  - { name: "always <b>", metric: load.1min, where: { kind: host }, condition: "all(#1) >= 0", max_step: 1, notify: [phone] }
`,
  );
  saker = await Saker.start({ flags: ['--rules', join(folder, 'rules.yaml'), '--docker-socket', 'none'] });
  person = await saker.signIn();
}, 60_000);

afterAll(async () => {
  await saker?.stop();
  receiver?.close();
  await rm(folder, { recursive: true, force: true });
});

const linkOf = async (name: string): Promise<string> => {
  const [message] = await until('the message', () => receiver.received.length > 0 && receiver.received);
  return String(Object.entries(message?.body ?? {}).find(([key]) => key === name)?.[1]);
};

async function alertNow() {
  const { alerts } = await person.get<AlertsAnswer>('/api/v1/alerts');
  const [alert] = alerts;
  if (alert === undefined) throw new Error('there is no open alert');
  return alert;
}

describe('a link in a message', () => {
  test('shows a page without signing in, in which names are no markup; looking changes nothing', async () => {
    const link = await linkOf('silenceUrl');
    const page = await fetch(link);
    const html = await page.text();
    expect(page.status).toBe(200);
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(page.headers.get('cache-control')).toBe('no-store');
    expect(html).toContain('always &lt;b&gt;');
    expect(html).not.toMatch(/<script|<b>/);
    expect((await person.get<SilencesAnswer>('/api/v1/silences')).silences).toEqual([]);
    expect((await fetch(`${saker.url}/act/style.css`)).headers.get('content-type')).toMatch(/^text\/css/);
  });

  test('silences when its button is pressed, with a reason; without one it says so', async () => {
    const link = await linkOf('silenceUrl');
    const press = (form: Record<string, string>) => fetch(link, { method: 'POST', body: new URLSearchParams(form) });
    const refused = await press({ minutes: '30', reason: '' });
    expect(refused.status).toBe(400);
    expect(await refused.text()).toContain('say in a few words why');
    const done = await press({ minutes: '30', reason: 'restarting it' });
    expect(done.status).toBe(200);
    expect(await done.text()).toContain('silenced until');
    const { silences } = await person.get<SilencesAnswer>('/api/v1/silences');
    expect(silences).toMatchObject([{ reason: 'restarting it', owner: 'phone (link in a message)' }]);
  });

  test('acknowledges, and again', async () => {
    const link = await linkOf('acknowledgeUrl');
    for (let press = 0; press < 2; press++) {
      const answer = await fetch(link, { method: 'POST' });
      expect(answer.status).toBe(200);
      expect(await answer.text()).toContain('acknowledged by phone');
    }
  });

  test('that somebody made up is refused on a page', async () => {
    const answer = await fetch(`${saker.url}/act/eyJwIjoic2lsZW5jZSJ9.AAAAAAAA`, { method: 'POST' });
    expect(answer.status).toBe(403);
    expect(await answer.text()).toContain('this link is not valid');
  });
});

test('a test of a channel tells of every hop, and where it ended', async () => {
  const good = await person.post<ChannelTestAnswer>('/api/v1/channels/phone/test', {});
  expect(good.delivered).toBe(true);
  const bad = await person.post<ChannelTestAnswer>('/api/v1/channels/broken/test', {});
  expect(bad.hops.at(-1)).toMatchObject({ passed: false, detail: '127.0.0.1:1 refused the connection' });
  await expect(person.post('/api/v1/channels/nobody/test', {})).rejects.toThrow('404');
});

test('an event has a picture of its window', async () => {
  const { key } = await alertNow();
  const headers = { cookie: person.cookie };
  const svg = await fetch(`${saker.url}/api/v1/events/${encodeURIComponent(key)}/chart`, { headers });
  expect(svg.headers.get('content-type')).toBe('image/svg+xml');
  expect(await svg.text()).toContain('load.1min on ');
  const png = await fetch(`${saker.url}/api/v1/events/${encodeURIComponent(key)}/chart?form=png`, { headers });
  expect(
    Buffer.from(await png.arrayBuffer())
      .subarray(1, 4)
      .toString(),
  ).toBe('PNG');
});

test('an alert is acknowledged by name in the console', async () => {
  const { id } = await alertNow();
  expect(await person.post(`/api/v1/alerts/${id}/acknowledge`, {})).toMatchObject({ alertId: id });
  await expect(person.post('/api/v1/alerts/none/acknowledge', {})).rejects.toThrow('404');
});
