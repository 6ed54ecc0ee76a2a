import { AppError } from '../../../core/index.ts';

const WIRE_VARINT = 0;
const WIRE_FIXED64 = 1;
const WIRE_BYTES = 2;
const WIRE_FIXED32 = 5;

/** Tags of fields, as they are read. */
export const wire = {
  varint: (field: number): number => field * 8 + WIRE_VARINT,
  fixed64: (field: number): number => field * 8 + WIRE_FIXED64,
  bytes: (field: number): number => field * 8 + WIRE_BYTES,
} as const;

/**
 * Reads protobuf messages (https://protobuf.dev/programming-guides/encoding/) without making anything of what is passed
 * over. Throws `BAD_REQUEST` where the bytes lie about their length.
 */
export class ProtoReader {
  at: number;
  readonly #bytes: Buffer;
  readonly #view: DataView;
  readonly #end: number;

  constructor(
    bytes: Buffer,
    from = 0,
    to = bytes.length,
    view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length),
  ) {
    this.#bytes = bytes;
    this.#view = view;
    this.at = from;
    this.#end = to;
  }

  get more(): boolean {
    return this.at < this.#end;
  }

  /** An integer up to 2^53; negative ones of 64 bits come out far beyond it. */
  varint(): number {
    let [value, scale] = [0, 1];
    for (let length = 1; length <= 10; length++) {
      const byte = this.#bytes[this.at++];
      if (byte === undefined || this.at > this.#end) break;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
    throw cut();
  }

  /** The two halves of the double that comes next. */
  words(): { low: number; high: number } {
    this.#need(8);
    return { low: this.#view.getUint32(this.at, true), high: this.#view.getUint32(this.at + 4, true) };
  }

  double(): number {
    this.#need(8);
    const value = this.#view.getFloat64(this.at, true);
    this.at += 8;
    return value;
  }

  /** The message that comes next, which is passed over. */
  nested(): ProtoReader {
    const length = this.varint();
    this.#need(length);
    const reader = new ProtoReader(this.#bytes, this.at, this.at + length, this.#view);
    this.at += length;
    return reader;
  }

  text(): string {
    const length = this.varint();
    this.#need(length);
    const text = this.#bytes.toString('utf8', this.at, this.at + length);
    this.at += length;
    return text;
  }

  /** A part of the same bytes, to be read again. */
  part(from: number, to: number): ProtoReader {
    return new ProtoReader(this.#bytes, from, to, this.#view);
  }

  /** Bytes as a key: a character each. */
  latin1(from: number, to: number): string {
    return this.#bytes.toString('latin1', from, to);
  }

  /** Passes over a field whose tag was read. */
  skip(tag: number): void {
    const kind = tag % 8;
    if (kind === WIRE_VARINT) this.varint();
    else if (kind === WIRE_FIXED64) this.#pass(8);
    else if (kind === WIRE_FIXED32) this.#pass(4);
    else if (kind === WIRE_BYTES) this.#pass(this.varint());
    else throw cut();
  }

  #pass(length: number): void {
    this.#need(length);
    this.at += length;
  }

  #need(length: number): void {
    if (this.at + length > this.#end) throw cut();
  }
}

function cut(): AppError {
  return new AppError('BAD_REQUEST', 'the message is cut short, or is no protobuf', {
    hint: 'send prometheus.WriteRequest (remote write 1.0)',
  });
}
