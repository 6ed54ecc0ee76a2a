import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { silentLogger, VirtualClock } from '../../core/index.ts';
import { dictionaryOf, frameOf, MemoryLog } from '../fakes/memory-log.ts';
import { MemoryStore } from '../fakes/memory-store.ts';
import type { LogReader } from '../ports.ts';
import { readCursor, writeCursor } from './cursor-file.ts';
import { Follower } from './follower.ts';
import { seriesKey } from './series-names.ts';

const MINUTE = 1_760_000_040;
const cpu = { endpoint: 'web', metric: 'cpu.busy' };
const key = seriesKey({ ...cpu, tags: {} });
const dictionary = dictionaryOf([cpu]);
const ticks = (from: number, count: number) =>
  Array.from({ length: count }, (_, index) => frameOf(dictionary, from + index, [1]));

let folder: string;
let log: MemoryLog;
let store: MemoryStore;
let clock: VirtualClock;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'saker-follower-'));
  log = new MemoryLog(100);
  store = new MemoryStore();
  clock = new VirtualClock((MINUTE + 300) * 1000);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const cursorPath = () => join(folder, 'cursor.json');

/** A follower as it is after a restart: nothing but the files is left. */
function startedAgain(reader: LogReader = log): Follower {
  return new Follower({
    sink: store,
    reader,
    clock,
    logger: silentLogger,
    cursorPath: cursorPath(),
    retentionDays: 90,
  });
}

async function storedCount(): Promise<number> {
  const [row] = await store.readBuckets([key], { from: 0, to: 2 ** 32, step: 2 ** 32 });
  return row?.count[0] ?? 0;
}

/** Real time passes in file calls, which the virtual clock does not wait for. */
async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  await expect.poll(condition, { timeout: 5000, interval: 1 }).toBe(true);
}

describe('the follower', () => {
  test('stores what the log holds, and nothing twice', async () => {
    log.append(...ticks(MINUTE, 250));
    const follower = startedAgain();
    expect(await follower.step()).toBe(false);
    expect(await storedCount()).toBe(250);
    expect(await follower.step()).toBe(false);
    log.append(...ticks(MINUTE + 250, 7));
    await follower.step();
    expect(await storedCount()).toBe(257);
    expect(await follower.status()).toMatchObject({ pendingBytes: 0, lagSeconds: 0, batches: 2, retries: 0 });
  });

  test('goes on after a restart where it was', async () => {
    log.append(...ticks(MINUTE, 30));
    await startedAgain().step();
    log.append(...ticks(MINUTE + 30, 5));
    await startedAgain().step();
    expect(await storedCount()).toBe(35);
    expect(await readCursor(cursorPath())).toMatchObject({
      batch: 2,
      position: { segment: 1, offset: 35_000 },
      intent: null,
    });
  });

  test.each(['lost', 'answer lost', 'token without rows', 'rows without token'] as const)(
    'finishes the batch of a run that died, its insert having gone: %s',
    async (fault) => {
      log.append(...ticks(MINUTE, 130));
      store.faults.push(fault);
      await expect(startedAgain().step()).rejects.toThrow(fault);
      expect(await readCursor(cursorPath())).toMatchObject({ batch: 0, position: null, intent: { segment: 2 } });
      // What has come since belongs to the next batch.
      log.append(...ticks(MINUTE + 130, 20));
      const follower = startedAgain();
      await follower.step();
      expect(await storedCount()).toBe(130);
      expect(await readCursor(cursorPath())).toMatchObject({ batch: 1, intent: null });
      await follower.step();
      expect(await storedCount()).toBe(150);
    },
  );

  test('finishes a batch whose insert succeeded and whose commit did not', async () => {
    log.append(...ticks(MINUTE, 10));
    await startedAgain().step();
    const committed = await readCursor(cursorPath());
    if (committed === null) throw new Error('no cursor');
    await writeCursor(cursorPath(), { ...committed, batch: 0, position: null, intent: committed.position });
    await startedAgain().step();
    expect(await storedCount()).toBe(10);
    expect(await readCursor(cursorPath())).toEqual(committed);
  });

  test('goes on when the segments of an open batch were freed', async () => {
    log.append(...ticks(MINUTE, 130));
    store.faults.push('answer lost');
    await expect(startedAgain().step()).rejects.toThrow();
    log.append(...ticks(MINUTE + 130, 200));
    log.free(3);
    const follower = startedAgain();
    await follower.step();
    expect(await readCursor(cursorPath())).toMatchObject({ batch: 1, position: { segment: 2, offset: 30_000 } });
    await follower.step();
    // 130 of the open batch, and what the log still has: the fourth segment.
    expect(await storedCount()).toBe(160);
    expect(await follower.status()).toMatchObject({ gapSegments: 1 });
  });

  test('counts nothing twice when its cursor is lost', async () => {
    log.append(...ticks(MINUTE, 130));
    await startedAgain().step();
    await rm(cursorPath());
    log.append(...ticks(MINUTE + 130, 100));
    const follower = startedAgain();
    await follower.step();
    // The minute that was being written is lost from its 130th second on, those after it are whole.
    expect(await storedCount()).toBe(130 + 50);
    expect(await follower.status()).toMatchObject({ skippedFrames: 180 });
  });

  test('takes late frames into their minute', async () => {
    const follower = startedAgain();
    log.append(...ticks(MINUTE + 7200, 60));
    clock.stepWall(7_200_000);
    await follower.step();
    log.append(...ticks(MINUTE, 60));
    await follower.step();
    const rows = await store.readBuckets([key], { from: MINUTE, to: MINUTE + 7260, step: 60 });
    expect(rows[0]?.count).toEqual(expect.arrayContaining([60, 60]));
  });

  test('leaves out what would expire at once or lies in the future', async () => {
    const days = 86_400;
    log.append(
      ...[-91 * days, -89 * days, 0, 3600, 2 * days].map((offset) => frameOf(dictionary, MINUTE + offset, [1])),
    );
    const follower = startedAgain();
    await follower.step();
    expect(await storedCount()).toBe(3);
    expect(await follower.status()).toMatchObject({ skippedFrames: 2 });
  });

  test('waits 1 s, 2 s, … 10 s while the store is away, and 1 s again after it was there', async () => {
    const follower = startedAgain();
    log.append(...ticks(MINUTE, 10));
    store.faults.push(...new Array(6).fill('lost'));
    follower.start();
    for (const [retries, delayMs] of [1000, 2000, 4000, 8000, 10_000, 10_000].entries()) {
      await until(async () => (await follower.status()).retries === retries + 1);
      expect(await follower.status()).toMatchObject({ lastError: 'insert: lost', pendingBytes: 10_000 });
      await clock.advance(delayMs - 1);
      expect((await follower.status()).retries).toBe(retries + 1);
      await clock.advance(1);
    }
    await until(async () => (await storedCount()) === 10);
    await until(async () => (await follower.status()).lastError === null);
    store.faults.push('lost');
    log.append(...ticks(MINUTE + 10, 10));
    await clock.advance(4000);
    await until(async () => (await follower.status()).retries === 7);
    await clock.advance(1000);
    await until(async () => (await storedCount()) === 20);
    await follower.stop(1000);
  });

  test('tells how far it is behind while something is pending', async () => {
    const follower = startedAgain();
    expect(await follower.status()).toMatchObject({ lagSeconds: null, cursor: null });
    log.append(...ticks(MINUTE, 10));
    await follower.step();
    log.append(...ticks(MINUTE + 10, 10));
    expect(await follower.status()).toMatchObject({ lagSeconds: 300 - 9, pendingBytes: 10_000 });
  });

  test('goes on when the log could not be read for a while', async () => {
    log.append(...ticks(MINUTE, 10));
    log.failure = new Error('no such folder');
    const follower = startedAgain();
    follower.start();
    await until(async () => (await follower.status()).lastError === 'no such folder');
    log.failure = null;
    await clock.advance(1000);
    await until(async () => (await storedCount()) === 10);
    await follower.stop(1000);
  });

  test('stops while an insert hangs', async () => {
    log.append(...ticks(MINUTE, 10));
    store.insertRollups = () => new Promise(() => {});
    const follower = startedAgain();
    follower.start();
    await until(async () => (await readCursor(cursorPath()))?.intent !== undefined);
    const stopped = follower.stop(5000);
    await clock.advance(5000);
    await stopped;
  });
});
