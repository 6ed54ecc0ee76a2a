import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import WebSocket from 'ws';
import type { LiveMessage, LiveRequest } from '../../../core/index.ts';
import type { Console } from '../../harness/console.ts';
import { Saker } from '../../harness/saker.ts';
import { OracleCollector, oracleValue } from '../../harness/senders/oracle-collector.ts';
import { until } from '../../harness/waiting.ts';

const SERIES = 1000;
const TICKS = 1500;
const MEGABYTE = 1024 * 1024;
/** What the kernel holds of a connection on the loopback, at both ends, beside our own megabyte. */
const KERNEL_BYTES_MAX = 12 * MEGABYTE;

let saker: Saker;
let person: Console;
let collector: OracleCollector;
beforeAll(async () => {
  saker = await Saker.start({ command: 'server' });
  person = await saker.signIn();
  const { secret } = await person.post<{ secret: string }>('/api/v1/tokens', { name: 'live', scope: 'collector' });
  collector = new OracleCollector({ url: saker.url, token: secret, name: 'h1', seriesCount: SERIES }, Date.now());
  await collector.connect();
});
afterAll(async () => {
  collector.close();
  await saker.stop();
});

type Watcher = { readonly socket: WebSocket; readonly messages: LiveMessage[]; bytes: number };

async function watch(request: LiveRequest): Promise<Watcher> {
  const socket = new WebSocket(`${saker.url.replace('http', 'ws')}/api/v1/live`, {
    headers: { cookie: person.cookie },
  });
  const watcher: Watcher = { socket, messages: [], bytes: 0 };
  socket.on('message', (text: Buffer) => {
    watcher.bytes += text.length;
    watcher.messages.push(JSON.parse(text.toString()));
  });
  await once(socket, 'open');
  socket.send(JSON.stringify(request));
  return watcher;
}

const ticksOf = ({ messages }: Watcher) => messages.filter((message) => message.type === 'tick');
const missedOf = ({ messages }: Watcher) => messages.filter((message) => message.type === 'missed');

async function tell(first: number, count: number): Promise<void> {
  for (let second = first; second < first + count; second++) {
    collector.tick(second);
    if (collector.pendingCount > 200) await until('acknowledgements', () => collector.pendingCount < 100);
  }
  await until('the last acknowledgement', () => collector.pendingCount === 0, 30_000);
}

describe('a live client', () => {
  test('that stops reading costs a megabyte, is told what it missed, and goes on with the newest', async () => {
    const select = { matchers: [{ label: 'metric', op: '=~' as const, value: 'oracle\\..*' }] };
    const reading = await watch({ type: 'subscribe', id: 1, select });
    const asleep = await watch({ type: 'subscribe', id: 1, select });
    const first = Math.floor(Date.now() / 1000) - 2 * TICKS;
    await tell(first, 5);
    await until('a tick at both', () => ticksOf(reading).length === 5 && ticksOf(asleep).length === 5);
    asleep.socket.pause();
    await tell(first + 5, TICKS);
    await until('all ticks at the one that reads', () => ticksOf(reading).length === TICKS + 5);
    expect(missedOf(reading)).toStrictEqual([]);
    asleep.socket.resume();
    // What waited for it comes first; then it is told with the next tick.
    await delay(500);
    const newest = first + TICKS + 100;
    await tell(newest, 1);
    await until('the newest tick', () => ticksOf(asleep).some(({ second }) => second === newest));
    const [missed] = missedOf(asleep);
    expect(missed).toBeDefined();
    const received = ticksOf(asleep).map(({ second }) => second);
    const ticks = missedOf(asleep).reduce((sum, message) => sum + message.ticks, 0);
    expect(ticks + received.length).toBe(TICKS + 6);
    expect(ticks).toBeGreaterThan(100);
    // Every second is either here or among those that it was told of.
    const known = new Set(received);
    for (let second = first; second < first + TICKS + 5; second++) {
      const isTold = missedOf(asleep).some(({ fromSecond, toSecond }) => second >= fromSecond && second <= toSecond);
      expect(known.has(second) || isTold).toBe(true);
    }
    expect(asleep.bytes).toBeLessThan(KERNEL_BYTES_MAX + MEGABYTE);
    expect(reading.bytes).toBeGreaterThan(asleep.bytes);
    const last = ticksOf(asleep).at(-1);
    expect(last?.values.slice(0, 2)).toStrictEqual([oracleValue(0, newest), oracleValue(1, newest)]);
    for (const { socket } of [reading, asleep]) socket.close();
  });

  test('that asks for a pattern that is none is told so, and stays connected', async () => {
    const select = { matchers: [{ label: 'metric', op: '=~' as const, value: '(' }] };
    const watcher = await watch({ type: 'subscribe', id: 1, select });
    const [error] = await until('an answer', () => watcher.messages.length > 0 && watcher.messages);
    expect(error).toMatchObject({ type: 'error', code: 'BAD_REQUEST' });
    expect(watcher.socket.readyState).toBe(WebSocket.OPEN);
    watcher.socket.close();
  });
});
