import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { compareFrames, type Frame, silentLogger, VirtualClock } from '../../core/index.ts';
import { Intake } from '../intake/intake.ts';
import { readBuckets } from '../query/buckets.ts';
import { select } from '../query/select/select.ts';
import { dictionaryOf, frameOf, START_SECOND } from '../testing/frames.ts';
import { Storage } from './storage.ts';

let directory = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'saker-blocks-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const HOURS = 3;
const SERIES = 3;
const END = START_SECOND + HOURS * 3600;
const dictionary = dictionaryOf(SERIES);

/** A server's storage with its intake, started on what the folder holds. */
async function start(folder: string) {
  const clock = new VirtualClock(END * 1000);
  const paths = { directory: join(folder, 'log'), blocksDirectory: join(folder, 'blocks') };
  const storage = await Storage.open({ ...paths, clock, logger: silentLogger, seriesMax: 100 });
  const { ring, log } = storage;
  const intake = new Intake({ ring, log, clock, listeners: [], loading: () => storage.loaded });
  await storage.restore(intake);
  return { storage, intake, ring, clock };
}
type Server = Awaited<ReturnType<typeof start>>;

/** What a crash leaves: all that was acknowledged, and nothing that was only in memory. */
const crash = ({ storage }: Server): Promise<void> => storage.log.close();

/** Frames arrive in groups, each of which is durable before the next. */
async function take(server: Server, frames: readonly Frame[], group = 20): Promise<void> {
  for (let at = 0; at < frames.length; at += group)
    await Promise.all(frames.slice(at, at + group).map((frame) => server.intake.accept(frame, dictionary)));
}

/** A frame every so many seconds: a few columns, some of them absent. */
const STRIDE = 20;
const steady = (from: number, to: number): Frame[] =>
  Array.from({ length: Math.floor((to - from) / STRIDE) }, (_, index) => {
    const second = from + index * STRIDE;
    const samples = [second % 1000, second % 60 === 0 ? undefined : 5, second % 7];
    return frameOf({ seq: second - START_SECOND + 1, second, samples });
  });

function model(frames: readonly Frame[]) {
  const holding = new Map<number, Frame>();
  for (const frame of frames) {
    const other = holding.get(frame.second);
    if (other === undefined || compareFrames(frame, other) > 0) holding.set(frame.second, frame);
  }
  return (column: number): Map<number, number> => {
    const samples = [...holding].map(([second, { values }]) => [second, values[column] ?? Number.NaN] as const);
    return new Map(samples.filter(([, value]) => !Number.isNaN(value)).sort(([a], [b]) => a - b));
  };
}

function held({ ring }: Server, column: number): Map<number, number> {
  const [located] = select(ring, { metrics: [`m${column}`] });
  if (located === undefined) return new Map();
  const range = { from: START_SECOND, to: END, step: 1 };
  const { count, last } = readBuckets(located, range);
  const samples = Array.from(count, (one, index) => [START_SECOND + index, one, last[index] ?? Number.NaN] as const);
  return new Map(samples.filter(([, one]) => one > 0).map(([second, , value]) => [second, value]));
}

function expectModel(server: Server, frames: readonly Frame[]): void {
  const expected = model(frames);
  for (let column = 0; column < SERIES; column++) {
    expect([...held(server, column)]).toStrictEqual([...expected(column)]);
  }
}

const blockFiles = async () => (await readdir(join(directory, 'blocks'))).sort();

describe('storage', () => {
  test('a start reads blocks and the end of the log, and encodes nothing that was encoded', async () => {
    const frames = steady(START_SECOND, END);
    let server = await start(directory);
    await take(server, frames, 1);
    await server.storage.keeper.keep();
    await crash(server);
    const names = await blockFiles();
    expect(names.map((name) => name.split('-')[1])).toStrictEqual(['hours', 'windows']);
    server = await start(directory);
    await server.storage.loaded;
    expectModel(server, frames);
    expect(server.storage.recovered.frames).toBe(frames.length);
    expect(server.storage.keeper.status().pendingBlocks).toBe(0);
    await server.storage.close();
  });

  test('whatever comes late, again, or from a later run, and whenever the server dies: nothing is lost', async () => {
    const lateFrame = fc
      .record({
        at: fc.nat(HOURS * 3600 - 1),
        run: fc.integer({ min: 1, max: 3 }),
        samples: fc.array(fc.nat(50), { maxLength: 3 }),
      })
      .map(({ at, run, samples }) =>
        frameOf({ seq: at + 1, second: START_SECOND + at, bootEpoch: 1000 * run, samples }),
      );
    const step = fc.record({
      advance: fc.integer({ min: 0, max: 5000 }),
      late: fc.array(lateFrame, { maxLength: 5 }),
      ending: fc.constantFrom('keep', 'crash', 'close', 'keep and crash', 'nothing'),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), async (steps) => {
        const folder = await mkdtemp(join(directory, 'run-'));
        let server = await start(folder);
        const told: Frame[] = [];
        let now = START_SECOND;
        for (const { advance, late, ending } of steps) {
          const fresh = [...steady(now, Math.min(END, now + advance)), ...late.filter(({ second }) => second < now)];
          const known = new Set(told.map(({ bootEpoch, seq }) => `${bootEpoch}/${seq}`));
          // A frame's number stands for its content.
          const frames = fresh.filter(({ bootEpoch, seq }) => {
            const isNew = !known.has(`${bootEpoch}/${seq}`);
            known.add(`${bootEpoch}/${seq}`);
            return isNew;
          });
          now = Math.min(END, now + advance);
          await take(server, frames);
          told.push(...frames);
          if (ending.includes('keep')) await server.storage.keeper.keep();
          if (ending.includes('crash')) await crash(server);
          if (ending === 'close') await server.storage.close();
          if (ending.includes('crash') || ending === 'close') server = await start(folder);
        }
        await server.storage.loaded;
        expectModel(server, told);
        await server.storage.close();
      }),
      { numRuns: 30 },
    );
  }, 60_000);

  test('a bit that flips in a file of blocks costs the record that it is in, if the log does not have it', async () => {
    let server = await start(directory);
    await take(server, steady(START_SECOND, END));
    await server.storage.close();
    await rm(join(directory, 'log'), { recursive: true });
    const expected = held(server, 0).size;
    for (const name of await blockFiles()) {
      const path = join(directory, 'blocks', name);
      const whole = await readFile(path);
      const damaged = Buffer.from(whole);
      const at = Math.floor(whole.length * 0.8);
      damaged[at] = (damaged[at] ?? 0) ^ 16;
      await writeFile(path, damaged);
      server = await start(directory);
      await server.storage.loaded;
      const left = held(server, 0).size;
      expect(left).toBeGreaterThan(expected / 3);
      expect(left).toBeLessThan(expected);
      await crash(server);
      await rm(join(directory, 'log'), { recursive: true });
      await writeFile(path, whole);
    }
  });

  test('removes files whose blocks are all newer elsewhere, and what a crash left unfinished', async () => {
    const server = await start(directory);
    for (let from = START_SECOND; from < END; from += 600) {
      await take(server, steady(from, from + 600));
      await server.storage.keeper.keep();
    }
    expect((await blockFiles()).filter((name) => name.includes('windows')).length).toBeLessThan(14);
    await server.storage.close();
    await writeFile(join(directory, 'blocks', '00000099-hours-1.blk.tmp'), 'half');
    const again = await start(directory);
    expect(await blockFiles()).not.toContain('00000099-hours-1.blk.tmp');
    await again.storage.close();
  });

  test('what each owner told of an endpoint that moved again and again outlives a crash', async () => {
    const owners = ['h1', 'h2', 'h3', 'h1', 'h2'];
    const frames = owners.map((collector, at) =>
      frameOf({ collector, seq: at + 2, second: END - 100 + at, samples: [at, 10 + at] }),
    );
    let server = await start(directory);
    const tell = async (frame: Frame): Promise<void> => {
      await server.intake.accept(frame, dictionary);
      // Longer than an endpoint is held.
      await server.clock.advance(40_000);
    };
    const old = frameOf({ collector: 'h1', seq: 1, second: END - 1000, samples: [7, 8] });
    for (const frame of [old, ...frames]) await tell(frame);
    // The old window is in a file now, with all that is known of the endpoint; the new one is in the log only.
    await server.storage.keeper.keep();
    await crash(server);
    server = await start(directory);
    await server.storage.loaded;
    expectModel(server, [old, ...frames]);
    expect(server.ring.find('h1')?.collector).toBe('h2');
    // What tells a second anew takes back what was told of it, and nothing that another told.
    await tell(frameOf({ collector: 'h1', bootEpoch: 2000, seq: 1, second: END - 100, samples: [] }));
    await crash(server);
    server = await start(directory);
    await server.storage.loaded;
    expectModel(server, [old, ...frames]);
    await server.storage.close();
  });

  test('a disk that refuses files costs nothing but time', async () => {
    const server = await start(directory);
    await take(server, steady(START_SECOND, END));
    await rm(join(directory, 'blocks'), { recursive: true });
    await server.storage.keeper.keep();
    expect(server.storage.keeper.status()).toMatchObject({ failures: 1, writtenBytes: 0 });
    expect(server.storage.keeper.neededFrom).toBe(0);
    await rm(join(directory, 'blocks'), { recursive: true, force: true });
    await import('node:fs/promises').then(({ mkdir }) => mkdir(join(directory, 'blocks')));
    await server.storage.keeper.keep();
    expect(server.storage.keeper.status()).toMatchObject({ failures: 1, pendingBlocks: 0 });
    await crash(server);
    const again = await start(directory);
    await again.storage.loaded;
    expectModel(again, steady(START_SECOND, END));
    await again.storage.close();
  });
});
