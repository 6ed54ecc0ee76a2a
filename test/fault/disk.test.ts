/** Disks that are full and disks that fail: what was acknowledged stays, what can not be kept is not acknowledged. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type QueryRangeAnswer, silentLogger, systemClock, type TimestampMs } from '../../core/index.ts';
import { type Disk, Intake, openLogReader, realDisk, Storage } from '../../realtime/index.ts';
import { Saker } from '../harness/saker.ts';
import { OracleCollector, oracleValue } from '../harness/senders/oracle-collector.ts';
import { LAST_SECOND, type StreamFrame, streamOfFrames } from '../harness/storage/stream.ts';
import { optionsOf } from '../harness/storage/victim-options.ts';
import { until } from '../harness/waiting.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'saker-disk-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A disk whose next syncs of files of this kind fail, as a broken one's do; everything else is real. */
class FailingDisk implements Disk {
  readonly reached = realDisk.reached;
  failures = 0;
  #left = 0;
  #ending = '';

  failNext(count: number, ending: string): void {
    [this.#left, this.#ending] = [count, ending];
  }

  readonly open: Disk['open'] = async (path, flags, mode) => {
    const handle = await realDisk.open(path, flags, mode);
    const datasync = handle.datasync.bind(handle);
    handle.datasync = async () => {
      if (this.#left === 0 || !path.includes(this.#ending)) return datasync();
      this.#left--;
      this.failures++;
      throw Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO' });
    };
    return handle satisfies FileHandle;
  };
}

async function start(disk: Disk) {
  // Frames are of a time long past; retries wait for the real clock.
  const clock = { ...systemClock, nowMs: () => (LAST_SECOND * 1000) as TimestampMs };
  const storage = await Storage.open({ ...optionsOf(folder), clock, logger: silentLogger, disk });
  const { ring, log } = storage;
  const intake = new Intake({ ring, log, clock, listeners: [], loading: () => storage.loaded });
  await storage.restore(intake);
  return { storage, intake };
}

const nameOf = ({ frame }: Pick<StreamFrame, 'frame'>): string => `${frame.collector}/${frame.bootEpoch}/${frame.seq}`;

async function logged(): Promise<string[]> {
  const reader = openLogReader(optionsOf(folder).directory);
  const names: string[] = [];
  let batch = await reader.read(null, { bytesMax: 1e9 });
  while (batch.frames.length > 0) {
    names.push(...batch.frames.map(nameOf));
    batch = await reader.read(batch.next, { bytesMax: 1e9 });
  }
  return names.sort();
}

describe('a sync that fails', () => {
  const frames = streamOfFrames().slice(0, 60);

  test('of the log: nothing is acknowledged until the disk is well, and nothing is written twice', async () => {
    const disk = new FailingDisk();
    const { storage, intake } = await start(disk);
    const accept = ({ frame, dictionary }: StreamFrame) => intake.accept(frame, dictionary);
    await Promise.all(frames.slice(0, 20).map(accept));
    disk.failNext(2, '.seg');
    let acknowledged = 0;
    const later = frames.slice(20, 40).map((one) => accept(one).then(() => acknowledged++));
    await until('a failure', () => disk.failures === 1);
    expect([acknowledged, storage.log.status().healthy]).toStrictEqual([0, false]);
    // The ring and whoever listens have it all the same.
    expect(storage.ring.newestSecond).toBe(Math.max(...frames.slice(0, 40).map(({ frame }) => frame.second)));
    await Promise.all(later);
    expect([acknowledged, disk.failures, storage.log.status().healthy]).toStrictEqual([20, 2, true]);
    await Promise.all(frames.slice(40).map(accept));
    await storage.log.close();
    expect(await logged()).toStrictEqual(frames.map(nameOf).sort());
  });

  test('of a file of blocks: it is not there, the log stays, and the next attempt succeeds', async () => {
    const disk = new FailingDisk();
    const { storage, intake } = await start(disk);
    for (const { frame, dictionary } of streamOfFrames()) void intake.accept(frame, dictionary);
    await storage.log.settled();
    disk.failNext(1, '.blk');
    await storage.keeper.keep();
    expect(storage.keeper.status()).toMatchObject({ failures: 1, files: 0, writtenBytes: 0 });
    expect(storage.keeper.neededFrom).toBe(0);
    await storage.keeper.keep();
    expect(storage.keeper.status()).toMatchObject({ failures: 1, files: 2, pendingBlocks: 0 });
    expect(storage.keeper.neededFrom).toBeGreaterThan(0);
    await storage.close();
  });
});

/** A loaded machine needs several times what an idle one does. */
const PATIENCE_MS = 30_000;

const DISK_BYTES = 24 * 1024 * 1024;

/** A file system of its own that can be filled; null where this process may not mount one. */
function smallDisk(): string | null {
  const path = mkdtempSync(join(tmpdir(), 'saker-small-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_BYTES}`, 'tmpfs', path], { stdio: 'ignore' });
    return path;
  } catch {
    return null;
  }
}

/** Writes until nothing fits any more. */
async function fill(path: string): Promise<void> {
  const handle = await open(path, 'w');
  for (let size = 1024 * 1024; size >= 1; size = Math.floor(size / 4)) {
    const piece = Buffer.alloc(size, 1);
    for (let count = 0; count < DISK_BYTES; count++) {
      const written = await handle.write(piece).catch(() => ({ bytesWritten: 0 }));
      if (written.bytesWritten < size) break;
    }
  }
  await handle.close();
}

describe('a disk that is full', () => {
  test('stops acknowledgements, not the service, and heals without a restart', async ({ skip }) => {
    const disk = smallDisk();
    if (disk === null) return skip('a file system can be mounted by root only');
    let saker: Saker | null = null;
    try {
      saker = await Saker.start({ command: 'server', dataDirectory: disk });
      await fullAndBack(saker, join(disk, 'filler'));
    } finally {
      await saker?.stop();
      execFileSync('umount', ['-l', disk]);
      await rm(disk, { recursive: true, force: true });
    }
  }, 120_000);
});

async function fullAndBack(saker: Saker, filler: string): Promise<void> {
  const person = await saker.signIn();
  const { secret: token } = await person.post<{ secret: string }>('/api/v1/tokens', {
    name: 'oracle',
    scope: 'collector',
  });
  const options = { url: saker.url, token, name: 'oracle-host', seriesCount: 50 };
  const collector = new OracleCollector(options, Date.now());
  await collector.connect();
  let ticks = 0;
  const select = { endpoints: ['oracle-host'], metrics: ['oracle.m0'] };
  const live = await person.live({ type: 'subscribe', id: 1, select }, ({ type }) => {
    if (type === 'tick') ticks++;
  });
  const first = Math.floor(Date.now() / 1000) - 50;
  const tell = (from: number, count: number) => {
    for (let second = from; second < from + count; second++) collector.tick(second);
  };
  const healthy = async () => (await (await fetch(`${saker.url}/metrics`)).text()).includes('\nsaker_log_healthy 1\n');
  const held = async () => {
    const range = { select, fromMs: first * 1000, toMs: (first + 40) * 1000, stepSeconds: 1 };
    const { series } = await person.post<QueryRangeAnswer>('/api/v1/query_range', range);
    return series[0]?.avg ?? [];
  };
  const values = (count: number) => Array.from({ length: count }, (_, at) => oracleValue(0, first + at));

  tell(first, 10);
  await until('ten acknowledgements', () => collector.pendingCount === 0, PATIENCE_MS);
  await fill(filler);
  tell(first + 10, 20);
  await until('the server to say that its log is unwell', async () => !(await healthy()), PATIENCE_MS);
  // The last page of the segment may have had room for a frame or two.
  const kept = collector.pendingCount;
  expect(kept).toBeGreaterThan(10);
  expect((await held()).slice(0, 30)).toStrictEqual(values(30));
  await until('live ticks while the disk is full', () => ticks >= 30, PATIENCE_MS);

  await rm(filler);
  await until('all acknowledgements', () => collector.pendingCount === 0, PATIENCE_MS);
  expect(await healthy()).toBe(true);
  tell(first + 30, 10);
  await until('the last acknowledgements', () => collector.pendingCount === 0, PATIENCE_MS);
  expect((await held()).slice(0, 40)).toStrictEqual(values(40));
  live.terminate();
  collector.close();

  process.kill((await saker.processes()).get('server') ?? 0, 'SIGKILL');
  await until(
    'all of it after a crash',
    async () => (await held()).slice(0, 40).join() === values(40).join(),
    PATIENCE_MS,
  );
}
