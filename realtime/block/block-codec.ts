/**
 * The first block codec: per column constant, scaled-integer deltas, or doubles (`FORMAT.md`).
 * A column can be found and summarised without touching the others.
 */
import { ByteReader, ByteWriter, canonical, fillAbsent, isAbsent } from '../../core/index.ts';

const VERSION = 1;
const HEADER_BYTES = 4;
const DECIMALS_RAW = 15;
const DECIMALS_TRIED = 5;
const POWERS = [1, 10, 100, 1000, 10_000] as const;

/** Sixty of these still add up below 2^53, so sums are exact. */
const SCALED_MAX = 2 ** 46;

const CODEC_CONST = 1;
const CODEC_DELTA = 2;
const CODEC_RAW = 3;

/** Of the samples that are numbers: a measured NaN has no place in a minimum or an average. */
export type Summary = {
  readonly count: number;
  readonly min: number;
  readonly max: number;
  readonly sum: number;
  readonly first: number;
  readonly last: number;
};

/**
 * Seals columns of one window. `columns[i]` holds `seconds` samples, absent ones marked; undefined
 * stands for a column without samples. Returns a block of its own memory.
 */
export function encodeBlock(columns: readonly (Float64Array | undefined)[], seconds: number): Uint8Array {
  const writer = new ByteWriter(HEADER_BYTES + columns.length * 12);
  writer.u8(VERSION);
  writer.u8(seconds);
  writer.u8(columns.length & 0xff);
  writer.u8(columns.length >> 8);
  writer.zeros(columns.length * 4);
  columns.forEach((column, index) => {
    const present = column === undefined ? [] : presentIndexes(column);
    if (column === undefined || present.length === 0) return;
    writer.patchU32(HEADER_BYTES + index * 4, writer.length);
    encodeColumn(writer, column, present);
  });
  return writer.written().slice();
}

function presentIndexes(column: Float64Array): number[] {
  const present: number[] = [];
  for (let index = 0; index < column.length; index++) if (!isAbsent(column, index)) present.push(index);
  return present;
}

function encodeColumn(writer: ByteWriter, column: Float64Array, present: readonly number[]): void {
  const values = present.map((index) => column[index] as number);
  const decimals = exactDecimals(values);
  const constant = values.every((value) => Object.is(value, values[0]));
  const codec = constant ? CODEC_CONST : decimals === DECIMALS_RAW ? CODEC_RAW : CODEC_DELTA;
  writer.u8((codec << 4) | decimals);
  writer.varint(values.length);
  if (values.length < column.length) writePresence(writer, column.length, present);
  if (codec === CODEC_CONST) writeValue(writer, values[0] as number, decimals);
  else if (codec === CODEC_DELTA) encodeDeltas(writer, values, POWERS[decimals] as number);
  else encodeRaw(writer, values);
}

/** The smallest scale at which every value is an integer that gives the value back bit for bit. */
function exactDecimals(values: readonly number[]): number {
  // The addition turns -0 into 0, which is not the same double and so needs `raw`.
  for (let decimals = 0; decimals < DECIMALS_TRIED; decimals++) {
    const power = POWERS[decimals] as number;
    const exact = values.every((value) => {
      const scaled = Math.round(value * power);
      return Math.abs(scaled) <= SCALED_MAX && Object.is((scaled + 0) / power, value);
    });
    if (exact) return decimals;
  }
  return DECIMALS_RAW;
}

function writePresence(writer: ByteWriter, seconds: number, present: readonly number[]): void {
  const bits = new Uint8Array(Math.ceil(seconds / 8));
  for (const index of present) bits[index >> 3] = (bits[index >> 3] as number) | (1 << (index & 7));
  writer.bytes(bits);
}

function writeValue(writer: ByteWriter, value: number, decimals: number): void {
  if (decimals === DECIMALS_RAW) writer.f64(value);
  else writer.varint(zigzag(Math.round(value * (POWERS[decimals] as number))));
}

function encodeDeltas(writer: ByteWriter, values: readonly number[], power: number): void {
  const scaled = values.map((value) => Math.round(value * power));
  const summary = summarise(scaled);
  for (const part of [summary.min, summary.max, summary.sum, summary.last, summary.first]) writer.varint(zigzag(part));
  for (let index = 1; index < scaled.length; index++) {
    writer.varint(zigzag((scaled[index] as number) - (scaled[index - 1] as number)));
  }
}

function encodeRaw(writer: ByteWriter, values: readonly number[]): void {
  const summary = summarise(values);
  writer.varint(summary.count);
  for (const part of [summary.min, summary.max, summary.sum, summary.last, summary.first]) writer.f64(part);
  for (const value of values) writer.f64(value);
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

/** A zero stays a zero: -0 would be a different double after scaling back. */
const zigzag = (value: number): number => (value >= 0 ? value * 2 : -value * 2 - 1);
const unzigzag = (value: number): number => (value % 2 === 0 ? value / 2 : -(value + 1) / 2);

type ColumnHead = {
  readonly codec: number;
  readonly decimals: number;
  readonly count: number;
  readonly presence: Uint8Array | null;
};

/** Positions a reader at a column, or returns null when it has no samples. */
function openColumn(block: Uint8Array, column: number): { reader: ByteReader; head: ColumnHead } | null {
  const reader = new ByteReader(block);
  reader.offset = 1;
  const seconds = reader.u8();
  const columnCount = reader.u8() | (reader.u8() << 8);
  if (column >= columnCount) return null;
  reader.offset = HEADER_BYTES + column * 4;
  const offset = reader.u32();
  if (offset === 0) return null;
  reader.offset = offset;
  const kind = reader.u8();
  const count = reader.varint();
  const presence = count < seconds ? reader.bytes(Math.ceil(seconds / 8)) : null;
  return { reader, head: { codec: kind >> 4, decimals: kind & 15, count, presence } };
}

function readValue(reader: ByteReader, decimals: number): number {
  if (decimals === DECIMALS_RAW) return canonical(reader.f64());
  return unzigzag(reader.varint()) / (POWERS[decimals] as number);
}

/** What a chart needs of a whole window, without decoding it; null when there are no numbers. */
export function readSummary(block: Uint8Array, column: number): Summary | null {
  const opened = openColumn(block, column);
  if (opened === null) return null;
  const { reader, head } = opened;
  const { decimals } = head;
  if (head.codec === CODEC_CONST) {
    const value = readValue(reader, decimals);
    if (Number.isNaN(value)) return null;
    return { count: head.count, min: value, max: value, sum: value * head.count, first: value, last: value };
  }
  const count = head.codec === CODEC_RAW ? reader.varint() : head.count;
  const min = readValue(reader, decimals);
  const max = readValue(reader, decimals);
  const sum = readValue(reader, decimals);
  const last = readValue(reader, decimals);
  return { count, min, max, sum, last, first: readValue(reader, decimals) };
}

/**
 * Decodes a column into `into` (as long as the window), absent samples marked. Returns false when
 * the column has no samples; `into` is all absent then.
 */
export function readColumn(block: Uint8Array, column: number, into: Float64Array): boolean {
  fillAbsent(into);
  const opened = openColumn(block, column);
  if (opened === null) return false;
  const { reader, head } = opened;
  const next = valueReader(reader, head);
  for (let index = 0; index < into.length; index++) {
    const present = head.presence === null || ((head.presence[index >> 3] as number) & (1 << (index & 7))) !== 0;
    if (present) into[index] = next();
  }
  return true;
}

function valueReader(reader: ByteReader, head: ColumnHead): () => number {
  if (head.codec === CODEC_CONST) {
    const value = readValue(reader, head.decimals);
    return () => value;
  }
  if (head.codec === CODEC_RAW) {
    reader.varint();
    reader.bytes(5 * 8);
    return () => canonical(reader.f64());
  }
  // Past min, max, sum and last; the first sample then is a difference from zero.
  for (let part = 0; part < 4; part++) reader.varint();
  const power = POWERS[head.decimals] as number;
  let scaled = 0;
  return () => {
    scaled += unzigzag(reader.varint());
    return scaled / power;
  };
}
