/** The follower and the range query over the real engine, against a naive model of the same samples. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RangeSeries, silentLogger, systemClock, VirtualClock } from '../core/index.ts';
import { dictionaryOf, type FakeSeries, frameOf, MemoryLog } from './fakes/memory-log.ts';
import { MONTH_END, nastyTexts } from './fakes/rows.ts';
import { Follower } from './follower/follower.ts';
import { queryRange } from './query/query-range.ts';
import { type HistoryStore, openStore, type RollupSink } from './store/store.ts';

/** 23:50 UTC, a whole number of steps; ten minutes further another month begins. */
const START = MONTH_END - 480;

let folder: string;
let store: HistoryStore;
let run = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'saker-engine-'));
  const options = { clock: systemClock, retentionDays: 3650 };
  store = await openStore({ kind: 'embedded', directory: join(folder, 'engine') }, options);
});

afterAll(async () => {
  await store.close(5000);
  await rm(folder, { recursive: true, force: true });
});

type Crash = 'before the insert' | 'after the insert' | 'none';
type Tick = { readonly offset: number; readonly values: readonly number[] };
type Batch = { readonly ticks: readonly Tick[]; readonly crash: Crash };

/** The real store, with a process that dies around its inserts. */
function dying(crash: Crash): RollupSink {
  return {
    insertSeries: (...inserted) => store.insertSeries(...inserted),
    insertRollups: async (...inserted) => {
      if (crash === 'before the insert') throw new Error(crash);
      await store.insertRollups(...inserted);
      if (crash === 'after the insert') throw new Error(crash);
    },
    appliedRows: (...asked) => store.appliedRows(...asked),
    newestMinute: () => Promise.resolve(null),
  };
}

/** Follows the batches with a follower that dies as told, each time started anew from its files. */
async function follow(series: readonly FakeSeries[], batches: readonly Batch[]): Promise<void> {
  const cursorPath = join(folder, `cursor-${run++}.json`);
  const clock = new VirtualClock((START + 86_400) * 1000);
  const log = new MemoryLog(7);
  const dictionary = dictionaryOf(series);
  const started = (sink: RollupSink) =>
    new Follower({ sink, reader: log, clock, logger: silentLogger, cursorPath, retentionDays: 3650 });
  for (const { ticks, crash } of batches) {
    log.append(...ticks.map(({ offset, values }) => frameOf(dictionary, START + offset, values)));
    await started(dying(crash))
      .step()
      .catch((error: unknown) => expect(String(error)).toContain(crash));
    const again = started(store);
    while ((await log.pendingBytes((await again.status()).cursor)) > 0) await again.step();
  }
}

/** What a range query must answer, straight from the definition. */
function expected(batches: readonly Batch[], index: number, stepSeconds: number, bucketCount: number) {
  const buckets = Array.from({ length: bucketCount }, (): number[] => []);
  for (const { offset, values } of batches.flatMap(({ ticks }) => ticks)) {
    buckets[Math.floor(offset / stepSeconds)]?.push(values[index] ?? Number.NaN);
  }
  const orNull = (samples: number[], of: (samples: number[]) => number) => (samples.length === 0 ? null : of(samples));
  return {
    count: buckets.map((samples) => samples.length),
    min: buckets.map((samples) => orNull(samples, (some) => Math.min(...some))),
    max: buckets.map((samples) => orNull(samples, (some) => Math.max(...some))),
    avg: buckets.map((samples) => orNull(samples, (some) => some.reduce((sum, value) => sum + value, 0) / some.length)),
  };
}

const figures = ({ count, min, max, avg }: RangeSeries) => ({ count, min, max, avg });

describe('history over the real engine', () => {
  test('answers as a naive model does, whatever order samples came in and however often it died', async () => {
    // Small integers: sums are exact in any order, so that answers must be equal and not only close.
    const tick = fc.record({
      offset: fc.integer({ min: 0, max: 899 }),
      values: fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 3, maxLength: 3 }),
    });
    const crash = fc.constantFrom<Crash>('before the insert', 'after the insert', 'none');
    const batches = fc.array(fc.record({ ticks: fc.array(tick, { minLength: 1, maxLength: 40 }), crash }), {
      minLength: 1,
      maxLength: 4,
    });
    await fc.assert(
      fc.asyncProperty(batches, fc.constantFrom(60, 120, 300), async (followed, stepSeconds) => {
        const endpoint = `random-${run}`;
        const series = ['a', 'b', 'c'].map((metric) => ({ endpoint, metric }));
        await follow(series, followed);
        const answer = await queryRange(store, {
          select: { endpoints: [endpoint], metrics: ['a', 'b', 'c'] },
          fromMs: START * 1000,
          toMs: (START + 900) * 1000,
          stepSeconds,
        });
        expect(answer.series.map(({ metric }) => metric)).toEqual(['a', 'b', 'c']);
        for (const [index, one] of answer.series.entries()) {
          expect(figures(one)).toEqual(expected(followed, index, stepSeconds, Math.ceil(900 / stepSeconds)));
        }
      }),
      { numRuns: 12 },
    );
  });

  test('keeps apart series whose names are nasty', async () => {
    const series = nastyTexts.map((text) => ({ endpoint: `e${text}`, metric: 'nasty', tags: { [`k${text}`]: text } }));
    const values = series.map((_, index) => index);
    await follow(series, [{ ticks: [{ offset: 0, values }], crash: 'after the insert' }]);
    for (const [index, { endpoint, tags }] of series.entries()) {
      const answer = await queryRange(store, {
        select: { endpoints: [endpoint], metrics: ['nasty'], tags },
        fromMs: START * 1000,
        toMs: (START + 60) * 1000,
      });
      expect(answer.series).toMatchObject([{ endpoint, tags, count: [1], avg: [index] }]);
    }
  });

  test('refuses rows that the engine takes for known, and gets them in all the same', async () => {
    const series = [{ endpoint: 'collision', metric: 'a' }];
    const cursorPath = join(folder, 'collision.json');
    const clock = new VirtualClock((START + 86_400) * 1000);
    const log = new MemoryLog();
    log.append(frameOf(dictionaryOf(series), START, [5]));
    const options = { reader: log, clock, logger: silentLogger, cursorPath, retentionDays: 3650 };
    // What a crash between the engine's deduplication log and its part leaves: a token, and no rows.
    const burning: RollupSink = {
      ...dying('none'),
      insertRollups: async (rows, name, token) => {
        const elsewhere = rows.map((row) => ({ ...row, minute: row.minute + 60 }));
        await store.insertRollups(elsewhere, { ...name, writer: 0 }, token);
        throw new Error('killed');
      },
    };
    await expect(new Follower({ ...options, sink: burning }).step()).rejects.toThrow('killed');
    await new Follower({ ...options, sink: store }).step();
    const answer = await queryRange(store, {
      select: { endpoints: ['collision'], metrics: ['a'] },
      fromMs: START * 1000,
      toMs: (START + 60) * 1000,
    });
    expect(answer.series).toMatchObject([{ count: [1], avg: [5] }]);
  });

  test('goes on after a query that failed', async () => {
    const range = { from: 0, to: 2 ** 32, step: 60 };
    expect(await store.readBuckets([], range)).toEqual([]);
    await expect(store.readBuckets(['not a number'], range)).rejects.toThrow();
    expect(await store.findSeries({ metrics: ['a'], endpoints: ['collision'], tags: {} }, 1)).toHaveLength(1);
  });
});
