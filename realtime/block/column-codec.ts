/**
 * One column of a block (`FORMAT.md`). Most samples equal the one before them: what changed is told
 * by a bitmap, how much by small zigzag bytes. What repeats in these bytes, deflate finds.
 */
import { type ByteReader, type ByteWriter, canonical, fillAbsent, isAbsent } from '../../core/index.ts';

/** Samples in the longest window: ten minutes of seconds. */
export const WINDOW_SAMPLES_MAX = 600;

const POWERS = [1, 10, 100, 1000, 10_000] as const;
const DECIMALS_RAW = 7;

/** 600 of these still add up below 2^53, so sums are exact. */
const SCALED_MAX = 2 ** 43;

const SHIFT_MAX = 30;

const KIND_CONST = 0;
const KIND_DELTA = 1;
const KIND_LEVEL = 2;
const KIND_RAW = 3;

/** A column without samples: this byte and nothing else. */
const EMPTY = 0x80;

/** Bits of a column's first byte: kind 0–1, decimals 2–4, then these. */
const HAS_GAPS = 0x20;
const IS_DENSE = 0x40;

/** With more changes than this, a bitmap of them costs more than it saves. */
const DENSE_SHARE = 0.75;

/**
 * The parts of a column go to three streams, each like with like over all columns of a block:
 * deflate finds more in them than in columns one after the other.
 */
export type Streams<Stream> = { readonly heads: Stream; readonly bits: Stream; readonly steps: Stream };
export type StreamWriters = Streams<ByteWriter>;
export type StreamReaders = Streams<ByteReader>;

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

const TABLE_SLOTS = 512;
const tableValues = new Float64Array(TABLE_SLOTS);
const tableCounts = new Uint16Array(TABLE_SLOTS);

/** Appends a column of at most 600 samples, absent ones marked; undefined is a column without any. */
export function encodeColumn(writers: StreamWriters, column: Float64Array | undefined): void {
  const { heads, bits } = writers;
  const count = column === undefined ? 0 : gatherPresent(column);
  if (column === undefined || count === 0) return heads.u8(EMPTY);
  const decimals = exactDecimals(count);
  const gaps = count < column.length ? HAS_GAPS : 0;
  const headAt = heads.length;
  heads.u8(0);
  if (gaps !== 0) {
    heads.varint(count);
    writePresence(bits, column);
  }
  heads.patchU8(headAt, gaps | (decimals << 2) | encodeValues(writers, count, decimals));
}

/** Copies what is there to the front of the scratch; returns how many. */
function gatherPresent(column: Float64Array): number {
  let count = 0;
  for (let index = 0; index < column.length; index++) {
    const value = column[index] as number;
    if (!isAbsent(column, index)) present[count++] = value;
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

function writePresence(writer: ByteWriter, column: Float64Array): void {
  const bits = writer.zeros((column.length + 7) >> 3);
  for (let index = 0; index < column.length; index++) {
    if (!isAbsent(column, index)) bits[index >> 3] = (bits[index >> 3] as number) | (1 << (index & 7));
  }
}

/** Writes the values; returns their kind, with the dense bit where it holds. */
function encodeValues(writers: StreamWriters, count: number, decimals: number): number {
  if (decimals === DECIMALS_RAW) return encodeRaw(writers, count);
  const first = scaled[0] as number;
  let index = 1;
  while (index < count && scaled[index] === first) index++;
  if (index === count) {
    writers.heads.varint(zigzag(first));
    return KIND_CONST;
  }
  return encodeChanging(writers, count);
}

const zigzag = (value: number): number => (value >= 0 ? value * 2 : -value * 2 - 1);
const unzigzag = (value: number): number => (value % 2 === 0 ? value / 2 : -(value + 1) / 2);

function encodeChanging(writers: StreamWriters, count: number): number {
  const { heads } = writers;
  const shift = commonShift(count);
  const unit = 2 ** shift;
  if (shift > 0) for (let index = 0; index < count; index++) scaled[index] = (scaled[index] as number) / unit;
  heads.u8(shift);
  writeSummary(heads, count);
  const level = frequentValue(count);
  const isLevel = costFrom(count, level) < costOfDeltas(count);
  const base = scaled[0] as number;
  if (isLevel) heads.varint(zigzag(level - base));
  else
    for (let index = count - 1; index > 0; index--)
      scaled[index] = (scaled[index] as number) - (scaled[index - 1] as number);
  if (isLevel) for (let index = 1; index < count; index++) scaled[index] = (scaled[index] as number) - level;
  const stepsAt = writers.steps.length;
  const density = writeSteps(writers, count);
  heads.varint(writers.steps.length - stepsAt);
  return (isLevel ? KIND_LEVEL : KIND_DELTA) | density;
}

/** How many trailing zero bits all values share: pages and blocks come in powers of two. */
function commonShift(count: number): number {
  let bits = 1 << SHIFT_MAX;
  // The low 32 bits of an integer of any size up to 2^53; negative ones share them with their absolute value.
  for (let index = 0; index < count; index++) bits |= scaled[index] as number;
  return 31 - Math.clz32(bits & -bits);
}

/** First as it is, the rest relative to it: small numbers whatever the level. */
function writeSummary(writer: ByteWriter, count: number): void {
  const first = scaled[0] as number;
  let [min, max, sum] = [first, first, 0];
  for (let index = 0; index < count; index++) {
    const value = scaled[index] as number;
    if (value < min) min = value;
    if (value > max) max = value;
    sum += value - first;
  }
  writer.varint(zigzag(first));
  writer.varint(first - min);
  writer.varint(max - first);
  writer.varint(zigzag(sum));
  writer.varint(zigzag((scaled[count - 1] as number) - first));
}

/** The most frequent value: a level that a column returns to. Values are counted in a small table; clashes lose. */
function frequentValue(count: number): number {
  tableCounts.fill(0);
  let [best, bestCount] = [scaled[0] as number, 0];
  for (let index = 0; index < count; index++) {
    const value = scaled[index] as number;
    const slot = (value ^ (value >> 9)) & (TABLE_SLOTS - 1);
    if (tableCounts[slot] === 0) tableValues[slot] = value;
    if (tableValues[slot] !== value) continue;
    const seen = (tableCounts[slot] as number) + 1;
    tableCounts[slot] = seen;
    if (seen > bestCount) [best, bestCount] = [value, seen];
  }
  return best;
}

/** Bytes, roughly: an eighth where nothing changes, then one for each seven bits. */
function stepCost(step: number): number {
  if (step === 0) return 0.25;
  const size = Math.abs(step);
  return size < 4 ? 0.6 : size < 64 ? 1 : size < 8192 ? 2 : size < 1_048_576 ? 3 : 5;
}

function costFrom(count: number, level: number): number {
  let cost = 2;
  for (let index = 1; index < count; index++) cost += stepCost((scaled[index] as number) - level);
  return cost;
}

function costOfDeltas(count: number): number {
  let cost = 0;
  for (let index = 1; index < count; index++)
    cost += stepCost((scaled[index] as number) - (scaled[index - 1] as number));
  return cost;
}

/** Steps 1 … count − 1: which are not zero, unless most are, and what they are. */
function writeSteps({ bits, steps }: StreamWriters, count: number): number {
  let changes = 0;
  for (let index = 1; index < count; index++) if (scaled[index] !== 0) changes++;
  if (changes > (count - 1) * DENSE_SHARE) {
    for (let index = 1; index < count; index++) steps.varint(zigzag(scaled[index] as number));
    return IS_DENSE;
  }
  const changed = bits.zeros((count + 6) >> 3);
  for (let index = 1; index < count; index++) {
    const step = scaled[index] as number;
    if (step === 0) continue;
    changed[(index - 1) >> 3] = (changed[(index - 1) >> 3] as number) | (1 << ((index - 1) & 7));
    steps.varint(zigzag(step) - 1);
  }
  return 0;
}

/** Doubles that no scale fits: each XORed with the one before, all first bytes first (deflate likes it). */
function encodeRaw({ heads, steps }: StreamWriters, count: number): number {
  const summary = summarise(present.subarray(0, count));
  heads.varint(summary.count);
  for (const part of [summary.first, summary.min, summary.max, summary.sum, summary.last]) heads.f64(part);
  const values = new Uint8Array(present.slice(0, count).buffer);
  const planes = steps.zeros(values.length);
  for (let index = 0; index < count; index++) {
    for (let byte = 0; byte < 8; byte++) {
      const before = index === 0 ? 0 : (values[(index - 1) * 8 + byte] as number);
      planes[byte * count + index] = (values[index * 8 + byte] as number) ^ before;
    }
  }
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

type Head = {
  readonly kind: number;
  readonly decimals: number;
  readonly isDense: boolean;
  readonly count: number;
  readonly presence: Uint8Array | null;
};

function readHead({ heads, bits }: StreamReaders, length: number): Head {
  const byte = heads.u8();
  const hasGaps = (byte & HAS_GAPS) !== 0;
  const count = hasGaps ? heads.varint() : length;
  const presence = hasGaps ? bits.bytes((length + 7) >> 3) : null;
  return { kind: byte & 3, decimals: (byte >> 2) & 7, isDense: (byte & IS_DENSE) !== 0, count, presence };
}

/** Moves the readers past a column, of which only the head is read. Returns false for one without samples. */
export function skipColumn({ heads, bits, steps }: StreamReaders, length: number): boolean {
  const byte = heads.u8();
  if (byte === EMPTY) return false;
  const kind = byte & 3;
  const hasGaps = (byte & HAS_GAPS) !== 0;
  const count = hasGaps ? heads.varint() : length;
  if (hasGaps) bits.bytes((length + 7) >> 3);
  if (kind === KIND_CONST) {
    heads.varint();
  } else if (kind === KIND_RAW) {
    heads.varint();
    heads.bytes(5 * 8);
    steps.bytes(count * 8);
  } else {
    heads.u8();
    for (let part = kind === KIND_LEVEL ? 6 : 5; part > 0; part--) heads.varint();
    steps.bytes(heads.varint());
    if ((byte & IS_DENSE) === 0) bits.bytes((count + 6) >> 3);
  }
  return true;
}

/** The summary of the column of a window of `length` samples at which the readers stand; null without numbers. */
export function decodeSummary(readers: StreamReaders, length: number): Summary | null {
  const { kind, decimals, count } = readHead(readers, length);
  const reader = readers.heads;
  if (kind === KIND_RAW) return decodeRawSummary(reader);
  const power = POWERS[decimals] as number;
  if (kind === KIND_CONST) {
    const value = unzigzag(reader.varint());
    const double = value / power;
    return { count, min: double, max: double, sum: (value * count) / power, first: double, last: double };
  }
  const unit = 2 ** reader.u8();
  const first = unzigzag(reader.varint());
  const min = first - reader.varint();
  const max = first + reader.varint();
  const sum = first * count + unzigzag(reader.varint());
  const last = first + unzigzag(reader.varint());
  const double = (value: number): number => (value * unit) / power;
  return { count, min: double(min), max: double(max), sum: double(sum), first: double(first), last: double(last) };
}

function decodeRawSummary(reader: ByteReader): Summary | null {
  const count = reader.varint();
  const [first, min, max] = [reader.f64(), reader.f64(), reader.f64()];
  const [sum, last] = [reader.f64(), reader.f64()];
  return count === 0 ? null : { count, min, max, sum, first, last };
}

/** Decodes the column at which the readers stand into all of `into`, absent samples marked. */
export function decodeColumn(readers: StreamReaders, into: Float64Array): void {
  const head = readHead(readers, into.length);
  const target = head.presence === null ? into : present;
  if (head.kind === KIND_CONST) {
    target.fill(unzigzag(readers.heads.varint()) / (POWERS[head.decimals] as number), 0, head.count);
  } else if (head.kind === KIND_RAW) {
    decodeRaw(readers, head.count, target);
  } else {
    decodeChanging(readers, head, target);
  }
  if (head.presence !== null) scatter(head.presence, into);
}

function decodeChanging({ heads, bits, steps }: StreamReaders, head: Head, into: Float64Array): void {
  const { kind, decimals, isDense, count } = head;
  const unit = 2 ** heads.u8();
  const power = POWERS[decimals] as number;
  const first = unzigzag(heads.varint());
  for (let part = 0; part < 4; part++) heads.varint();
  const isLevel = kind === KIND_LEVEL;
  const level = isLevel ? first + unzigzag(heads.varint()) : 0;
  const changed = isDense ? null : bits.bytes((count + 6) >> 3);
  let [current, double] = [first, (first * unit) / power];
  const rest = isLevel ? (level * unit) / power : 0;
  into[0] = double;
  for (let index = 1; index < count; index++) {
    if (changed === null || ((changed[(index - 1) >> 3] as number) & (1 << ((index - 1) & 7))) !== 0) {
      const step = unzigzag(steps.varint() + (changed === null ? 0 : 1));
      current = isLevel ? level + step : current + step;
      double = (current * unit) / power;
    } else if (isLevel) {
      double = rest;
    }
    into[index] = double;
  }
}

function decodeRaw({ heads, steps }: StreamReaders, count: number, into: Float64Array): void {
  decodeRawSummary(heads);
  const planes = steps.bytes(count * 8);
  const bytes = new Uint8Array(count * 8);
  for (let index = 0; index < count; index++) {
    for (let byte = 0; byte < 8; byte++) {
      const before = index === 0 ? 0 : (bytes[(index - 1) * 8 + byte] as number);
      bytes[index * 8 + byte] = (planes[byte * count + index] as number) ^ before;
    }
  }
  const values = new Float64Array(bytes.buffer);
  for (let index = 0; index < count; index++) into[index] = canonical(values[index] as number);
}

/** Moves the gathered samples to their seconds. */
function scatter(presence: Uint8Array, into: Float64Array): void {
  fillAbsent(into);
  let next = 0;
  for (let index = 0; index < into.length; index++) {
    if (((presence[index >> 3] as number) & (1 << (index & 7))) !== 0) into[index] = present[next++] as number;
  }
}
