/**
 * Which seconds of a column have samples. Three forms, the shortest is taken: one sample every so
 * many seconds, runs of present and absent ones in turn, or a bit for each.
 */
import { AppError, type ByteReader, type ByteWriter, fillAbsent, isAbsentWord, wordsOf } from '../../core/index.ts';
import { WINDOW_SAMPLES_MAX } from './step-codec.ts';

const FORM_STRIDE = 0;
const FORM_RUNS = 1;
const FORM_BITS = 2;

const rows = new Uint16Array(WINDOW_SAMPLES_MAX);

/** What the last `readPresence` found: rows of the samples, ascending. */
let rowCount = 0;

/** Writes which of `column`'s seconds are there; `count` of them are, at least one. */
export function writePresence(writer: ByteWriter, column: Float64Array, count: number): void {
  let [at, runs] = [0, 0];
  const words = wordsOf(column);
  for (let row = 0, wasPresent = false; row < column.length; row++) {
    const isPresent = !Number.isNaN(column[row]) || !isAbsentWord(words, row);
    if (isPresent) rows[at++] = row;
    if (isPresent !== wasPresent) runs++;
    wasPresent = isPresent;
  }
  const stride = strideOf(count);
  if (stride > 0) {
    writer.u8(FORM_STRIDE);
    for (const part of [rows[0] as number, stride, count]) writer.varint(part);
  } else if (runs <= column.length >> 4) {
    writer.u8(FORM_RUNS);
    writeRuns(writer, column.length, count);
  } else {
    writer.u8(FORM_BITS);
    writeBits(writer.zeros((column.length + 7) >> 3), count);
  }
}

/** Distance of all neighbours, 0 when they differ. */
function strideOf(count: number): number {
  const stride = count === 1 ? 1 : (rows[1] as number) - (rows[0] as number);
  for (let index = 1; index < count; index++) {
    if ((rows[index] as number) - (rows[index - 1] as number) !== stride) return 0;
  }
  return stride;
}

/** Lengths of runs in turn, absent first. */
function writeRuns(writer: ByteWriter, length: number, count: number): void {
  let next = 0;
  for (let index = 0; index < count; ) {
    const start = rows[index] as number;
    let end = start + 1;
    for (index++; index < count && rows[index] === end; index++) end++;
    writer.varint(start - next);
    writer.varint(end - start);
    next = end;
  }
  if (next < length) writer.varint(length - next);
}

function writeBits(into: Uint8Array, count: number): void {
  for (let index = 0; index < count; index++) {
    const row = rows[index] as number;
    into[row >> 3] = (into[row >> 3] as number) | (1 << (row & 7));
  }
}

/** Reads what `writePresence` wrote of a window of `length`; returns how many samples are there. Throws `LOG_CORRUPT`. */
export function readPresence(reader: ByteReader, length: number): number {
  rowCount = 0;
  const form = reader.u8();
  if (form === FORM_STRIDE) readStride(reader, length);
  else if (form === FORM_RUNS) readRuns(reader, length);
  else if (form === FORM_BITS) readBits(reader.bytes((length + 7) >> 3), length);
  if (rowCount === 0) throw new AppError('LOG_CORRUPT', `a column of a block tells its gaps in form ${form}`);
  return rowCount;
}

function readStride(reader: ByteReader, length: number): void {
  const [first, stride, count] = [reader.varint(), reader.varint(), reader.varint()];
  if (stride === 0 || first + stride * (count - 1) >= length) return;
  for (; rowCount < count; rowCount++) rows[rowCount] = first + rowCount * stride;
}

function readRuns(reader: ByteReader, length: number): void {
  for (let row = 0, isPresent = false; row < length; isPresent = !isPresent) {
    const end = Math.min(length, row + reader.varint());
    for (; row < end; row++) if (isPresent) rows[rowCount++] = row;
  }
}

function readBits(from: Uint8Array, length: number): void {
  for (let row = 0; row < length; row++) {
    if (((from[row >> 3] as number) & (1 << (row & 7))) !== 0) rows[rowCount++] = row;
  }
}

/** Moves the samples to the rows that `readPresence` found, absent marks between them. */
export function scatter(samples: Float64Array, into: Float64Array): void {
  fillAbsent(into);
  for (let index = 0; index < rowCount; index++) into[rows[index] as number] = samples[index] as number;
}
