/**
 * The body of a frame message: a change mask and deltas against a base (`FORMAT.md`).
 *
 * On a connection the base is the frame before it on that connection, so that only what changed
 * travels: one sample in five, in few bytes. On disk there is no base, and each record stands for
 * itself. Both ends must agree on the base; the body names it, so a disagreement is an error and
 * not a wrong value.
 */

import { AppError } from '../errors.ts';
import { canonical, fillAbsent, isAbsentWord, wordsOf } from '../series/absent.ts';
import type { Second, TimestampMs } from '../time/time.ts';
import { ByteReader, type ByteWriter, putVarint, VARINT_BYTES_MAX } from './bytes.ts';
import type { Dictionary } from './dictionary.ts';
import type { Frame } from './frame.ts';
import { SERIES_PER_COLLECTOR_MAX } from './messages/limits.ts';

const TOKEN_ABSENT = 0;
const TOKEN_RAW = 1;
const TOKEN_DELTA = 2;

/** Scaled integers beyond this travel raw, so that a zigzagged delta still fits 2^53. */
const SCALED_MAX = 2 ** 50;

/** A token, and a double behind it. */
const VALUE_BYTES_MAX = VARINT_BYTES_MAX + 8;

/** Writes `frame` as a difference from `base`, or as it stands where there is no base. */
export function encodeFrame(writer: ByteWriter, frame: Frame, dictionary: Dictionary, base: Frame | null): void {
  const name = Buffer.from(frame.collector, 'utf8');
  writer.varint(name.length);
  writer.bytes(name);
  writer.f64(frame.bootEpoch);
  writer.varint(frame.seq);
  writer.varint(frame.second);
  writer.f64(frame.sentAtMs);
  writer.varint(frame.generation);
  writer.varint(base === null ? 0 : base.seq);
  writer.varint(frame.values.length);
  if (base === null) encodeWhole(writer, frame.values, dictionary);
  else encodeChanges(writer, frame.values, dictionary, base.values);
}

function encodeChanges(writer: ByteWriter, values: Float64Array, dictionary: Dictionary, base: Float64Array): void {
  const mask = new Uint8Array(Math.ceil(values.length / 8));
  writer.bytes(mask);
  const maskAt = writer.length - mask.length;
  const words = wordsOf(values);
  const baseWords = wordsOf(base);
  const { powers } = dictionary;
  for (let index = 0; index < values.length; index++) {
    const known = index < base.length;
    const same = known
      ? words[2 * index] === baseWords[2 * index] && words[2 * index + 1] === baseWords[2 * index + 1]
      : isAbsentWord(words, index);
    if (same) continue;
    mask[index >> 3] = (mask[index >> 3] as number) | (1 << (index & 7));
    const power = powers[index] as number;
    if (isAbsentWord(words, index)) writer.varint(TOKEN_ABSENT);
    else encodeValue(writer, values[index] as number, power, known ? (scaledOf(base[index] as number, power) ?? 0) : 0);
  }
  writer.written().set(mask, maskAt);
}

/** Every sample as it stands. Each frame goes to the log in this form, so the loop writes bytes itself. */
function encodeWhole(writer: ByteWriter, values: Float64Array, dictionary: Dictionary): void {
  const maskAt = writer.length;
  const maskBytes = Math.ceil(values.length / 8);
  const bytes = writer.room(maskBytes + values.length * VALUE_BYTES_MAX);
  bytes.fill(0, maskAt, maskAt + maskBytes);
  const words = wordsOf(values);
  const { powers } = dictionary;
  let at = maskAt + maskBytes;
  for (let index = 0; index < values.length; index++) {
    if (isAbsentWord(words, index)) continue;
    const value = values[index] as number;
    bytes[maskAt + (index >> 3)] = (bytes[maskAt + (index >> 3)] as number) | (1 << (index & 7));
    const scaled = scaledOf(value, powers[index] as number);
    if (scaled !== null) {
      at = putVarint(bytes, at, TOKEN_DELTA + (scaled >= 0 ? scaled * 2 : -scaled * 2 - 1));
      continue;
    }
    writer.length = putVarint(bytes, at, TOKEN_RAW);
    writer.f64(value);
    at = writer.length;
  }
  writer.length = at;
}

function encodeValue(writer: ByteWriter, value: number, power: number, from: number): void {
  const scaled = scaledOf(value, power);
  if (scaled !== null) {
    const delta = scaled - from;
    writer.varint(TOKEN_DELTA + (delta >= 0 ? delta * 2 : -delta * 2 - 1));
    return;
  }
  writer.varint(TOKEN_RAW);
  writer.f64(value);
}

/** The integer that gives a value back bit for bit when divided by `power`, or null; none does where it is 0. */
function scaledOf(value: number, power: number): number | null {
  const scaled = Math.round(value * power);
  // -0 is another double than 0, and so travels raw.
  if (scaled === 0) return power !== 0 && Object.is(value, 0) ? 0 : null;
  return scaled / power === value && Math.abs(scaled) <= SCALED_MAX ? scaled : null;
}

export type FrameHeader = Omit<Frame, 'values'> & { readonly baseSeq: number; readonly seriesCount: number };

function decodeFrameHeader(reader: ByteReader): FrameHeader {
  const collector = Buffer.from(reader.bytes(Math.min(reader.varint(), 256))).toString('utf8');
  const bootEpoch = reader.f64();
  const seq = reader.varint();
  const second = reader.varint() as Second;
  const sentAtMs = reader.f64() as TimestampMs;
  const generation = reader.varint();
  const baseSeq = reader.varint();
  const seriesCount = reader.varint();
  if (
    seriesCount > SERIES_PER_COLLECTOR_MAX ||
    second > 2 ** 40 ||
    !Number.isFinite(bootEpoch) ||
    !Number.isFinite(sentAtMs)
  ) {
    throw new AppError('FRAME_INVALID', 'a frame header is out of bounds', { where: 'frame header' });
  }
  return { collector, bootEpoch, seq, second, sentAtMs, generation, baseSeq, seriesCount };
}

/**
 * Decodes one frame. `dictionaryOf` finds the dictionary of a generation; `base` is the frame
 * before on the same connection. Throws `FRAME_INVALID` on anything that `encodeFrame` does not
 * write, and never reads outside `body`.
 */
export function decodeFrame(
  body: Uint8Array,
  dictionaryOf: (header: FrameHeader) => Dictionary | undefined,
  base: Frame | null,
): Frame {
  const reader = new ByteReader(body);
  const { baseSeq, seriesCount, ...header } = decodeFrameHeader(reader);
  const dictionary = dictionaryOf({ baseSeq, seriesCount, ...header });
  if (!dictionary || seriesCount > dictionary.series.length) {
    throw new AppError('FRAME_INVALID', 'a frame has columns that no dictionary describes', {
      where: `generation ${header.generation}, ${seriesCount} series`,
      hint: 'send the dictionary before the frame',
    });
  }
  if (baseSeq !== 0 && base?.seq !== baseSeq) {
    throw new AppError('FRAME_INVALID', `a frame builds on frame ${baseSeq}, which did not come before it`);
  }
  const from = baseSeq === 0 || base === null ? null : base.values;
  const values = startingFrom(from, seriesCount);
  decodeColumns(reader, values, dictionary, from);
  if (reader.remaining !== 0) throw new AppError('FRAME_INVALID', `${reader.remaining} bytes after the end of a frame`);
  return { ...header, values };
}

function startingFrom(base: Float64Array | null, seriesCount: number): Float64Array {
  const values = new Float64Array(seriesCount);
  const kept = base === null ? 0 : Math.min(base.length, seriesCount);
  if (base !== null) values.set(base.subarray(0, kept));
  fillAbsent(values, kept);
  return values;
}

function decodeColumns(
  reader: ByteReader,
  values: Float64Array,
  dictionary: Dictionary,
  base: Float64Array | null,
): void {
  const mask = reader.bytes(Math.ceil(values.length / 8));
  const { powers } = dictionary;
  for (let index = 0; index < values.length; index++) {
    const bits = mask[index >> 3] as number;
    if (bits === 0) {
      index |= 7;
      continue;
    }
    if ((bits & (1 << (index & 7))) === 0) continue;
    const token = reader.varint();
    if (token === TOKEN_ABSENT) {
      fillAbsent(values, index, index + 1);
    } else if (token === TOKEN_RAW) {
      values[index] = canonical(reader.f64());
    } else {
      const power = powers[index] as number;
      // Deltas count from 0 after an absent or a raw value.
      const from = base !== null && index < base.length ? (scaledOf(base[index] as number, power) ?? 0) : 0;
      values[index] = decodeScaled(token - TOKEN_DELTA, power, from);
    }
  }
}

function decodeScaled(zigzag: number, power: number, from: number): number {
  if (power === 0) throw new AppError('FRAME_INVALID', 'a raw series has a scaled value');
  const delta = zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2;
  return (from + delta) / power;
}
