import { appendFileSync, copyFileSync, mkdtempSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type LogMonitor as Definition, silentLogger, systemClock } from '../../../../core/index.ts';
import { FileGate } from './file-gate.ts';
import { LogMonitor } from './log-monitor.ts';
import { OffsetStore } from './offset-store.ts';

let folder: string;
let path: string;
let monitors: LogMonitor[];
let nowMs = 0;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'saker-logs-'));
  path = join(folder, 'access.log');
  monitors = [];
});
afterEach(() => {
  for (const monitor of monitors) monitor.close();
  rmSync(folder, { recursive: true, force: true });
});

const base: Definition = {
  name: 'access',
  type: 'log',
  everySeconds: 1,
  tags: {},
  files: [],
  container: null,
  match: 'rt=(?P<ms>\\S+)',
  exclude: null,
  value: 'ms',
  quantiles: [0.5],
};

/** A monitor as after a start of the collector: it knows what was written down. */
function start(more: Partial<Definition> = {}): LogMonitor {
  const clock = { ...systemClock, monotonicMs: () => nowMs };
  const offsets = new OffsetStore(join(folder, 'state', 'offsets.json'), systemClock, silentLogger);
  const monitor = new LogMonitor(
    { ...base, files: [path], ...more },
    {
      clock,
      gate: new FileGate(systemClock),
      offsets,
      key: 'file:access',
      containerLogs: async () => ({ logs: [], problem: null }),
    },
  );
  monitors.push(monitor);
  return monitor;
}

/** Six seconds pass before each check, so that it looks for new files. */
async function values(monitor: LogMonitor, passedMs = 6000): Promise<Record<string, number>> {
  nowMs += passedMs;
  const { readings } = await monitor.check();
  return Object.fromEntries(readings.map(({ metric, value }) => [metric, value]));
}
const sum = async (monitor: LogMonitor, passedMs?: number): Promise<number> =>
  (await values(monitor, passedMs))['log.value.sum'] ?? Number.NaN;
const write = (...numbers: number[]): void => appendFileSync(path, numbers.map((ms) => `GET / rt=${ms}\n`).join(''));

describe('a log monitor', () => {
  test('counts what is written from now on, and sums up the captured numbers', async () => {
    write(1000);
    const monitor = start({ exclude: 'health' });
    expect(await sum(monitor)).toBe(0);
    write(10, 20, 60);
    appendFileSync(path, 'nothing\nGET /health rt=5\n');
    expect(await values(monitor)).toMatchObject({
      'log.lines': 5 / 6,
      'log.matches': 3,
      'log.rate': 0.5,
      'log.value.sum': 90,
      'log.value.avg': 30,
      'log.value.min': 10,
      'log.value.max': 60,
      'log.lag.bytes': 0,
    });
    expect((await values(monitor))['log.matches']).toBe(0);
  });

  test('reads a line when it is whole', async () => {
    write(1);
    const monitor = start();
    await monitor.check();
    appendFileSync(path, 'GET / rt=1');
    expect(await values(monitor)).toMatchObject({ 'log.matches': 0, 'log.lag.bytes': 10 });
    appendFileSync(path, '2\n');
    expect(await sum(monitor)).toBe(12);
  });

  test('reads a file that appears later from its beginning', async () => {
    const monitor = start();
    await expect(monitor.check()).rejects.toThrow(`${path} is not there`);
    write(7);
    expect(await sum(monitor)).toBe(7);
  });

  test('follows a rotation by renaming to the last line', async () => {
    write(1);
    const monitor = start();
    await monitor.check();
    write(2);
    renameSync(path, `${path}.1`);
    appendFileSync(`${path}.1`, 'GET / rt=4\n');
    write(8);
    expect(await sum(monitor)).toBe(2 + 4 + 8);
    appendFileSync(`${path}.1`, 'GET / rt=16\n');
    expect(await sum(monitor)).toBe(16);
  });

  test('reads no line twice when the glob also means the rotated file', async () => {
    write(1);
    const monitor = start({ files: [`${folder}/access.log*`] });
    await monitor.check();
    write(2);
    expect(await sum(monitor)).toBe(2);
    renameSync(path, `${path}.1`);
    write(4);
    expect(await sum(monitor)).toBe(4);
  });

  test('notices a truncation, also when the file has grown beyond where it was', async () => {
    write(1, 2, 3);
    const monitor = start();
    await monitor.check();
    truncateSync(path);
    write(5);
    expect(await sum(monitor)).toBe(5);
    truncateSync(path);
    write(100, 200, 300, 400);
    expect(await sum(monitor)).toBe(1000);
  });

  test('reads no line twice when logrotate copies and truncates, whenever the copy is found', async () => {
    write(1);
    const monitor = start({ files: [`${folder}/access.log*`] });
    await monitor.check();
    write(...Array(20).fill(1));
    expect(await sum(monitor)).toBe(20);
    copyFileSync(path, `${path}.1`);
    truncateSync(path);
    write(3);
    expect(await sum(monitor)).toBe(3);
    write(...Array(20).fill(5));
    expect(await sum(monitor, 1000)).toBe(100);
    copyFileSync(path, `${path}.2`);
    truncateSync(path);
    write(4);
    expect(await sum(monitor, 1000)).toBe(4);
    expect(await sum(monitor)).toBe(0);
  });

  test('goes on after a restart where it was', async () => {
    write(1);
    const before = start();
    await before.check();
    write(2);
    expect(await sum(before)).toBe(2);
    before.close();
    write(4);
    expect(await sum(start())).toBe(4);
    expect(await sum(start())).toBe(0);
  });

  test('reads what was rotated away while the collector was down', async () => {
    write(1);
    const before = start();
    await before.check();
    before.close();
    write(2);
    renameSync(path, `${path}.1`);
    write(4);
    expect(await sum(start())).toBe(6);
  });

  test('takes a file with a used inode and other content for a new one', async () => {
    writeFileSync(path, 'GET / rt=1\n');
    const before = start();
    await before.check();
    before.close();
    truncateSync(path);
    write(9, 9);
    expect(await sum(start())).toBe(18);
  });

  test('says what is wrong, and goes on', async () => {
    write(1);
    const monitor = start();
    await monitor.check();
    appendFileSync(path, 'rt=fast\nrt=2\n');
    const { readings, problem } = await monitor.check();
    expect(problem).toBe('1 matching lines have no number in group ms');
    expect(readings.find(({ metric }) => metric === 'log.value.sum')?.value).toBe(2);
    await expect(start({ match: '(' }).check()).rejects.toThrow('match is no RE2 expression: missing closing ): `(`');
    await expect(start({ value: 'seconds' }).check()).rejects.toThrow('value is "seconds"; match has the groups ms');
    await expect(start({ files: ['/proc'] }).check()).resolves.toMatchObject({ problem: '/proc is no file' });
    await expect(start({ files: [`${folder}/*.txt`] }).check()).resolves.toMatchObject({
      problem: `no file fits ${folder}/*.txt`,
    });
  });

  test('counts a line that is too long once', async () => {
    write(1);
    const monitor = start({ value: null, quantiles: [] });
    await monitor.check();
    appendFileSync(path, `rt=1 ${'x'.repeat(200_000)}\nrt=2\n`);
    expect((await values(monitor))['log.matches']).toBe(2);
  });
});

test('however lines are written, rotated and read, and the collector restarted, each counts once', async () => {
  const step = fc.constantFrom('write', 'part', 'rotate', 'read', 'restart');
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      const home = mkdtempSync(join(folder, 'run-'));
      path = join(home, 'access.log');
      const old = folder;
      folder = home;
      writeFileSync(path, '');
      let monitor = start();
      let [written, counted, rotations] = [0, 0, 0];
      await monitor.check();
      for (const action of [...steps, 'end', 'read'] as const) {
        // Each line is different, as lines with times are; logs with equal beginnings are told apart by their inode.
        if (action === 'write') write(1000 + ++written);
        if (action === 'part') appendFileSync(path, `GET / rt=${1000 + ++written}`);
        if (action === 'part' || action === 'end') appendFileSync(path, '\n');
        if (action === 'rotate') {
          renameSync(path, `${path}.${++rotations}`);
          writeFileSync(path, '');
        }
        if (action === 'restart') {
          monitor.close();
          monitor = start();
        }
        // A file that comes and goes between two checks was never seen; so each rotation is followed by one.
        if (action !== 'write') counted += (await values(monitor))['log.matches'] ?? 0;
      }
      folder = old;
      expect(counted).toBe(written);
    }),
    { numRuns: 25 },
  );
});
