/** A block: one endpoint's columns over one window. Each can be read without the others (`FORMAT.md`). */
import { AppError, ByteReader, ByteWriter, fillAbsent } from '../../core/index.ts';
import { decodeColumn, decodeConstant, decodeSummary, encodeColumn, type Summary } from './column-codec.ts';
import { TAIL_BYTES, WINDOW_SAMPLES_MAX } from './step-codec.ts';

const VERSION = 3;
const NOTHING = new Uint8Array(0);

const columnWriter = new ByteWriter(64 * 1024);
const blockWriter = new ByteWriter(64 * 1024);

/** Where each column ends, behind the offsets themselves: two bytes each where that is enough. */
const NARROW = 2;
const WIDE = 4;
const NARROW_MAX = 0xffff;

/**
 * Seals `count` columns of a window. `columnAt(i)` gives `seconds` samples, absent ones marked, or
 * undefined for a column without samples; it may use the same memory each time. Returns a block of
 * its own memory.
 */
export function encodeBlock(
  count: number,
  seconds: number,
  columnAt: (column: number) => Float64Array | undefined,
): Uint8Array {
  return assemble(count, seconds, (column) => {
    const samples = columnAt(column);
    if (samples !== undefined) encodeColumn(columnWriter, samples);
  });
}

/**
 * The same block with its columns in other places: column `i` goes to `places[i]` of `width`. Throws
 * as reading it would.
 */
export function permuteBlock(block: Uint8Array, places: readonly number[], width: number): Uint8Array {
  const reader = new BlockReader(block);
  const columns: (Uint8Array | undefined)[] = new Array(width);
  places.forEach((place, column) => {
    columns[place] = reader.bytesOf(column);
  });
  return assemble(width, reader.seconds, (column) => columnWriter.bytes(columns[column] ?? NOTHING));
}

/** Makes a block of columns that `write` appends to the column writer, one by one. */
function assemble(count: number, seconds: number, write: (column: number) => void): Uint8Array {
  columnWriter.reset();
  const ends = new Uint32Array(count);
  for (let column = 0; column < count; column++) {
    write(column);
    ends[column] = columnWriter.length;
  }
  const isNarrow = columnWriter.length <= NARROW_MAX;
  blockWriter.reset();
  blockWriter.u8(VERSION);
  blockWriter.u8(isNarrow ? NARROW : WIDE);
  blockWriter.varint(seconds);
  blockWriter.varint(count);
  for (const end of ends) {
    if (!isNarrow) {
      blockWriter.u32(end);
      continue;
    }
    blockWriter.u8(end & 0xff);
    blockWriter.u8(end >> 8);
  }
  blockWriter.bytes(columnWriter.written());
  blockWriter.zeros(TAIL_BYTES);
  return blockWriter.written().slice();
}

/** Reads columns of a block. Making one costs nothing: there is no state but the bytes. */
export class BlockReader {
  readonly #reader: ByteReader;
  readonly seconds: number;
  readonly columnCount: number;
  readonly #endsAt: number;
  readonly #width: number;

  /** Throws `LOG_CORRUPT` for a version that this build does not read, `FRAME_INVALID` for bytes that end early. */
  constructor(block: Uint8Array) {
    this.#reader = new ByteReader(block);
    const version = this.#reader.u8();
    if (version !== VERSION) throw new AppError('LOG_CORRUPT', `block version ${version}, this build reads ${VERSION}`);
    this.#width = this.#reader.u8();
    this.seconds = this.#reader.varint();
    this.columnCount = this.#reader.varint();
    this.#endsAt = this.#reader.offset;
    const isWhole = this.#columnsAt + TAIL_BYTES <= block.length;
    if (!isWhole || (this.#width !== NARROW && this.#width !== WIDE))
      throw new AppError('LOG_CORRUPT', `a block of ${this.columnCount} columns in ${block.length} bytes`);
    if (this.seconds > WINDOW_SAMPLES_MAX) throw new AppError('LOG_CORRUPT', `a block of ${this.seconds} seconds`);
  }

  /** Decodes a column into `into`, as long as the window. False, and all absent, when it has no samples. */
  read(column: number, into: Float64Array): boolean {
    if (this.#seek(column) <= 0) {
      fillAbsent(into);
      return false;
    }
    decodeColumn(this.#reader, into);
    return true;
  }

  /** As `read`, but a column that is the same all the time is told as its value, and `into` is left alone. */
  readOrConstant(column: number, into: Float64Array): boolean | number {
    if (this.#seek(column) <= 0) return false;
    const constant = decodeConstant(this.#reader);
    if (constant === null) decodeColumn(this.#reader, into);
    return constant ?? true;
  }

  /** What a chart needs of the whole window; null when the column has no numbers. */
  summary(column: number): Summary | null {
    return this.#seek(column) > 0 ? decodeSummary(this.#reader, this.seconds) : null;
  }

  /** A column as it is encoded; empty when it has no samples. */
  bytesOf(column: number): Uint8Array {
    const length = this.#seek(column);
    return length <= 0 ? NOTHING : this.#reader.bytes(length);
  }

  get #columnsAt(): number {
    return this.#endsAt + this.columnCount * this.#width;
  }

  /** Stands at the first byte of a column; returns its length, 0 when it has no samples. */
  #seek(column: number): number {
    if (column >= this.columnCount) return 0;
    const start = column === 0 ? 0 : this.#endOf(column - 1);
    this.#reader.offset = this.#columnsAt + start;
    return this.#endOf(column) - start;
  }

  #endOf(column: number): number {
    const bytes = this.#reader.whole;
    const at = this.#endsAt + column * this.#width;
    const low = (bytes[at] as number) | ((bytes[at + 1] as number) << 8);
    if (this.#width === NARROW) return low;
    return low + (((bytes[at + 2] as number) | ((bytes[at + 3] as number) << 8)) >>> 0) * 0x10000;
  }
}
