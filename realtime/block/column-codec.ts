/**
 * One column of a block (`FORMAT.md`). Values become integers where a decimal scale gives them back
 * bit for bit; most of them equal the one before, and `step-codec.ts` tells what changes.
 */
import { AppError, type ByteReader, type ByteWriter, isAbsentWord, wordsOf } from '../../core/index.ts';
import { decodeDoubles, encodeDoubles } from './double-codec.ts';
import { readPresence, scatter, writePresence } from './presence.ts';
import { decodeSteps, encodeSteps, WINDOW_SAMPLES_MAX } from './step-codec.ts';
import { worthwhileLevel } from './step-estimate.ts';

const POWERS = [1, 10, 100, 1000, 10_000, 100_000, 1_000_000] as const;
const DECIMALS_RAW = 7;

const SCALED_MAX = 2 ** 43;

const SHIFT_MAX = 30;
const SHIFT_MASK = 0x1f;

/** In the byte of the shift: the sum is a double, because its zigzag would not fit a varint. */
const SUM_IS_DOUBLE = 0x80;
const SUM_VARINT_MAX = 2 ** 51;

const KIND_CONST = 0;
const KIND_DELTA = 1;
const KIND_LEVEL = 2;
const KIND_RAW = 3;

/** Bits of a column's first byte: kind 0–1, decimals 2–4, then this. */
const HAS_GAPS = 0x20;

/** Of the samples that are numbers: a measured NaN has no place in a minimum or an average. */
export type Summary = {
  readonly count: number;
  readonly min: number;
  readonly max: number;
  readonly sum: number;
  readonly first: number;
  readonly last: number;
};

const scaled = new Float64Array(WINDOW_SAMPLES_MAX);
const present = new Float64Array(WINDOW_SAMPLES_MAX);

/** Appends a column of at most 3,600 samples, absent ones marked. Nothing at all for one without samples. */
export function encodeColumn(writer: ByteWriter, column: Float64Array): void {
  const count = gatherPresent(column);
  if (count === 0) return;
  const decimals = exactDecimals(count);
  const hasGaps = count < column.length;
  const headAt = writer.length;
  writer.u8(0);
  if (hasGaps) writePresence(writer, column, count);
  const kind = decimals === DECIMALS_RAW ? encodeRaw(writer, count) : encodeIntegers(writer, count);
  writer.patchU8(headAt, kind | (decimals << 2) | (hasGaps ? HAS_GAPS : 0));
}

/** Copies what is there to the front of the scratch; returns how many. */
function gatherPresent(column: Float64Array): number {
  let count = 0;
  const words = wordsOf(column);
  for (let index = 0; index < column.length; index++) {
    const value = column[index] as number;
    if (!Number.isNaN(value) || !isAbsentWord(words, index)) present[count++] = value;
  }
  return count;
}

/** The smallest scale at which all values are integers that give them back bit for bit; fills `scaled`. */
function exactDecimals(count: number): number {
  for (let decimals = 0; decimals < POWERS.length; decimals++) {
    const power = POWERS[decimals] as number;
    let index = 0;
    for (; index < count; index++) {
      const value = present[index] as number;
      const integer = Math.round(value * power);
      if (integer / power !== value || Math.abs(integer) > SCALED_MAX || (integer === 0 && Object.is(value, -0))) break;
      scaled[index] = integer;
    }
    if (index === count) return decimals;
  }
  return DECIMALS_RAW;
}

const zigzag = (value: number): number => (value >= 0 ? value * 2 : -value * 2 - 1);
const unzigzag = (value: number): number => (value % 2 === 0 ? value / 2 : -(value + 1) / 2);

function encodeIntegers(writer: ByteWriter, count: number): number {
  if (isConstant(count)) {
    writer.varint(zigzag(scaled[0] as number));
    return KIND_CONST;
  }
  const shift = commonShift(count);
  const unit = 2 ** shift;
  if (shift > 0) for (let index = 0; index < count; index++) scaled[index] = (scaled[index] as number) / unit;
  writeSummary(writer, shift, count);
  const level = worthwhileLevel(scaled, count);
  if (level === null) {
    for (let index = count - 1; index > 0; index--) {
      scaled[index] = (scaled[index] as number) - (scaled[index - 1] as number);
    }
  } else {
    writer.varint(zigzag(level - (scaled[0] as number)));
    for (let index = 1; index < count; index++) scaled[index] = (scaled[index] as number) - level;
  }
  writer.bytes(encodeSteps(scaled, count));
  return level === null ? KIND_DELTA : KIND_LEVEL;
}

function isConstant(count: number): boolean {
  const first = scaled[0] as number;
  for (let index = 1; index < count; index++) if (scaled[index] !== first) return false;
  return true;
}

/** How many trailing zero bits all values share: pages and blocks come in powers of two. */
function commonShift(count: number): number {
  let bits = 1 << SHIFT_MAX;
  // The low 32 bits of an integer of any size up to 2^53; negative ones share them with their absolute value.
  for (let index = 0; index < count; index++) bits |= scaled[index] as number;
  return 31 - Math.clz32(bits & -bits);
}

/** The shift; the first value as it is; the rest relative to it: small numbers whatever the level. */
function writeSummary(writer: ByteWriter, shift: number, count: number): void {
  const first = scaled[0] as number;
  let [min, max, sum] = [first, first, 0];
  for (let index = 0; index < count; index++) {
    const value = scaled[index] as number;
    if (value < min) min = value;
    if (value > max) max = value;
    sum += value - first;
  }
  const isLarge = Math.abs(sum) > SUM_VARINT_MAX;
  writer.u8(shift | (isLarge ? SUM_IS_DOUBLE : 0));
  writer.varint(zigzag(first));
  writer.varint(first - min);
  writer.varint(max - first);
  if (isLarge) writer.f64(sum);
  else writer.varint(zigzag(sum));
  writer.varint(zigzag((scaled[count - 1] as number) - first));
}

function encodeRaw(writer: ByteWriter, count: number): number {
  const summary = summarise(present.subarray(0, count));
  writer.varint(summary.count);
  for (const part of [summary.first, summary.min, summary.max, summary.sum, summary.last]) writer.f64(part);
  writer.bytes(encodeDoubles(present, count));
  return KIND_RAW;
}

export function summarise(values: Iterable<number>): Summary {
  let [count, min, max, sum] = [0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
  let first = Number.NaN;
  let last = Number.NaN;
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    if (count++ === 0) first = value;
    last = value;
    if (value < min) min = value;
    if (value > max) max = value;
    sum += value;
  }
  return { count, min, max, sum, first, last };
}

/** Reads the column that begins at `reader.offset` into all of `into`, absent samples marked. */
export function decodeColumn(reader: ByteReader, into: Float64Array): void {
  const head = reader.u8();
  const decimals = (head >> 2) & 7;
  const hasGaps = (head & HAS_GAPS) !== 0;
  const count = hasGaps ? readPresence(reader, into.length) : into.length;
  const target = hasGaps ? present : into;
  const kind = head & 3;
  if (kind === KIND_RAW) {
    readRawSummary(reader);
    decodeDoubles(reader.whole, reader.offset, target, count);
  } else {
    const power = powerOf(decimals);
    if (kind === KIND_CONST) target.fill(unzigzag(reader.varint()) / power, 0, count);
    else decodeChanging(reader, { into: target, count, power, isLevel: kind === KIND_LEVEL });
  }
  if (hasGaps) scatter(present, into);
}

/** The value of a column without gaps that never changes; null for any other, and then the reader stays. */
export function decodeConstant(reader: ByteReader): number | null {
  const start = reader.offset;
  const head = reader.u8();
  if ((head & 3) === KIND_CONST && (head & HAS_GAPS) === 0) return unzigzag(reader.varint()) / powerOf((head >> 2) & 7);
  reader.offset = start;
  return null;
}

type Changing = {
  readonly into: Float64Array;
  readonly count: number;
  readonly power: number;
  readonly isLevel: boolean;
};

function decodeChanging(reader: ByteReader, { into, count, power, isLevel }: Changing): void {
  const { unit, first } = readSummary(reader);
  const level = isLevel ? first + unzigzag(reader.varint()) : null;
  decodeSteps(reader, { into, count, first, level, unit, power });
}

/** The summary of the column of a window of `length` samples at which the reader stands; null without numbers. */
export function decodeSummary(reader: ByteReader, length: number): Summary | null {
  const head = reader.u8();
  const count = (head & HAS_GAPS) !== 0 ? readPresence(reader, length) : length;
  const kind = head & 3;
  if (kind === KIND_RAW) return readRawSummary(reader);
  const power = powerOf((head >> 2) & 7);
  if (kind === KIND_CONST) {
    const value = unzigzag(reader.varint()) / power;
    return { count, min: value, max: value, sum: value * count, first: value, last: value };
  }
  const { unit, first, min, max, sum, last } = readSummary(reader);
  const double = (value: number): number => (value * unit) / power;
  return {
    count,
    min: double(min),
    max: double(max),
    sum: double(first * count + sum),
    first: double(first),
    last: double(last),
  };
}

type ScaledSummary = Omit<Summary, 'count'> & { readonly unit: number };

/** As `writeSummary` wrote it: integers in units, the sum that of the differences from the first. */
function readSummary(reader: ByteReader): ScaledSummary {
  const byte = reader.u8();
  const first = unzigzag(reader.varint());
  const min = first - reader.varint();
  const max = first + reader.varint();
  const sum = (byte & SUM_IS_DOUBLE) !== 0 ? reader.f64() : unzigzag(reader.varint());
  return { unit: 2 ** (byte & SHIFT_MASK), first, min, max, sum, last: first + unzigzag(reader.varint()) };
}

function readRawSummary(reader: ByteReader): Summary | null {
  const count = reader.varint();
  const [first, min, max] = [reader.f64(), reader.f64(), reader.f64()];
  const [sum, last] = [reader.f64(), reader.f64()];
  return count === 0 ? null : { count, min, max, sum, first, last };
}

function powerOf(decimals: number): number {
  const power = POWERS[decimals];
  if (power === undefined) throw new AppError('LOG_CORRUPT', `a column of a block with ${decimals} decimals`);
  return power;
}
