/**
 * Columns of samples are plain `Float64Array`s. A second without a sample is marked by one NaN
 * with a payload of its own, so that a NaN that somebody measured is still a value.
 *
 * JavaScript may canonicalise a NaN when it passes through a variable. The mark is therefore
 * written and tested through a `Uint32Array` view, and moved by typed-array copies only; measured
 * NaNs are made canonical where they enter (`canonical`).
 */
const ABSENT_HIGH = 0x7ff8_5a4b; // A quiet NaN, payload "ZK".
const ABSENT_BITS = BigInt(ABSENT_HIGH) << 32n;

/** Little-endian word order, which every platform that Node supports has. */
const HIGH_WORD = 1;

/** A column of `length` absent samples. */
export function absentColumn(length: number): Float64Array {
  const column = new Float64Array(length);
  fillAbsent(column);
  return column;
}

export function fillAbsent(column: Float64Array, from = 0, to = column.length): void {
  new BigUint64Array(column.buffer, column.byteOffset, column.length).fill(ABSENT_BITS, from, to);
}

export function isAbsent(column: Float64Array, index: number): boolean {
  const value = column[index];
  // biome-ignore lint/suspicious/noSelfCompare: the cheapest test for "not a NaN", on the hottest path.
  if (value === value) return false;
  return wordsOf(column)[2 * index + HIGH_WORD] === ABSENT_HIGH;
}

/** A view of a column as 32-bit words, for loops that test many samples. */
/** As `isAbsent`, of a column's words: for loops that look at many samples. */
export const isAbsentWord = (words: Uint32Array, index: number): boolean =>
  words[2 * index + HIGH_WORD] === ABSENT_HIGH;

export function wordsOf(column: Float64Array): Uint32Array {
  return new Uint32Array(column.buffer, column.byteOffset, column.length * 2);
}

/** The one NaN that stands for a measured not-a-number. */
export function canonical(value: number): number {
  return Number.isNaN(value) ? Number.NaN : value;
}
