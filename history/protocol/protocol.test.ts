import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { AppError, silentLogger, systemClock, VirtualClock } from '../../core/index.ts';
import { MemoryLog } from '../fakes/memory-log.ts';
import { MemoryStore } from '../fakes/memory-store.ts';
import { rollupRow, seriesRef } from '../fakes/rows.ts';
import { Follower } from '../follower/follower.ts';
import { HistoryClient } from './client.ts';
import { type HistoryServer, serveHistory } from './server.ts';

const MINUTE = 1_760_000_040;
const query = { select: { metrics: ['cpu.busy'] }, fromMs: MINUTE * 1000, toMs: (MINUTE + 60) * 1000 };

let folder: string;
let socketPath: string;
let store: MemoryStore;
let server: HistoryServer | null;
let client: HistoryClient;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'saker-socket-'));
  socketPath = join(folder, 'history.sock');
  store = new MemoryStore();
  const series = seriesRef('web');
  await store.insertSeries([series]);
  await store.insertRollups([rollupRow(series, MINUTE, 4)], { writer: 1, batch: 1 }, 'row');
  server = null;
  client = new HistoryClient({ socketPath, clock: systemClock });
});

afterEach(async () => {
  client.close();
  await server?.close(100);
  await rm(folder, { recursive: true, force: true });
});

async function serve(): Promise<void> {
  const clock = new VirtualClock(MINUTE * 1000);
  const cursorPath = join(folder, 'cursor.json');
  const reader = new MemoryLog();
  const follower = new Follower({ sink: store, reader, clock, logger: silentLogger, cursorPath, retentionDays: 90 });
  server = await serveHistory({ store, follower, socketPath, clock: systemClock, logger: silentLogger });
}

/** One request by hand. */
function send(method: string, path: string, body: string): Promise<{ status: number | undefined; text: string }> {
  return new Promise((resolve, reject) => {
    const sent = request({ socketPath, method, path }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve({ status: response.statusCode, text: Buffer.concat(chunks).toString() }));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

describe('the history socket', () => {
  test('answers queries and its status, to its owner only', async () => {
    await serve();
    expect((await stat(socketPath)).mode & 0o777).toBe(0o600);
    expect(await client.queryRange(query)).toMatchObject({ sources: ['history'], series: [{ avg: [4] }] });
    expect(await client.status()).toMatchObject({ kind: 'embedded', cursor: null, lagSeconds: null, queries: 1 });
  });

  test('carries errors over as they were thrown', async () => {
    await serve();
    store.findSeries = () =>
      Promise.reject(new AppError('TIMEOUT', 'took too long', { where: 'there', hint: 'ask for less' }));
    const expected = { code: 'TIMEOUT', message: 'took too long', where: 'there', hint: 'ask for less' };
    await expect(client.queryRange(query)).rejects.toMatchObject(expected);
    store.findSeries = () => Promise.reject(new TypeError('secret detail'));
    const bug = { code: 'INTERNAL', message: expect.not.stringContaining('secret') };
    await expect(client.queryRange(query)).rejects.toMatchObject(bug);
  });

  test('refuses what is no query, and goes on', async () => {
    await serve();
    const metrics = 'm'.repeat(2 * 1024 * 1024);
    const answers = [
      await send('POST', '/query_range', '{'),
      await send('POST', '/query_range', '{"select":{"metrics":[]},"fromMs":0,"toMs":1}'),
      await send('POST', '/query_range', JSON.stringify({ ...query, also: 1 })),
      await send('POST', '/query_range', JSON.stringify({ ...query, select: { metrics: [metrics] } })),
      await send('DELETE', '/query_range', ''),
    ];
    expect(answers.map(({ status }) => status)).toEqual([400, 400, 400, 413, 404]);
    expect(JSON.parse(answers[1]?.text ?? '')).toMatchObject({ code: 'BAD_REQUEST', where: '/select/metrics' });
    expect(await client.queryRange(query)).toMatchObject({ series: [{ avg: [4] }] });
  });

  test('ends a query when its client goes', async () => {
    await serve();
    const seen = new Promise<AbortSignal | undefined>((resolve) => {
      store.findSeries = (_selection, _limit, signal?: AbortSignal) => {
        resolve(signal);
        return new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
      };
    });
    const leaving = new AbortController();
    const asked = client.queryRange(query, { signal: leaving.signal });
    const signal = await seen;
    expect(signal?.aborted).toBe(false);
    leaving.abort();
    await expect(asked).rejects.toMatchObject({ code: 'HISTORY_UNAVAILABLE' });
    await expect.poll(() => signal?.aborted).toBe(true);
    expect(await client.status()).toMatchObject({ queries: 1 });
  });

  test('answers four queries at a time and refuses a fifth', async () => {
    await serve();
    const releases: (() => void)[] = [];
    store.findSeries = () => new Promise((resolve) => releases.push(() => resolve([])));
    const asked = Array.from({ length: 4 }, () => client.queryRange(query));
    await expect.poll(() => releases.length).toBe(4);
    await expect(client.queryRange(query)).rejects.toMatchObject({ code: 'TOO_MANY_REQUESTS' });
    for (const release of releases) release();
    await Promise.all(asked);
    expect(await client.status()).toMatchObject({ queries: 4, queriesRefused: 1 });
  });

  test('replaces the socket of a dead process, and nothing else', async () => {
    await serve();
    await server?.close(100);
    await writeFile(socketPath, 'precious');
    await expect(serve()).rejects.toMatchObject({ code: 'CONFIG_INVALID', where: socketPath });
    await rm(socketPath);
    await serve();
    await serve();
    expect(await client.status()).toMatchObject({ kind: 'embedded' });
  });

  test('refuses a path that is too long for a socket', async () => {
    socketPath = join(folder, 'x'.repeat(108));
    await expect(serve()).rejects.toMatchObject({ code: 'CONFIG_INVALID', hint: expect.stringContaining('shorter') });
  });
});

describe('the history client', () => {
  const away = { code: 'HISTORY_UNAVAILABLE', hint: expect.stringContaining('not running') };

  test('says that history is away when there is no socket, or nobody behind it', async () => {
    await expect(client.status()).rejects.toMatchObject(away);
    await writeFile(socketPath, '');
    await expect(client.status()).rejects.toMatchObject(away);
  });

  test('finds a history process that was started again', async () => {
    await serve();
    await client.status();
    await server?.close(100);
    await serve();
    expect(await client.status()).toMatchObject({ kind: 'embedded' });
  });

  test.each([
    ['no JSON', '<html>', 200],
    ['a wrong shape', '{"lagSeconds":"x"}', 200],
    ['an error that is none', '{"oops":1}', 500],
  ])('takes no nonsense for an answer: %s', async (_, body, status) => {
    const other = createServer((_request, response) => response.writeHead(status).end(body));
    await new Promise<void>((resolve) => other.listen(socketPath, resolve));
    await expect(client.status()).rejects.toMatchObject({ code: 'HISTORY_UNAVAILABLE' });
    other.closeAllConnections();
    other.close();
  });

  test.each(['before the answer', 'within the answer'])('gives up on one that hangs %s', async (when) => {
    const impatient = new HistoryClient({ socketPath, clock: systemClock, statusDeadlineMs: 50 });
    const other = createServer((_request, response) => {
      if (when === 'within the answer') response.writeHead(200).write('{');
    });
    await new Promise<void>((resolve) => other.listen(socketPath, resolve));
    const late = { ...away, message: 'history did not answer within 50 ms' };
    await expect(impatient.status()).rejects.toMatchObject(late);
    impatient.close();
    other.closeAllConnections();
    other.close();
  });

  test('stops reading an answer that never ends', async () => {
    const other = createServer((_request, response) => {
      const pour = (): void => {
        while (response.write(Buffer.alloc(1024 * 1024, 0x20)));
      };
      response.on('drain', pour);
      pour();
    });
    await new Promise<void>((resolve) => other.listen(socketPath, resolve));
    await expect(client.status()).rejects.toMatchObject({ message: expect.stringContaining('more than 33554432') });
    other.closeAllConnections();
    other.close();
  });
});
