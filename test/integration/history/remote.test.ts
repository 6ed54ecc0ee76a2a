/** History in a ClickHouse that is asked over HTTP: the official client, the real engine behind a front. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Dictionary, RAW_DECIMALS, second, silentLogger, systemClock, timestampMs } from '../../../core/index.ts';
import {
  Follower,
  HistoryClient,
  type HistoryServer,
  type HistoryStore,
  type LogFrame,
  type LogReader,
  openStore,
  serveHistory,
} from '../../../history/index.ts';
import { type ClickHouseFront, startClickHouseFront } from '../../clickhouse-front/start.ts';

const nastyTexts = [
  "'; DROP TABLE series; --",
  '\\',
  "\\'",
  'a\tb\nc\rd',
  'nul\u0000nul',
  '\\N',
  '%s %20 &?#+',
  'é漢😀',
  '',
  '{x:String}',
];
const START = Math.floor(systemClock.nowMs() / 1000 / 3600) * 3600 - 3600;

let folder: string;
let front: ClickHouseFront;
let store: HistoryStore;
let log: FrameList;
let follower: Follower;
let server: HistoryServer;
let client: HistoryClient;

/** A log that is a list of frames; positions are indexes into it. */
class FrameList implements LogReader {
  readonly frames: LogFrame[] = [];

  read: LogReader['read'] = (from, { until }) => {
    const offset = from?.offset ?? 0;
    const frames = this.frames.slice(offset, until?.offset);
    return Promise.resolve({ frames, next: { segment: 1, offset: offset + frames.length }, bytes: frames.length });
  };

  pendingBytes: LogReader['pendingBytes'] = (from) => Promise.resolve(this.frames.length - (from?.offset ?? 0));
}

const dictionary = new Dictionary(1);
dictionary.apply({
  generation: 1,
  endpoints: nastyTexts.map((text, index) => ({
    index,
    endpoint: { name: `web${text}`, kind: 'host', host: 'h', state: 'running', labels: {} },
  })),
  firstSeries: 0,
  series: nastyTexts.map((text, endpoint) => ({
    endpoint,
    metric: 'cpu.busy',
    tags: { text },
    decimals: RAW_DECIMALS,
  })),
});

function frameAt(offset: number): LogFrame {
  const at = START + offset;
  const values = Float64Array.from(nastyTexts, (_, index) => index + 0.1);
  const frame = { collector: 'h', bootEpoch: 1, seq: offset + 1, second: second(at), sentAtMs: timestampMs(at * 1000) };
  return { dictionary, frame: { ...frame, generation: 1, values } };
}

const secondsStored = async () => {
  const select = { metrics: ['cpu.busy'] };
  const { series } = await client.queryRange({ select, fromMs: START * 1000, toMs: (START + 3600) * 1000 });
  return series.map(({ count }) => count.reduce((sum, one) => sum + one, 0));
};

async function addSeconds(count: number): Promise<void> {
  for (let added = 0; added < count; added++) log.frames.push(frameAt(log.frames.length));
}

const open = (requestTimeoutMs?: number) =>
  openStore(
    {
      kind: 'remote',
      url: front.url,
      database: 'sa`ker',
      ...(requestTimeoutMs === undefined ? {} : { requestTimeoutMs }),
    },
    { clock: systemClock, retentionDays: 90 },
  );

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'saker-remote-'));
  front = await startClickHouseFront(join(folder, 'engine'));
  store = await open(2000);
  log = new FrameList();
  const cursorPath = join(folder, 'cursor.json');
  follower = new Follower({
    sink: store,
    reader: log,
    clock: systemClock,
    logger: silentLogger,
    cursorPath,
    retentionDays: 90,
  });
  const socketPath = join(folder, 'history.sock');
  server = await serveHistory({ store, follower, socketPath, clock: systemClock, logger: silentLogger });
  client = new HistoryClient({ socketPath, clock: systemClock });
});

afterAll(async () => {
  client.close();
  await server.close(1000);
  await store.close(1000);
  await front.stop();
  await rm(folder, { recursive: true, force: true });
});

const all = (count: number) => nastyTexts.map(() => count);

describe('history in a remote ClickHouse', () => {
  test('stores what the log holds and answers for it', async () => {
    await addSeconds(90);
    await follower.step();
    expect(await secondsStored()).toEqual(all(90));
    expect(await client.status()).toMatchObject({ kind: 'remote', batches: 1 });
  });

  test('finds each series by its nasty names', async () => {
    for (const [index, text] of nastyTexts.entries()) {
      const tags = { text };
      const { series } = await store
        .findSeries({ metrics: ['cpu.busy'], endpoints: [`web${text}`], tags }, 9)
        .then(async ([ref]) => ({
          series:
            ref === undefined ? [] : await store.readBuckets([ref.key], { from: START, to: START + 60, step: 60 }),
        }));
      expect(series).toMatchObject([{ count: [60], min: [index + 0.1], max: [index + 0.1] }]);
    }
  });

  test('takes a question that is too long for an address', async () => {
    const endpoints = Array.from({ length: 1000 }, (_, index) => `${'x'.repeat(240)}${index}`);
    const found = await store.findSeries({ metrics: ['cpu.busy'], endpoints: [...endpoints, 'web\\'], tags: {} }, 9);
    expect(found.map(({ identity }) => identity.endpoint)).toEqual(['web\\']);
  });

  test.each(['refuse', 'reset', 'stall'] as const)(
    'writes exactly once when inserts are met with: %s',
    async (kind) => {
      await front.fault(kind, 2);
      await addSeconds(100);
      await expect(follower.step()).rejects.toMatchObject({ code: 'HISTORY_UNAVAILABLE' });
      while (log.frames.length > ((await client.status()).cursor?.offset ?? 0)) await follower.step().catch(() => {});
      expect(await secondsStored()).toEqual(all(log.frames.length));
    },
  );

  test('falls behind while the server is away and catches up when it is back', async () => {
    const before = log.frames.length;
    await front.kill();
    await addSeconds(100);
    await expect(follower.step()).rejects.toMatchObject({ code: 'HISTORY_UNAVAILABLE' });
    await expect(client.queryRange({ select: { metrics: ['cpu.busy'] }, fromMs: 0, toMs: 1 })).rejects.toMatchObject({
      code: 'HISTORY_UNAVAILABLE',
    });
    expect(await client.status()).toMatchObject({ pendingBytes: 100, cursor: { offset: before } });
    // It comes back on another port here, so the follower is started anew, as after a new setting.
    front = await startClickHouseFront(join(folder, 'engine'));
    const again = await open();
    const cursorPath = join(folder, 'cursor.json');
    const options = {
      sink: again,
      reader: log,
      clock: systemClock,
      logger: silentLogger,
      cursorPath,
      retentionDays: 90,
    };
    await new Follower(options).step();
    const refs = await again.findSeries({ metrics: ['cpu.busy'], endpoints: [], tags: {} }, 99);
    const range = { from: START, to: START + 3600, step: 3600 };
    const rows = await again.readBuckets(
      refs.map(({ key }) => key),
      range,
    );
    expect(rows.map(({ count }) => count)).toEqual(nastyTexts.map(() => [before + 100]));
    await again.close(1000);
  });
});
