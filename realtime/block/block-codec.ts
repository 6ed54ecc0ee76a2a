/**
 * A block: one endpoint's columns over one window, deflated as a whole where that pays
 * (`FORMAT.md`). Open it once; then columns are found and summarised without touching the others.
 */
import { constants, deflateRawSync, inflateRawSync } from 'node:zlib';
import { AppError, ByteReader, ByteWriter, fillAbsent } from '../../core/index.ts';
import {
  decodeColumn,
  decodeSummary,
  encodeColumn,
  type StreamReaders,
  type StreamWriters,
  type Summary,
  skipColumn,
  WINDOW_SAMPLES_MAX,
} from './column-codec.ts';

const VERSION = 2;
const IS_DEFLATED = 1;
const HEADER_BYTES = 4;

/** Level 1 takes a third of the time of level 6 and leaves 2 % more bytes (`npm run bench -- ring`). */
const DEFLATE_OPTIONS = { level: 1, memLevel: 9, strategy: constants.Z_DEFAULT_STRATEGY } as const;

/** No block is larger inflated: 65,536 columns of doubles would be, and are refused at the door. */
const INFLATED_BYTES_MAX = 64 * 1024 * 1024;

const streamNames = ['heads', 'bits', 'steps'] as const;
const writers: StreamWriters = { heads: new ByteWriter(), bits: new ByteWriter(), steps: new ByteWriter() };
const bodyWriter = new ByteWriter(64 * 1024);

/**
 * Seals columns of one window. `columns[i]` holds `seconds` samples, absent ones marked; undefined
 * stands for a column without samples. Returns a block of its own memory.
 */
export function encodeBlock(columns: readonly (Float64Array | undefined)[], seconds: number): Uint8Array {
  for (const name of streamNames) writers[name].reset();
  for (const column of columns) encodeColumn(writers, column);
  bodyWriter.reset();
  bodyWriter.varint(columns.length);
  bodyWriter.varint(writers.heads.length);
  bodyWriter.varint(writers.bits.length);
  for (const name of streamNames) bodyWriter.bytes(writers[name].written());
  return wrap(bodyWriter.written(), seconds);
}

function wrap(body: Uint8Array, seconds: number): Uint8Array {
  const deflated = deflateRawSync(body, DEFLATE_OPTIONS);
  const pays = deflated.length < body.length;
  const content = pays ? deflated : body;
  const block = new Uint8Array(HEADER_BYTES + content.length);
  block[0] = VERSION;
  block[1] = pays ? IS_DEFLATED : 0;
  block[2] = seconds & 0xff;
  block[3] = seconds >> 8;
  block.set(content, HEADER_BYTES);
  return block;
}

/** An opened block. Holds the inflated bytes: worth keeping while somebody looks at it. */
export class OpenBlock {
  readonly seconds: number;
  /** Size of the inflated body. */
  readonly bytes: number;
  readonly #readers: StreamReaders;
  readonly #columnCount: number;
  /** Where column `i` begins: head, bits, steps at 3i …; a head at 0 is a column without samples. */
  readonly #offsets: Uint32Array;

  /** Throws `LOG_CORRUPT` for a version that this build does not read, `FRAME_INVALID` for bytes that end early. */
  constructor(block: Uint8Array) {
    if (block[0] !== VERSION)
      throw new AppError('LOG_CORRUPT', `block version ${block[0]}, this build reads ${VERSION}`);
    this.seconds = (block[2] as number) | ((block[3] as number) << 8);
    if (this.seconds > WINDOW_SAMPLES_MAX) throw new AppError('LOG_CORRUPT', `a block of ${this.seconds} seconds`);
    const content = block.subarray(HEADER_BYTES);
    const body = block[1] === IS_DEFLATED ? inflateRawSync(content, { maxOutputLength: INFLATED_BYTES_MAX }) : content;
    this.bytes = body.length;
    const lengths = new ByteReader(body);
    this.#columnCount = lengths.varint();
    const [headsLength, bitsLength] = [lengths.varint(), lengths.varint()];
    this.#readers = { heads: new ByteReader(body), bits: new ByteReader(body), steps: new ByteReader(body) };
    this.#readers.heads.offset = lengths.offset;
    this.#readers.bits.offset = lengths.offset + headsLength;
    this.#readers.steps.offset = lengths.offset + headsLength + bitsLength;
    this.#offsets = this.#findColumns(headsLength);
  }

  #findColumns(headsLength: number): Uint32Array {
    // Every column has a head of a byte at least: a count that lies is found before memory is taken for it.
    if (this.#columnCount > headsLength)
      throw new AppError('FRAME_INVALID', `${this.#columnCount} columns in ${headsLength} bytes`);
    const { heads, bits, steps } = this.#readers;
    const offsets = new Uint32Array(this.#columnCount * 3);
    for (let column = 0; column < this.#columnCount; column++) {
      const start = heads.offset;
      offsets[3 * column + 1] = bits.offset;
      offsets[3 * column + 2] = steps.offset;
      if (skipColumn(this.#readers, this.seconds)) offsets[3 * column] = start;
    }
    return offsets;
  }

  /** What a chart needs of the whole window; null when the column has no numbers. */
  summary(column: number): Summary | null {
    return this.#seek(column) ? decodeSummary(this.#readers, this.seconds) : null;
  }

  /** Decodes a column into `into`, as long as the window. False, and all absent, when it has no samples. */
  read(column: number, into: Float64Array): boolean {
    if (!this.#seek(column)) {
      fillAbsent(into);
      return false;
    }
    decodeColumn(this.#readers, into);
    return true;
  }

  #seek(column: number): boolean {
    if (column >= this.#columnCount || this.#offsets[3 * column] === 0) return false;
    const { heads, bits, steps } = this.#readers;
    heads.offset = this.#offsets[3 * column] as number;
    bits.offset = this.#offsets[3 * column + 1] as number;
    steps.offset = this.#offsets[3 * column + 2] as number;
    return true;
  }
}
