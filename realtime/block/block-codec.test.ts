import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { absentColumn, isAbsent } from '../../core/index.ts';
import { encodeBlock, readColumn, readSummary, summarise } from './block-codec.ts';

const SECONDS = 60;

/** Builds a window from samples; undefined stands for an absent second. */
function columnOf(samples: readonly (number | undefined)[]): Float64Array {
  const column = absentColumn(SECONDS);
  samples.forEach((value, index) => {
    if (value !== undefined) column[index] = value;
  });
  return column;
}

function samplesOf(column: Float64Array): (number | undefined)[] {
  return Array.from(column, (value, index) => (isAbsent(column, index) ? undefined : value));
}

const anyValue = fc.oneof(
  fc.double(),
  fc.integer({ min: -1_000_000, max: 1_000_000 }),
  fc.integer({ min: -99_999, max: 99_999 }).map((scaled) => scaled / 100),
  fc.constantFrom(0, -0, Number.NaN, Number.POSITIVE_INFINITY, Number.MAX_SAFE_INTEGER, 2 ** 46, 5e-324),
);

const anyColumn = fc.oneof(
  fc.array(fc.option(anyValue, { nil: undefined }), { maxLength: SECONDS }),
  anyValue.map((value) => Array.from({ length: SECONDS }, () => value)),
  fc.array(fc.integer({ min: 0, max: 100 }), { minLength: SECONDS, maxLength: SECONDS }),
);

describe('block codec', () => {
  test('gives back every double bit for bit, absent seconds as absent', () => {
    fc.assert(
      fc.property(fc.array(anyColumn, { minLength: 1, maxLength: 5 }), (columns) => {
        const block = encodeBlock(columns.map(columnOf), SECONDS);
        columns.forEach((samples, index) => {
          const decoded = new Float64Array(SECONDS);
          readColumn(block, index, decoded);
          expect(samplesOf(decoded)).toStrictEqual(samplesOf(columnOf(samples)));
        });
      }),
      { numRuns: 300 },
    );
  });

  test('summarises a window as its samples would', () => {
    fc.assert(
      fc.property(
        fc.array(fc.option(fc.integer({ min: -5000, max: 5000 }), { nil: undefined }), { maxLength: SECONDS }),
        (samples) => {
          const block = encodeBlock([columnOf(samples)], SECONDS);
          const present = samples.filter((value) => value !== undefined);
          expect(readSummary(block, 0)).toStrictEqual(present.length === 0 ? null : summarise(present));
        },
      ),
    );
  });

  test('keeps a NaN out of the summary and in the samples', () => {
    const block = encodeBlock([columnOf([1.5, Number.NaN, 2.5])], SECONDS);
    expect(readSummary(block, 0)).toStrictEqual({ count: 2, min: 1.5, max: 2.5, sum: 4, first: 1.5, last: 2.5 });
  });

  test('writes the worked example of FORMAT.md', () => {
    const half = new Float64Array(SECONDS).fill(0.5);
    const block = encodeBlock([half, columnOf([7, 9, 8])], SECONDS);
    expect(Buffer.from(block).toString('hex')).toBe('013c02000c0000000f000000113c0a200307000000000000000e1230100e0401');
  });

  test('finds nothing in a column that the block does not have', () => {
    const block = encodeBlock([columnOf([1]), undefined], SECONDS);
    expect(readColumn(block, 1, new Float64Array(SECONDS))).toBe(false);
    expect(readColumn(block, 7, new Float64Array(SECONDS))).toBe(false);
    expect(readSummary(block, 7)).toBeNull();
  });
});
