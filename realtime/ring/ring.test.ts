import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareFrames, Dictionary, type Frame, type Tick, VirtualClock } from '../../core/index.ts';
import { Intake } from '../intake/intake.ts';
import { readBuckets } from '../query/buckets.ts';
import type { Range } from '../query/range.ts';
import { select } from '../query/select/select.ts';
import { dictionaryOf, frameOf, START_SECOND } from '../testing/frames.ts';
import { RING_SECONDS, Ring } from './ring.ts';

const SERIES = 3;
const durableAtOnce = { append: () => Promise.resolve() };

function intakeOver(ring: Ring): Intake {
  return new Intake({ ring, log: durableAtOnce, clock: new VirtualClock(START_SECOND * 1000), listeners: [] });
}

/** What the ring must answer, computed from the bare set of frames. */
function expected(frames: readonly Frame[], column: number, range: Range) {
  const holding = new Map<number, Frame>();
  for (const frame of frames) {
    const other = holding.get(frame.second);
    if (other === undefined || compareFrames(frame, other) > 0) holding.set(frame.second, frame);
  }
  const bucketCount = (range.to - range.from) / range.step;
  return Array.from({ length: bucketCount }, (_, bucket) => {
    const values: number[] = [];
    for (let second = range.from + bucket * range.step; second < range.from + (bucket + 1) * range.step; second++) {
      const value = holding.get(second)?.values[column] ?? Number.NaN;
      if (!Number.isNaN(value)) values.push(value);
    }
    return {
      count: values.length,
      min: Math.min(...values),
      max: Math.max(...values),
      sum: round(values.reduce((a, b) => a + b, 0)),
    };
  });
}

const round = (value: number): number => Math.round(value * 1e6) / 1e6;

function answered(ring: Ring, column: number, range: Range) {
  const [located] = select(ring, { metrics: [`m${column}`] });
  const bucketCount = (range.to - range.from) / range.step;
  if (located === undefined)
    return Array.from({ length: bucketCount }, () => ({ count: 0, min: Infinity, max: -Infinity, sum: 0 }));
  const buckets = readBuckets(located, range);
  return Array.from({ length: bucketCount }, (_, bucket) => ({
    count: buckets.count[bucket],
    min: buckets.min[bucket],
    max: buckets.max[bucket],
    sum: round(buckets.sum[bucket] ?? Number.NaN),
  }));
}

const sample = fc.option(
  fc.integer({ min: -5000, max: 5000 }).map((scaled) => scaled / 100),
  { nil: undefined },
);
const frame = fc
  .record({
    at: fc.integer({ min: 0, max: 400 }),
    run: fc.integer({ min: 1, max: 2 }),
    samples: fc.array(sample, { minLength: 0, maxLength: SERIES }),
  })
  .map(({ at, run, samples }) => frameOf({ seq: at + 1, second: START_SECOND + at, bootEpoch: 1000 * run, samples }));

describe('ring', () => {
  test('any permutation and repetition of frames gives the answers of an uncompressed model', async () => {
    const schedule = fc
      .uniqueArray(frame, { selector: ({ bootEpoch, seq }) => `${bootEpoch}/${seq}`, minLength: 1, maxLength: 80 })
      .chain((frames) =>
        fc.tuple(
          fc.constant(frames),
          fc.array(fc.nat(frames.length - 1), { maxLength: 40 }),
          fc.shuffledSubarray(frames, { minLength: frames.length }),
        ),
      );
    await fc.assert(
      fc.asyncProperty(schedule, fc.constantFrom(1, 7, 60, 120, 210), async ([frames, repeats, order], step) => {
        const ring = new Ring({ seriesMax: 100 });
        const intake = intakeOver(ring);
        const dictionary = dictionaryOf(SERIES);
        for (const one of [...order, ...repeats.map((index) => frames[index])])
          if (one) await intake.accept(one, dictionary);
        const from = START_SECOND - (START_SECOND % step);
        const range = { from, to: from + step * Math.ceil(420 / step), step };
        for (let column = 0; column < SERIES; column++) {
          expect(answered(ring, column, range)).toStrictEqual(expected(frames, column, range));
        }
      }),
      { numRuns: 100 },
    );
  });

  test('forgets what is older than a day, and the endpoint with it', async () => {
    const ring = new Ring({ seriesMax: 100 });
    const intake = intakeOver(ring);
    await intake.accept(frameOf({ seq: 1, samples: [1] }), dictionaryOf(1));
    await intake.accept(
      frameOf({ seq: 1, samples: [2], collector: 'h2', second: START_SECOND + RING_SECONDS + 3720 }),
      dictionaryOf(1, 'h2'),
    );
    expect([...ring.endpoints()].map(({ endpoint }) => endpoint.name)).toStrictEqual(['h2']);
    expect(ring.status().seriesCount).toBe(1);
  });

  test('refuses series beyond its budget and counts them', async () => {
    const ring = new Ring({ seriesMax: 2 });
    await intakeOver(ring).accept(frameOf({ seq: 1, samples: [1, 2, 3] }), dictionaryOf(3));
    expect(ring.status()).toMatchObject({ seriesCount: 2, seriesRefused: 1 });
    expect(select(ring, { metrics: ['m0', 'm1', 'm2'] })).toHaveLength(2);
  });

  test('does not let a second collector write the endpoint of a live one', async () => {
    const ring = new Ring({ seriesMax: 100 });
    const intake = intakeOver(ring);
    await intake.accept(frameOf({ seq: 1, samples: [1] }), dictionaryOf(1));
    await intake.accept(frameOf({ seq: 2, samples: [9], collector: 'other' }), dictionaryOf(1));
    const range = { from: START_SECOND, to: START_SECOND + 10, step: 10 };
    expect(answered(ring, 0, range)).toStrictEqual([{ count: 1, min: 1, max: 1, sum: 1 }]);
  });

  test('lets a container move to another host, and takes no emptiness of the old one for news', async () => {
    const ring = new Ring({ seriesMax: 100 });
    const clock = new VirtualClock(START_SECOND * 1000);
    const intake = new Intake({ ring, log: durableAtOnce, clock, listeners: [] });
    const shared = { old: dictionaryOf(1, 'service.1'), next: dictionaryOf(1, 'service.1') };
    const tell = async (seq: number, oldValue: number | undefined, newValue: number | undefined) => {
      await clock.advance(1000);
      await intake.accept(frameOf({ seq, samples: [oldValue], collector: 'a' }), shared.old);
      if (newValue !== undefined)
        await intake.accept(frameOf({ seq, samples: [newValue], collector: 'b' }), shared.next);
    };
    for (let seq = 1; seq <= 5; seq++) await tell(seq, 1, undefined);
    // The new host reports at once: refused while the old one was heard of late, then taken over.
    for (let seq = 6; seq <= 60; seq++) await tell(seq, undefined, 2);
    expect(ring.find('service.1')?.collector).toBe('b');
    expect(ring.refusedOf('b')).toBeGreaterThan(0);
    const range = { from: START_SECOND + 40, to: START_SECOND + 60, step: 20 };
    expect(answered(ring, 0, range)).toStrictEqual([{ count: 20, min: 2, max: 2, sum: 40 }]);
  });

  test('takes what a collector tells after its clock was set back for news, and what it kept for late', async () => {
    const kinds: string[] = [];
    const clock = new VirtualClock((START_SECOND + 4000) * 1000);
    const listeners = [({ kind, frame: { seq } }: Tick) => void kinds.push(`${seq} ${kind}`)];
    const intake = new Intake({ ring: new Ring({ seriesMax: 9 }), log: durableAtOnce, clock, listeners });
    const accept = (seq: number, second: number) =>
      intake.accept(frameOf({ seq, second, samples: [seq] }), dictionaryOf(1));
    await accept(1, START_SECOND + 4000);
    await accept(3, START_SECOND + 3990);
    await accept(2, START_SECOND + 3989);
    await accept(4, START_SECOND + 3000);
    expect(kinds).toStrictEqual(['1 live', '3 live', '2 late', '4 late']);
  });

  test('knows an endpoint by its newest description', async () => {
    const ring = new Ring({ seriesMax: 9 });
    const intake = intakeOver(ring);
    const dictionary = dictionaryOf(1);
    await intake.accept(frameOf({ seq: 1, samples: [1] }), dictionary);
    const known = dictionary.endpoints[0];
    if (known)
      dictionary.apply({
        generation: 1,
        endpoints: [{ index: 0, endpoint: { ...known, state: 'gone' } }],
        firstSeries: 1,
        series: [],
      });
    await intake.accept(frameOf({ seq: 2, samples: [undefined] }), dictionary);
    expect(ring.find('h1')?.endpoint.state).toBe('gone');
  });

  test('acknowledges a frame that comes again only when its first copy is durable', async () => {
    const waiting: (() => void)[] = [];
    const log = { append: () => new Promise<void>((resolve) => waiting.push(resolve)) };
    const ring = new Ring({ seriesMax: 100 });
    const intake = new Intake({ ring, log, clock: new VirtualClock(0), listeners: [] });
    const acknowledged: string[] = [];
    const one = frameOf({ seq: 1, samples: [1] });
    const first = intake.accept(one, dictionaryOf(1)).then(() => acknowledged.push('first'));
    const second = intake.accept(one, dictionaryOf(1)).then(() => acknowledged.push('second'));
    await new Promise((resolve) => setImmediate(resolve));
    expect([waiting.length, acknowledged]).toStrictEqual([1, []]);
    waiting[0]?.();
    await Promise.all([first, second]);
    expect(acknowledged).toHaveLength(2);
    expect(intake.lane('h1').ackedSeq(1000)).toBe(1);
  });

  test('keeps a series of every minute, however an endpoint’s windows lie to the minute', async () => {
    for (const host of ['h1', 'h2', 'web', 'a-longer-name']) {
      const ring = new Ring({ seriesMax: 9 });
      const intake = intakeOver(ring);
      const dictionary = new Dictionary(1);
      const endpoint = { name: host, kind: 'host', host, state: 'running', labels: {} } as const;
      const series = [{ endpoint: 0, metric: 'm0', tags: {}, decimals: 2 as const, step: 60 }];
      dictionary.apply({ generation: 1, endpoints: [{ index: 0, endpoint }], firstSeries: 0, series });
      const minutes = Array.from({ length: 70 }, (_, minute) => START_SECOND + 60 * minute);
      for (const [index, second] of minutes.entries())
        await intake.accept(frameOf({ seq: index + 1, second, samples: [index], collector: host }), dictionary);
      const [located] = select(ring, { metrics: ['m0'] });
      expect(located).toBeDefined();
      if (located === undefined) continue;
      const { last } = readBuckets(located, { from: START_SECOND, to: START_SECOND + 4200, step: 60 });
      expect([...last]).toStrictEqual(minutes.map((_, index) => index));
    }
  });
});
