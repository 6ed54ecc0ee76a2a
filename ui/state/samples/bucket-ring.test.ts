import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BucketRing } from './bucket-ring.ts';

const SECOND = 1000;

describe('a ring of buckets', () => {
  test('seconds without a sample are gaps, not the value before them', () => {
    const ring = new BucketRing(10, SECOND);
    ring.putSample(5_000, 1);
    ring.putSample(8_000, 4);
    expect([...ring.points(4_000, 9_000)]).toEqual([
      4_000,
      Number.NaN,
      5_000,
      1,
      6_000,
      Number.NaN,
      7_000,
      Number.NaN,
      8_000,
      4,
      9_000,
      Number.NaN,
    ]);
  });

  test('a late sample lands in its place; one older than the ring is counted', () => {
    const ring = new BucketRing(3, SECOND);
    ring.putSample(10_000, 1);
    ring.putSample(8_000, 2);
    ring.putSample(7_000, 3);
    expect(ring.at(8_000)).toBe(2);
    expect(ring.at(7_000)).toBeNaN();
    expect(ring.tooOldCount).toBe(1);
  });

  test('a missing value never hides a measured one', () => {
    const ring = new BucketRing(3, SECOND);
    ring.putSample(10_000, 1);
    ring.putSample(10_000, Number.NaN);
    ring.putSample(11_000, Number.NaN);
    expect(ring.at(10_000)).toBe(1);
    expect(ring.newestMs).toBe(10_000);
  });

  test('summary takes the peaks inside of buckets, and skips gaps', () => {
    const ring = new BucketRing(10, SECOND);
    ring.put(1_000, { avg: 2, min: 1, max: 9 });
    ring.put(4_000, { avg: 4, min: 3, max: 5 });
    expect(ring.summary(0, 9_000)).toEqual({ min: 1, max: 9, avg: 3, last: 4 });
    expect(ring.summary(2_000, 3_000)).toEqual({
      min: Number.NaN,
      max: Number.NaN,
      avg: Number.NaN,
      last: Number.NaN,
    });
  });

  test('behaves as a map of the newest buckets, whatever order samples come in', () => {
    const sample = fc.record({ second: fc.integer({ min: 0, max: 60 }), value: fc.double({ noNaN: true }) });
    fc.assert(
      fc.property(fc.array(sample, { maxLength: 80 }), fc.integer({ min: 1, max: 20 }), (samples, capacity) => {
        const ring = new BucketRing(capacity, SECOND);
        const model = new Map<number, number>();
        let newest = -1;
        for (const { second, value } of samples) {
          ring.putSample(second * SECOND, value);
          if (newest >= 0 && second <= newest - capacity) continue;
          newest = Math.max(newest, second);
          model.set(second, value);
        }
        for (let second = 0; second <= 60; second++) {
          const kept = second > newest - capacity ? model.get(second) : undefined;
          expect(ring.at(second * SECOND)).toBe(kept ?? Number.NaN);
        }
      }),
    );
  });
});
