import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { columnText, wholeText } from './number-text.ts';

/** Every kind of number that a column may hold, those of few decimals most often. */
const numbers = fc.oneof(
  fc.integer({ min: -2e9, max: 2e9 }).map((scaled) => scaled / 1000),
  fc.integer({ min: -100, max: 100 }).map((scaled) => scaled / 10),
  fc.maxSafeInteger(),
  fc.double(),
  fc.constantFrom(0, -0, 1e12 - 0.001, 999_999_999.999, 1e9, 1e15, 1e21, 5e-324, 0.0005, Number.MAX_VALUE),
);

describe('a column of numbers', () => {
  test('is written as JSON.stringify writes it', () => {
    fc.assert(
      fc.property(fc.array(numbers, { maxLength: 40 }), (values) => {
        const words = values.map((value) => (Number.isFinite(value) ? value : String(value)));
        expect(wholeText(Float64Array.from(values))).toBe(JSON.stringify(words));
      }),
      { numRuns: 2000 },
    );
  });

  test('has null where there is no sample, and words for what JSON has no number for', () => {
    const text = (values: readonly number[], count: readonly number[]) =>
      columnText(Float64Array.from(values), Uint32Array.from(count));
    expect(text([1.25, Number.POSITIVE_INFINITY, -0.5], [2, 0, 1])).toBe('[1.25,null,-0.5]');
    expect(text([0, Number.NaN, 1 / 3, Number.NEGATIVE_INFINITY], [0, 1, 3, 1])).toBe(
      '[null,"NaN",0.3333333333333333,"-Infinity"]',
    );
    expect(text([], [])).toBe('[]');
  });
});
