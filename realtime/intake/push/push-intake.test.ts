import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Endpoint, isAbsent, type Second, silentLogger, type Tick, VirtualClock } from '../../../core/index.ts';
import { Storage } from '../../files/storage.ts';
import { lastPoints } from '../../query/last-points.ts';
import { dictionaryOf, frameOf, START_SECOND } from '../../testing/frames.ts';
import { Intake } from '../intake.ts';
import { PushIntake, type PushRefusal, type PushSender } from './push-intake.ts';

const NOW = START_SECOND + 600;
const endpoint: Endpoint = { name: 'h1', kind: 'host', host: 'h1', state: 'running', labels: {} };

let directory = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'saker-push-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

/** A ring over a real folder, as `Realtime` wires it. */
async function open() {
  const clock = new VirtualClock(NOW * 1000);
  const ticks: Tick[] = [];
  const options = { clock, logger: silentLogger, seriesMax: 100 };
  const storage = await Storage.open({
    directory: join(directory, 'log'),
    blocksDirectory: join(directory, 'blocks'),
    ...options,
  });
  const { ring, log } = storage;
  const intake = new Intake({ ring, log, clock, listeners: [(tick) => ticks.push(tick)] });
  await storage.restore(intake);
  const push = new PushIntake({ intake, ring, clock, settled: () => log.settled() });
  return { clock, ticks, storage, intake, ring, sender: push.sender('tester') };
}

type Sample = { readonly metric: string; readonly second: number; readonly value: number };

async function pushTo(sender: PushSender, samples: readonly Sample[]): Promise<(PushRefusal | null)[]> {
  const answers: (PushRefusal | null)[] = [];
  await sender.push((add) => {
    for (const { metric, second, value } of samples) {
      const series = sender.series(endpoint, { metric, tags: {}, step: 1 });
      answers.push(typeof series === 'string' ? series : add(series, second, value));
    }
  });
  return answers;
}

const pointsOf = ({ ring }: Pick<Storage, 'ring'>, metric: string) =>
  lastPoints(ring, { endpoint: 'h1', metric, tags: {} }, 1000, (NOW + 100) as Second).map(({ second, value }) => [
    second,
    value,
  ]);

const judged = (ticks: readonly Tick[]) =>
  ticks.map(({ kind, frame: { second, values } }) => [
    kind,
    second - NOW,
    [...values].flatMap((value, index) => (isAbsent(values, index) ? [] : [value])),
  ]);

describe('what is pushed', () => {
  test('is in the ring and told of, and is there after a restart', async () => {
    const first = await open();
    await pushTo(first.sender, [
      { metric: 'a', second: NOW - 1, value: 1.5 },
      { metric: 'a', second: NOW, value: 2 },
      { metric: 'b', second: NOW, value: 7 },
    ]);
    expect(pointsOf(first, 'a')).toStrictEqual([
      [NOW - 1, 1.5],
      [NOW, 2],
    ]);
    expect(judged(first.ticks)).toStrictEqual([
      ['live', -1, [1.5]],
      ['live', 0, [2, 7]],
    ]);
    await first.storage.log.close();
    const second = await open();
    expect([pointsOf(second, 'a'), pointsOf(second, 'b')]).toStrictEqual([pointsOf(first, 'a'), pointsOf(first, 'b')]);
    await second.storage.close();
  });

  test('is told of once, however often it comes', async () => {
    const { sender, ticks, storage } = await open();
    const samples = [{ metric: 'a', second: NOW, value: 1 }];
    await pushTo(sender, samples);
    await pushTo(sender, samples);
    expect([ticks.length, sender.samples, sender.repeated]).toStrictEqual([1, 1, 1]);
    await storage.close();
  });

  test('is late, and so never judged again, when its series has a newer sample; others of that second are live', async () => {
    const { sender, ticks, storage } = await open();
    await pushTo(sender, [{ metric: 'a', second: NOW, value: 1 }]);
    await pushTo(sender, [
      { metric: 'a', second: NOW - 5, value: 2 },
      { metric: 'b', second: NOW - 5, value: 3 },
      { metric: 'a', second: NOW, value: 4 },
    ]);
    expect(judged(ticks)).toStrictEqual([
      ['live', 0, [1]],
      ['late', -5, [2]],
      ['live', -5, [3]],
      ['late', 0, [4]],
    ]);
    await storage.close();
  });

  test('is refused when it is older than ten minutes, or of a clock that is ahead', async () => {
    const { sender, storage } = await open();
    const seconds = [NOW - 601, NOW - 600, NOW + 60, NOW + 61];
    const answers = await pushTo(
      sender,
      seconds.map((second) => ({ metric: 'a', second, value: 1 })),
    );
    expect(answers).toStrictEqual(['too-old', null, null, 'ahead']);
    await storage.close();
  });

  test('is refused beyond the budget, and what was there before goes on', async () => {
    const { sender, storage } = await open();
    await pushTo(
      sender,
      Array.from({ length: 100 }, (_, index) => ({ metric: `m${index}`, second: NOW, value: 1 })),
    );
    const answers = await pushTo(sender, [
      { metric: 'new', second: NOW, value: 1 },
      { metric: 'm99', second: NOW + 1, value: 2 },
    ]);
    expect(answers).toStrictEqual(['budget', null]);
    await storage.close();
  });
});

describe('beside a collector', () => {
  test('lies on the same endpoint, and stays when the collector tells a second anew', async () => {
    const { sender, intake, storage, ring } = await open();
    const dictionary = dictionaryOf(1);
    await intake.accept(frameOf({ seq: 1, second: NOW, samples: [10] }), dictionary);
    const answers = await pushTo(sender, [
      { metric: 'm0', second: NOW, value: 99 },
      { metric: 'mine', second: NOW, value: 5 },
    ]);
    expect(answers).toStrictEqual(['measured', null]);
    await intake.accept(frameOf({ seq: 1, second: NOW, samples: [11], bootEpoch: 2000 }), dictionary);
    expect([pointsOf({ ring }, 'm0'), pointsOf({ ring }, 'mine')]).toStrictEqual([[[NOW, 11]], [[NOW, 5]]]);
    await storage.close();
  });

  test('gives way when the collector comes later, and keeps the past', async () => {
    const { sender, intake, storage, ring } = await open();
    await pushTo(sender, [{ metric: 'm0', second: NOW - 3, value: 1 }]);
    await intake.accept(frameOf({ seq: 1, second: NOW - 2, samples: [10] }), dictionaryOf(1));
    await pushTo(sender, [{ metric: 'm0', second: NOW - 1, value: 99 }]);
    expect(ring.find('h1')?.collector).toBe('h1');
    expect(pointsOf({ ring }, 'm0')).toStrictEqual([
      [NOW - 3, 1],
      [NOW - 2, 10],
    ]);
    await storage.close();
  });
});

test('any pushes give what the last one of each second told, also after a restart', async () => {
  const sample = fc.record({
    metric: fc.constantFrom('a', 'b', 'c'),
    second: fc.integer({ min: NOW - 400, max: NOW + 60 }),
    value: fc.oneof(fc.integer({ min: -3, max: 3 }), fc.double()),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(sample, { maxLength: 12 }), { maxLength: 8 }), async (pushes) => {
      await rm(directory, { recursive: true, force: true });
      const first = await open();
      const model = new Map<string, Map<number, number>>();
      for (const samples of pushes) {
        await pushTo(first.sender, samples);
        for (const { metric, second, value } of samples) {
          model.set(metric, (model.get(metric) ?? new Map<number, number>()).set(second, value));
        }
      }
      const expected = (metric: string) => [...(model.get(metric) ?? [])].sort(([a], [b]) => a - b);
      for (const metric of ['a', 'b', 'c']) expect(pointsOf(first, metric)).toStrictEqual(expected(metric));
      await first.storage.log.close();
      const second = await open();
      for (const metric of ['a', 'b', 'c']) expect(pointsOf(second, metric)).toStrictEqual(expected(metric));
      await second.storage.close();
    }),
    { numRuns: 40 },
  );
});
