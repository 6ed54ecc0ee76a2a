/**
 * Walks the bytes of a kernel text file without making strings.
 *
 * The files that are read each second are small tables of words and unsigned decimals. Splitting
 * them into strings costs three times the processor time of the read itself, so the probes walk
 * the bytes: a position moves forward, numbers come out, nothing is allocated. What is long and of no
 * interest (the rest of a line, the lines before a key) is passed by the searches of `Buffer`.
 *
 * One scanner is shared by all probes; what it shows is valid until the next file is loaded.
 */
const SPACE = 32;
const TAB = 9;
const NEWLINE = 10;
const ZERO = 48;
const NINE = 57;

export class ByteScanner {
  #bytes: Buffer = Buffer.alloc(0);
  #end = 0;
  offset = 0;

  load(bytes: Buffer, length: number): void {
    this.#bytes = bytes;
    this.#end = length;
    this.offset = 0;
  }

  get atEnd(): boolean {
    return this.offset >= this.#end;
  }

  /** The byte at the position, or -1 at the end. */
  peek(): number {
    return this.offset < this.#end ? (this.#bytes[this.offset] as number) : -1;
  }

  /** Skips blanks of the line and reads an unsigned decimal; NaN, without moving on, where there is none. */
  uint(): number {
    this.skipBlanks();
    const bytes = this.#bytes;
    const end = this.#end;
    const from = this.offset;
    let at = from;
    let value = 0;
    for (; at < end; at++) {
      const digit = (bytes[at] as number) - ZERO;
      if (digit < 0 || digit > NINE - ZERO) break;
      value = value * 10 + digit;
    }
    this.offset = at;
    return at === from ? Number.NaN : value;
  }

  skipBlanks(): void {
    const bytes = this.#bytes;
    const end = this.#end;
    let at = this.offset;
    for (; at < end; at++) {
      const byte = bytes[at];
      if (byte !== SPACE && byte !== TAB) break;
    }
    this.offset = at;
  }

  /** Moves past the next newline, or to the end. */
  skipLine(): void {
    const at = this.#bytes.indexOf(NEWLINE, this.offset);
    this.offset = at === -1 || at >= this.#end ? this.#end : at + 1;
  }

  /** Moves to the byte after the next `byte` of this line; false, at the line's end, where there is none. */
  skipPast(byte: number): boolean {
    const bytes = this.#bytes;
    const end = this.#end;
    for (let at = this.offset; at < end; at++) {
      const found = bytes[at];
      if (found !== NEWLINE && found !== byte) continue;
      this.offset = found === byte ? at + 1 : at;
      return found === byte;
    }
    this.offset = end;
    return false;
  }

  /** Moves past blanks and the word after them, and returns where that word began. */
  skipWord(): number {
    this.skipBlanks();
    const bytes = this.#bytes;
    const end = this.#end;
    const from = this.offset;
    let at = from;
    for (; at < end; at++) {
      const byte = bytes[at];
      if (byte === SPACE || byte === TAB || byte === NEWLINE) break;
    }
    this.offset = at;
    return from;
  }

  /** Where the first line at or behind `from` that begins with `literal` has it; -1 where there is none. */
  lineWith(literal: Uint8Array, from: number): number {
    for (let at = from; ; at++) {
      at = this.#bytes.indexOf(literal, at);
      if (at === -1 || at + literal.length > this.#end) return -1;
      if (at === 0 || this.#bytes[at - 1] === NEWLINE) return at;
    }
  }

  /** Moves past `literal` when the bytes at the position are exactly it. */
  accept(literal: Uint8Array): boolean {
    if (!this.isAt(this.offset, literal)) return false;
    this.offset += literal.length;
    return true;
  }

  isAt(from: number, literal: Uint8Array): boolean {
    const { length } = literal;
    if (from + length > this.#end) return false;
    const bytes = this.#bytes;
    for (let index = 0; index < length; index++) {
      if (bytes[from + index] !== literal[index]) return false;
    }
    return true;
  }

  /** A copy as text, for the paths that are taken seldom. Kernel names may be any bytes; UTF-8 is tried. */
  text(from: number, to: number): string {
    return Buffer.from(this.#bytes.buffer, this.#bytes.byteOffset + from, Math.max(0, to - from)).toString('utf8');
  }

  copy(from: number, to: number): Uint8Array {
    return this.#bytes.slice(from, to);
  }
}
