import { chmod, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Dictionary, type Endpoint, silentLogger } from '../../core/index.ts';
import { ProcFiles, textsOf } from './proc-files.ts';

const GIB = 1024 ** 3;
const host: Endpoint = {
  name: 'h',
  kind: 'host',
  host: 'h',
  state: 'running',
  labels: {},
  system: { cpuCount: 2, memoryBytes: 8 * GIB, kernel: '6', cgroupVersion: 2, docker: null },
};
const containerOf = (name: string): Endpoint => ({
  name: `h/${name}`,
  kind: 'container',
  host: 'h',
  state: 'running',
  labels: {},
  container: { id: name, name, image: 'i', startedAtMs: 900_500 },
});

/** A frame in which every container has this load. */
function measured(second: number, load: number, ...names: string[]) {
  const dictionary = new Dictionary(1);
  const endpoints = [host, ...names.map(containerOf)].map((endpoint, index) => ({ index, endpoint }));
  const series = names.map((_, at) => ({ endpoint: at + 1, metric: 'load.1min', tags: {}, decimals: 2 }));
  dictionary.apply({ generation: 1, endpoints, firstSeries: 0, series });
  return { second, dictionary, values: Float64Array.from(names, () => load) };
}

describe('files of containers', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'saker-proc-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const write = async (files: ProcFiles, ...frames: ReturnType<typeof measured>[]): Promise<void> => {
    for (const frame of frames) files.offer(frame);
    await files.close();
  };

  test('are written every fifth second, in place, also when they become shorter', async () => {
    const path = join(folder, 'web', 'loadavg');
    await write(await ProcFiles.in(folder, silentLogger), measured(1000, 123.45, 'web'));
    expect(await readFile(path, 'utf8')).toBe('123.45 0.00 0.00 0/0 0\n');
    const { ino } = await stat(path);
    await write(await ProcFiles.in(folder, silentLogger), measured(1004, 7, 'web'));
    expect(await readFile(path, 'utf8')).toMatch(/^123/);
    await write(await ProcFiles.in(folder, silentLogger), measured(1005, 0.5, 'web'));
    expect(await readFile(path, 'utf8')).toBe('0.50 0.00 0.00 0/0 0\n');
    expect((await stat(path)).ino).toBe(ino);
    expect((await stat(path)).mode & 0o777).toBe(0o644);
  });

  test('stay when their container ends, for the next one of this name', async () => {
    const files = await ProcFiles.in(folder, silentLogger);
    files.offer(measured(1000, 1, 'web'));
    await write(files, measured(1005, 1));
    expect(await readFile(join(folder, 'web', 'uptime'), 'utf8')).toBe('99.50 0.00\n');
  });

  test('are refused for a name that is no folder, and never written through a link', async () => {
    const files = await ProcFiles.in(folder, silentLogger);
    await writeFile(join(folder, 'victim'), 'whole');
    await mkdir(join(folder, 'trap'));
    await symlink(join(folder, 'victim'), join(folder, 'trap', 'loadavg'));
    await write(files, measured(1000, 1, '..', 'trap', 'web'));
    expect(files.refused).toBe(1);
    expect(await readFile(join(folder, 'victim'), 'utf8')).toBe('whole');
    expect(await readFile(join(folder, 'web', 'loadavg'), 'utf8')).toMatch(/^1\.00/);
  });

  test('are not written where others could place links', async () => {
    await chmod(folder, 0o777);
    await expect(ProcFiles.in(folder, silentLogger)).rejects.toThrow(/nobody else may write to it/);
  });
});

describe('their texts', () => {
  const around = { second: 1000, hostMemory: 8 * GIB };

  test('have the limit as all memory, and the lines of the kernel', () => {
    const values = new Map([
      ['mem.limit.bytes', GIB],
      ['mem.usage.bytes', 300 * 1024 ** 2],
      ['mem.working_set.bytes', 200 * 1024 ** 2],
      ['mem.cache.bytes', 120 * 1024 ** 2],
    ]);
    const lines = textsOf(containerOf('web'), values, around).meminfo.split('\n');
    expect(lines.slice(0, 5)).toEqual([
      'MemTotal:        1048576 kB',
      'MemFree:          741376 kB',
      'MemAvailable:     843776 kB',
      'Buffers:               0 kB',
      'Cached:           122880 kB',
    ]);
  });

  test('have the memory of the host where there is no limit', () => {
    expect(textsOf(containerOf('web'), new Map(), around).meminfo).toMatch(
      /^MemTotal: +8388608 kB\nMemFree: +8388608 kB/,
    );
  });
});
