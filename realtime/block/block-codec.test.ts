import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AppError, absentColumn, isAbsent } from '../../core/index.ts';
import { BlockReader, encodeBlock } from './block-codec.ts';
import { summarise } from './column-codec.ts';

/** Builds a window from samples; undefined stands for an absent second. */
function columnOf(samples: readonly (number | undefined)[], seconds: number): Float64Array {
  const column = absentColumn(seconds);
  samples.slice(0, seconds).forEach((value, index) => {
    if (value !== undefined) column[index] = value;
  });
  return column;
}

const seal = (columns: readonly (Float64Array | undefined)[], seconds: number): Uint8Array =>
  encodeBlock(columns.length, seconds, (column) => columns[column]);

function samplesOf(column: Float64Array): (number | undefined)[] {
  return Array.from(column, (value, index) => (isAbsent(column, index) ? undefined : value));
}

function decode(block: Uint8Array, column: number): (number | undefined)[] {
  const opened = new BlockReader(block);
  const into = new Float64Array(opened.seconds);
  opened.read(column, into);
  return samplesOf(into);
}

const edges = [
  0,
  -0,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  2 ** 43,
  2 ** 43 + 1,
  -(2 ** 53),
  5e-324,
  0.1 + 0.2,
];
const anyValue = fc.oneof(
  fc.double(),
  fc.integer({ min: -1_000_000, max: 1_000_000 }),
  fc.integer({ min: -99_999, max: 99_999 }).map((scaled) => scaled / 100),
  fc.integer({ min: 0, max: 1000 }).map((pages) => pages * 4096),
  fc.constantFrom(...edges),
);
const option = (value: fc.Arbitrary<number>) => fc.option(value, { nil: undefined });
const anyColumn = fc.oneof(
  fc.array(option(anyValue), { maxLength: 600 }),
  fc.tuple(anyValue, fc.nat(600)).map(([value, length]) => Array.from({ length }, () => value)),
  fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 600, maxLength: 600 }),
  // Steps as large as they come, so that tokens need all their bits.
  fc.array(fc.constantFrom(0, 2 ** 43, -(2 ** 43), 2 ** 43 - 1, 1), { minLength: 2, maxLength: 600 }),
  // One sample every so often, and gaps in runs.
  fc
    .tuple(fc.nat(40), fc.integer({ min: 1, max: 60 }), anyValue)
    .map(([first, stride, value]) =>
      Array.from({ length: 600 }, (_, row) => (row >= first && (row - first) % stride === 0 ? value : undefined)),
    ),
  fc
    .array(fc.tuple(fc.nat(200), option(anyValue)), { maxLength: 8 })
    .map((runs) => runs.flatMap(([length, value]) => new Array<number | undefined>(length).fill(value))),
  // Doubles that change slowly, as averages do.
  fc.array(fc.double({ min: 1, max: 1.0001, noNaN: true }), { maxLength: 600 }),
  // Mostly one level, with excursions: what `level` is for.
  fc.array(fc.oneof({ weight: 9, arbitrary: fc.constant(153) }, { weight: 1, arbitrary: option(fc.integer()) }), {
    maxLength: 600,
  }),
);

describe('block codec', () => {
  test('gives back every double bit for bit, absent seconds as absent, at any window length', () => {
    fc.assert(
      fc.property(
        fc.array(anyColumn, { minLength: 1, maxLength: 5 }),
        fc.constantFrom(1, 7, 60, 300, 600, 3600),
        (columns, seconds) => {
          const block = seal(
            columns.map((samples) => columnOf(samples, seconds)),
            seconds,
          );
          columns.forEach((samples, index) => {
            expect(decode(block, index)).toStrictEqual(samplesOf(columnOf(samples, seconds)));
          });
        },
      ),
      { numRuns: 300 },
    );
  });

  test('summarises a window as its samples would', () => {
    const small = fc.oneof(fc.integer({ min: -5000, max: 5000 }), fc.constantFrom(Number.NaN, 0.1 + 0.2, 12.25));
    fc.assert(
      fc.property(fc.array(option(small), { maxLength: 300 }), (samples) => {
        const summary = new BlockReader(seal([columnOf(samples, 300)], 300)).summary(0);
        const expected = summarise(samples.filter((value) => value !== undefined));
        if (expected.count === 0) {
          expect(summary).toBeNull();
        } else {
          expect({ ...summary, sum: 0 }).toStrictEqual({ ...expected, sum: 0 });
          expect(summary?.sum).toBeCloseTo(expected.sum, 6);
        }
      }),
    );
  });

  test('writes the worked example of FORMAT.md', () => {
    const block = seal([new Float64Array(8).fill(0.5), undefined, columnOf([7, 9, 8], 8)], 8);
    expect(Buffer.from(block).toString('hex')).toBe(
      '03020803' +
        '020002001200' +
        '040a' +
        '21' +
        '00000103' +
        '000e00020602' +
        'bbb1100f' +
        '01' +
        '0000000000000000',
    );
  });

  test('finds nothing in a column that the block does not have', () => {
    const block = seal([columnOf([1], 60), undefined], 60);
    for (const column of [1, 7]) {
      expect(decode(block, column)).toStrictEqual(samplesOf(absentColumn(60)));
      expect(new BlockReader(block).summary(column)).toBeNull();
    }
  });

  test('throws nothing but our own errors for damaged bytes, and always ends', () => {
    const block = fc.array(anyColumn, { minLength: 1, maxLength: 3 }).map((columns) =>
      seal(
        columns.map((samples) => columnOf(samples, 600)),
        600,
      ),
    );
    const damage = fc.array(fc.tuple(fc.nat(4000), fc.nat(255)), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(block, damage, fc.nat(50), (whole, changes, cut) => {
        const bytes = whole.slice(0, whole.length - cut);
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        try {
          const reader = new BlockReader(bytes);
          for (let column = 0; column < Math.min(4, reader.columnCount); column++) {
            reader.read(column, new Float64Array(reader.seconds));
            reader.summary(column);
          }
        } catch (error) {
          expect(error).toBeInstanceOf(AppError);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('refuses a block of another version', () => {
    const block = seal([columnOf([1], 60)], 60);
    block[0] = 9;
    expect(() => new BlockReader(block)).toThrow(/block version 9, this build reads 3/);
  });
});
