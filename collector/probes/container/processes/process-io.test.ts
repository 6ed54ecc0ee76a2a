import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { isAbsent, VirtualClock } from '../../../../core/index.ts';
import { SeriesRegister } from '../../../sampling/series-register.ts';
import { ProbeShared, ProbeSite } from '../../probe.ts';
import { ProcessesProbe } from './processes-probe.ts';

let root: string;
let clock: VirtualClock;
let register: SeriesRegister;
let used: number;
let countsIo: boolean;
let probe: ProcessesProbe;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'saker-io-'));
  clock = new VirtualClock(1_700_000_000_000);
  register = new SeriesRegister();
  const entry = register.endpoint({ name: 'h/web', kind: 'container', host: 'h', state: 'running', labels: {} });
  if (entry === null) throw new Error('no place');
  const site = new ProbeSite(new ProbeShared(clock, root, register), entry);
  [used, countsIo] = [1, false];
  const options = { used: () => used, countsIo: () => countsIo };
  probe = new ProcessesProbe(site, { version: 1, folder: root }, options);
});
afterEach(() => {
  probe.close();
  rmSync(root, { recursive: true });
});

/** What the processes have read and written, by their numbers; the container has worked meanwhile. */
function accounts(all: Readonly<Record<number, readonly [read: number, written: number]>>): void {
  used++;
  writeFileSync(join(root, 'cgroup.procs'), Object.keys(all).join('\n'));
  for (const [pid, [read, written]] of Object.entries(all)) {
    mkdirSync(join(root, pid), { recursive: true });
    const text = `rchar: 9\nwchar: 9\nsyscr: 9\nsyscw: 9\nread_bytes: ${read}\nwrite_bytes: ${written}\n`;
    writeFileSync(join(root, pid, 'io'), `${text}cancelled_write_bytes: 9\n`);
  }
}

/** Bytes a second that it shows ten seconds later, by their direction. */
async function sample(): Promise<Record<string, number>> {
  await clock.advance(10_000);
  register.beginFrame();
  probe.sample();
  const values = register.endFrame();
  const found = register.generation.dictionary.series.map(({ metric }, index) => [metric, index] as const);
  return Object.fromEntries(
    found.flatMap(([metric, index]) => {
      const direction = /^disk\.io\.processes\.(.*)$/.exec(metric)?.[1];
      return direction === undefined || isAbsent(values, index) ? [] : [[direction, values[index] ?? Number.NaN]];
    }),
  );
}

describe('block I/O by the accounts of processes', () => {
  test('is the sum over them, with what ended ones left to whoever waited for them', async () => {
    accounts({ 31: [1000, 0], 32: [500, 0] });
    expect(await sample()).toEqual({});
    accounts({ 31: [2500, 40_960] });
    expect(await sample()).toEqual({ read_bytes: 100, write_bytes: 4096 });
  });

  test('has no sample when an account went away with its process, and goes on behind that', async () => {
    accounts({ 31: [1000, 0], 32: [500, 0] });
    await sample();
    accounts({ 31: [1000, 0] });
    expect(await sample()).toEqual({ write_bytes: 0 });
    accounts({ 31: [1010, 0] });
    expect(await sample()).toEqual({ read_bytes: 1, write_bytes: 0 });
  });

  test('is 0 without a look where the container did nothing', async () => {
    accounts({ 31: [1000, 0] });
    await sample();
    rmSync(join(root, '31/io'));
    expect(await sample()).toEqual({ read_bytes: 0, write_bytes: 0 });
  });

  test('is not there where the cgroup counts, where there are too many, and where it is not ours to look', async () => {
    accounts({ 31: [0, 0] });
    await sample();
    countsIo = true;
    accounts({ 31: [1000, 0] });
    expect(await sample()).toEqual({});
    countsIo = false;
    accounts(Object.fromEntries(Array.from({ length: 31 }, (_, index) => [index + 100, [0, 0]])));
    expect([await sample(), await sample()]).toEqual([{}, {}]);
    accounts({ 31: [1000, 0] });
    rmSync(join(root, '31/io'));
    expect([await sample(), await sample()]).toEqual([{}, {}]);
  });
});
