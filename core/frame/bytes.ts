import { AppError } from '../errors.ts';

const TWO_32 = 2 ** 32;

/** A varint is no longer. */
export const VARINT_BYTES_MAX = 8;

/** Writes a varint where there is room for it; returns the place behind it. */
export function putVarint(bytes: Uint8Array, from: number, value: number): number {
  let at = from;
  let rest = value;
  while (rest >= TWO_32) {
    bytes[at++] = (rest % 128) | 0x80;
    rest = Math.floor(rest / 128);
  }
  while (rest >= 128) {
    bytes[at++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  bytes[at++] = rest;
  return at;
}

/** Grows as needed and hands out a view of what was written; the view is valid until `reset`. */
export class ByteWriter {
  #bytes: Uint8Array;
  #view: DataView;
  length = 0;

  constructor(capacity = 4096) {
    this.#bytes = new Uint8Array(capacity);
    this.#view = new DataView(this.#bytes.buffer);
  }

  reset(): void {
    this.length = 0;
  }

  written(): Uint8Array {
    return this.#bytes.subarray(0, this.length);
  }

  u8(value: number): void {
    this.#reserve(1);
    this.#bytes[this.length++] = value;
  }

  u32(value: number): void {
    this.#reserve(4);
    this.#view.setUint32(this.length, value, true);
    this.length += 4;
  }

  f64(value: number): void {
    this.#reserve(8);
    this.#view.setFloat64(this.length, value, true);
    this.length += 8;
  }

  /** LEB128 of an integer in 0 … 2^53 − 1: seven bits a byte, least significant first. */
  varint(value: number): void {
    this.#reserve(VARINT_BYTES_MAX);
    this.length = putVarint(this.#bytes, this.length, value);
  }

  bytes(source: Uint8Array): void {
    this.#reserve(source.length);
    this.#bytes.set(source, this.length);
    this.length += source.length;
  }

  /** Appends `count` zero bytes and returns a view of them, valid until the next write. */
  zeros(count: number): Uint8Array {
    this.#reserve(count);
    const view = this.#bytes.subarray(this.length, this.length + count).fill(0);
    this.length += count;
    return view;
  }

  /**
   * Makes room for `count` bytes and returns all memory, for loops that write from `length` on
   * themselves and set `length` when they are done.
   */
  room(count: number): Uint8Array {
    this.#reserve(count);
    return this.#bytes;
  }

  /** Overwrites four bytes that were written before. */
  patchU32(offset: number, value: number): void {
    this.#view.setUint32(offset, value, true);
  }

  /** Overwrites a byte that was written before. */
  patchU8(offset: number, value: number): void {
    this.#bytes[offset] = value;
  }

  #reserve(count: number): void {
    if (this.length + count <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.length + count));
    larger.set(this.#bytes.subarray(0, this.length));
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer);
  }
}

/** Reads what `ByteWriter` wrote. Throws `FRAME_INVALID` instead of reading past the end. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  /** Made when it is asked for: that takes longer than reading a few bytes. */
  #view: DataView | null = null;
  offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** All of the bytes, read or not. */
  get whole(): Uint8Array {
    return this.#bytes;
  }

  get view(): DataView {
    this.#view ??= new DataView(this.#bytes.buffer, this.#bytes.byteOffset, this.#bytes.byteLength);
    return this.#view;
  }

  get remaining(): number {
    return this.#bytes.length - this.offset;
  }

  u8(): number {
    this.#need(1);
    return this.#bytes[this.offset++] as number;
  }

  u32(): number {
    this.#need(4);
    this.offset += 4;
    return this.view.getUint32(this.offset - 4, true);
  }

  f64(): number {
    this.#need(8);
    this.offset += 8;
    return this.view.getFloat64(this.offset - 8, true);
  }

  varint(): number {
    let value = 0;
    let scale = 1;
    for (let count = 0; count < 8; count++) {
      const byte = this.u8();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (value > Number.MAX_SAFE_INTEGER) break;
        return value;
      }
      scale *= 128;
    }
    throw new AppError('FRAME_INVALID', 'a varint is longer than 2^53', { where: `byte ${this.offset}` });
  }

  /** A view, not a copy. */
  bytes(count: number): Uint8Array {
    this.#need(count);
    this.offset += count;
    return this.#bytes.subarray(this.offset - count, this.offset);
  }

  #need(count: number): void {
    if (count > this.remaining) {
      throw new AppError('FRAME_INVALID', `${count} bytes expected, ${this.remaining} left`, {
        where: `byte ${this.offset}`,
      });
    }
  }
}
