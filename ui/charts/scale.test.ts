import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { limitFits, scaleFor } from './scale.ts';

const MIB = 1024 * 1024;

describe('axes', () => {
  test.each([
    [3.7, 'cores', 4, 1],
    [0.3, 'cores', 0.3, 0.1],
    [67, 'percent', 100, 25],
    [12, 'percent', 15, 5],
    [384 * MIB, 'bytes', 384 * MIB, 128 * MIB],
    [900 * MIB, 'bytes', 1024 * MIB, 256 * MIB],
    [12_300, 'bytes/s', 15_000, 5000],
  ])('values up to %s %s end at %s', (highest, unit, max, interval) => {
    const scale = scaleFor(highest, unit);
    expect(scale.max).toBeCloseTo(max, 6);
    expect(scale.interval).toBeCloseTo(interval, 6);
  });

  test('nothing at all still has an axis', () => {
    expect(scaleFor(Number.NaN, 'percent')).toEqual({ max: 4, interval: 1 });
    expect(scaleFor(0, 'cores')).toEqual({ max: 0.04, interval: 0.01 });
  });

  test('every value is inside, on an axis of two to five steps', () => {
    const unit = fc.constantFrom('cores', 'bytes', 'bytes/s', 'percent', 'load', null);
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1e15, noNaN: true }), unit, (highest, unit) => {
        const { max, interval } = scaleFor(highest, unit);
        expect(max).toBeGreaterThanOrEqual(highest * (1 - 1e-6));
        expect(Math.round(max / interval)).toBeGreaterThanOrEqual(2);
        expect(Math.round(max / interval)).toBeLessThanOrEqual(5);
      }),
    );
  });

  test('a limit far above the values is named, not drawn', () => {
    expect(limitFits(2, 0.5)).toBe(true);
    expect(limitFits(2.1, 0.5)).toBe(false);
    expect(limitFits(2, Number.NaN)).toBe(true);
  });
});
