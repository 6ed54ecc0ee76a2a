/** A block: one endpoint's columns over one window. Each can be read without the others (`FORMAT.md`). */
import { AppError, ByteReader, ByteWriter, fillAbsent } from '../../core/index.ts';
import { decodeColumn, decodeConstant, decodeSummary, encodeColumn, type Summary } from './column-codec.ts';
import { TAIL_BYTES, WINDOW_SAMPLES_MAX } from './step-codec.ts';

const VERSION = 3;
const NOTHING = new Uint8Array(0);

const columnWriter = new ByteWriter(64 * 1024);
const blockWriter = new ByteWriter(64 * 1024);

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
  columnWriter.reset();
  blockWriter.reset();
  blockWriter.u8(VERSION);
  blockWriter.varint(seconds);
  blockWriter.varint(count);
  for (let column = 0; column < count; column++) {
    const samples = columnAt(column);
    const start = columnWriter.length;
    if (samples !== undefined) encodeColumn(columnWriter, samples);
    blockWriter.varint(columnWriter.length - start);
  }
  blockWriter.bytes(columnWriter.written());
  blockWriter.zeros(TAIL_BYTES);
  return blockWriter.written().slice();
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
  blockWriter.reset();
  blockWriter.u8(VERSION);
  blockWriter.varint(reader.seconds);
  blockWriter.varint(width);
  for (let column = 0; column < width; column++) blockWriter.varint(columns[column]?.length ?? 0);
  for (const bytes of columns) if (bytes !== undefined) blockWriter.bytes(bytes);
  blockWriter.zeros(TAIL_BYTES);
  return blockWriter.written().slice();
}

/** Reads columns of a block. Making one costs nothing: there is no state but the bytes. */
export class BlockReader {
  readonly #reader: ByteReader;
  readonly seconds: number;
  readonly columnCount: number;
  readonly #lengthsAt: number;

  /** Throws `LOG_CORRUPT` for a version that this build does not read, `FRAME_INVALID` for bytes that end early. */
  constructor(block: Uint8Array) {
    this.#reader = new ByteReader(block);
    const version = this.#reader.u8();
    if (version !== VERSION) throw new AppError('LOG_CORRUPT', `block version ${version}, this build reads ${VERSION}`);
    this.seconds = this.#reader.varint();
    this.columnCount = this.#reader.varint();
    this.#lengthsAt = this.#reader.offset;
    if (this.seconds > WINDOW_SAMPLES_MAX) throw new AppError('LOG_CORRUPT', `a block of ${this.seconds} seconds`);
  }

  /** Decodes a column into `into`, as long as the window. False, and all absent, when it has no samples. */
  read(column: number, into: Float64Array): boolean {
    if (this.#seek(column) === 0) {
      fillAbsent(into);
      return false;
    }
    decodeColumn(this.#reader, into);
    return true;
  }

  /** As `read`, but a column that is the same all the time is told as its value, and `into` is left alone. */
  readOrConstant(column: number, into: Float64Array): boolean | number {
    if (this.#seek(column) === 0) return false;
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
    return length === 0 ? NOTHING : this.#reader.bytes(length);
  }

  /** Stands at the first byte of a column; returns its length, 0 when it has no samples. */
  #seek(column: number): number {
    if (column >= this.columnCount) return 0;
    const bytes = this.#reader.whole;
    let at = this.#lengthsAt;
    let [before, length] = [0, 0];
    for (let passed = 0; passed < this.columnCount; passed++) {
      // A varint, of one or two bytes mostly: an endpoint has hundreds of columns, and a day two dozen blocks.
      let byte = bytes[at++] as number;
      let value = byte & 0x7f;
      for (let shift = 7; byte > 0x7f; shift += 7) {
        byte = bytes[at++] as number;
        value += (byte & 0x7f) * 2 ** shift;
      }
      if (at > bytes.length) throw new AppError('LOG_CORRUPT', 'a block ends within the lengths of its columns');
      if (passed < column) before += value;
      else if (passed === column) length = value;
    }
    this.#reader.offset = at + before;
    return length;
  }
}
