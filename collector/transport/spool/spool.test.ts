import { appendFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { second, silentLogger, systemClock, timestampMs } from '../../../core/index.ts';
import type { DescribedFrame } from '../../sampling/sampler.ts';
import { SeriesRegister } from '../../sampling/series-register.ts';
import { Spool, type SpoolGap } from './spool.ts';

const START = 1_700_000_000;

let folder: string;
let gaps: SpoolGap[];
let refused: number[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'saker-spool-'));
  gaps = [];
  refused = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A run of a collector: its dictionary, and frames that count up. */
class Run {
  readonly register: SeriesRegister;
  readonly bootEpoch: number;
  #seq = 0;

  constructor(bootEpoch: number) {
    this.bootEpoch = bootEpoch;
    this.register = new SeriesRegister(bootEpoch);
  }

  frame(): DescribedFrame {
    const { register, bootEpoch } = this;
    const host = register.endpoint({ name: 'h', kind: 'host', host: 'h', state: 'running', labels: {} });
    if (host === null) throw new Error('no place');
    const seq = ++this.#seq;
    register.beginFrame();
    register.set(register.column(host, 'proc.total'), seq);
    const values = register.endFrame();
    const { generation } = register;
    const times = { second: second(START + bootEpoch + seq), sentAtMs: timestampMs(0) };
    return {
      frame: { collector: 'h', bootEpoch, seq, ...times, generation: generation.dictionary.generation, values },
      generation,
    };
  }
}

const open = (run: Run, bytesMax?: number): Promise<Spool> =>
  Spool.open({
    folder,
    clock: systemClock,
    logger: silentLogger,
    onGap: (gap) => gaps.push(gap),
    onRefused: (seq) => refused.push(seq),
    liveGeneration: () => run.register.generation,
    ...(bytesMax === undefined ? {} : { bytesMax }),
  });

/** Takes what the spool gives until nothing comes any more, acknowledging each. */
async function drain(spool: Spool): Promise<string[]> {
  const seen: string[] = [];
  for (let idle = 0; idle < 400 && (spool.bytes > 0 || idle < 5); ) {
    const next = spool.next();
    if (next === null) {
      idle++;
      await new Promise((resolve) => setTimeout(resolve, 5));
      continue;
    }
    idle = 0;
    const { bootEpoch, seq, values } = next.frame;
    expect([...values]).toEqual([seq]);
    expect(next.generation.dictionary.identityOf(0)).toMatchObject({ endpoint: 'h', metric: 'proc.total' });
    seen.push(`${bootEpoch}/${seq}`);
    spool.sent(next);
    spool.acknowledge(bootEpoch, seq);
  }
  return seen;
}

const names = (run: Run, from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, index) => `${run.bootEpoch}/${from + index}`);

describe('the spool', () => {
  test('gives back what it took, in order and whole, and leaves no file behind', async () => {
    const run = new Run(1);
    const spool = await open(run);
    for (let count = 0; count < 450; count++) spool.append(run.frame());
    await spool.flushed();
    expect(readdirSync(folder)).toHaveLength(3);
    expect(await drain(spool)).toEqual(names(run, 1, 450));
    await spool.flushed();
    expect([readdirSync(folder), spool.bytes, spool.lost]).toEqual([[], 0, 0]);
  });

  test('outlives its process, and puts earlier runs before its own', async () => {
    const first = new Run(1);
    const before = await open(first);
    for (let count = 0; count < 5; count++) before.append(first.frame());
    await before.flushed();
    const second = new Run(2);
    const spool = await open(second);
    for (let count = 0; count < 3; count++) spool.append(second.frame());
    expect(await drain(spool)).toEqual([...names(first, 1, 5), ...names(second, 1, 3)]);
  });

  test('gives again what was not acknowledged when the connection or the process ended', async () => {
    const run = new Run(1);
    const spool = await open(run);
    for (let count = 0; count < 4; count++) spool.append(run.frame());
    await spool.flushed();
    spool.next();
    await expect.poll(() => spool.next()?.frame.seq).toBe(1);
    for (const seq of [1, 2]) {
      const next = spool.next();
      if (next !== null) spool.sent(next);
      spool.acknowledge(1, seq === 1 ? 1 : 99);
    }
    expect(spool.next()?.frame.seq).toBe(3);
    spool.connectionLost();
    expect(spool.next()?.frame.seq).toBe(2);
    // The file goes only as a whole, so another process begins with it anew.
    expect(await drain(await open(new Run(2)))).toEqual(names(run, 1, 4));
  });

  test('passes over what was sent and acknowledged from memory, before and while it is read', async () => {
    const run = new Run(1);
    const spool = await open(run);
    const frames = Array.from({ length: 5 }, () => run.frame());
    for (const frame of frames) spool.append(frame);
    for (const index of [1, 2, 4]) spool.sent(frames[index] ?? run.frame());
    spool.acknowledge(1, 2);
    await expect.poll(() => spool.next()?.frame.seq).toBe(1);
    spool.acknowledge(1, 1);
    expect(spool.next()?.frame.seq).toBe(4);
    for (const seq of [3, 4, 5]) spool.acknowledge(1, seq);
    await spool.flushed();
    expect([spool.next(), readdirSync(folder), spool.bytes]).toEqual([null, [], 0]);
  });

  test('begins anew behind a write that failed, so that what comes later can be read', async () => {
    const run = new Run(1);
    const spool = await open(run);
    spool.append(run.frame());
    await spool.flushed();
    const [name = ''] = readdirSync(folder);
    rmSync(join(folder, name));
    mkdirSync(join(folder, name));
    for (const count of [2, 3]) {
      for (let more = 0; more < count; more++) spool.append(run.frame());
      await spool.flushed();
    }
    expect(refused).toEqual([2, 3]);
    rmSync(join(folder, name), { recursive: true });
    expect(await drain(spool)).toEqual(names(run, 4, 6));
  });

  test('passes over a tail that was cut, and over what is no message', async () => {
    const run = new Run(1);
    const spool = await open(run);
    for (let count = 0; count < 10; count++) spool.append(run.frame());
    await spool.flushed();
    const [name = ''] = readdirSync(folder);
    truncateSync(join(folder, name), statSync(join(folder, name)).size - 3);
    expect(await drain(await open(new Run(2)))).toEqual(names(run, 1, 9));
    const other = await open(run);
    other.append(run.frame());
    await other.flushed();
    const [again = ''] = readdirSync(folder);
    appendFileSync(join(folder, again), Buffer.from([9, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 255, 255, 255, 255]));
    expect(await drain(await open(new Run(2)))).toEqual(names(run, 11, 11));
  });

  test('gives up the oldest seconds beyond its cap, and tells which', async () => {
    const run = new Run(1);
    const spool = await open(run, 120_000);
    for (let count = 0; count < 1200; count++) {
      spool.append(run.frame());
      if (count % 50 === 0) await spool.flushed();
    }
    await spool.flushed();
    await expect.poll(() => gaps.length).toBeGreaterThan(0);
    expect(spool.bytes).toBeLessThanOrEqual(120_000);
    expect(gaps[0]).toEqual({ fromSecond: START + 2, toSecond: START + 201, frames: 200 });
    const kept = await drain(spool);
    expect(kept.at(-1)).toBe('1/1200');
    expect(kept.length + spool.lost).toBe(1200);
  });

  test('costs frames and nothing else when its folder can not be written', async () => {
    const run = new Run(1);
    const spool = await open(run);
    rmSync(folder, { recursive: true });
    for (let count = 0; count < 3; count++) spool.append(run.frame());
    await spool.flushed();
    expect(refused).toEqual([1, 2, 3]);
    expect(await drain(spool)).toEqual([]);
  });
});
