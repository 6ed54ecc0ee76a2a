/**
 * Walks the bytes of a kernel text file without making strings.
 *
 * The files that are read each second are small tables of words and unsigned decimals. Splitting
 * them into strings costs three times the processor time of the read itself, so the probes walk
 * the bytes: a position moves forward, numbers come out, nothing is allocated.
 *
 * One scanner is shared by all probes; what it shows is valid until the next file is loaded.
 */
const SPACE = 32;
const TAB = 9;
const NEWLINE = 10;
const ZERO = 48;
const NINE = 57;

export class ByteScanner {
  #bytes: Uint8Array = new Uint8Array(0);
  #end = 0;
  offset = 0;

  load(bytes: Uint8Array, length: number): void {
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
    const from = this.offset;
    let value = 0;
    while (this.offset < this.#end) {
      const digit = (this.#bytes[this.offset] as number) - ZERO;
      if (digit < 0 || digit > NINE - ZERO) break;
      value = value * 10 + digit;
      this.offset++;
    }
    return this.offset === from ? Number.NaN : value;
  }

  skipBlanks(): void {
    while (this.offset < this.#end) {
      const byte = this.#bytes[this.offset];
      if (byte !== SPACE && byte !== TAB) return;
      this.offset++;
    }
  }

  /** Moves past the next newline, or to the end. */
  skipLine(): void {
    while (this.offset < this.#end && this.#bytes[this.offset++] !== NEWLINE);
  }

  /** Moves to the byte after the next `byte` of this line; false, at the line's end, where there is none. */
  skipPast(byte: number): boolean {
    while (this.offset < this.#end) {
      const at = this.#bytes[this.offset];
      if (at === NEWLINE) return false;
      this.offset++;
      if (at === byte) return true;
    }
    return false;
  }

  /** Moves past blanks and the word after them, and returns where that word began. */
  skipWord(): number {
    this.skipBlanks();
    const from = this.offset;
    while (this.offset < this.#end) {
      const byte = this.#bytes[this.offset];
      if (byte === SPACE || byte === TAB || byte === NEWLINE) break;
      this.offset++;
    }
    return from;
  }

  /** Moves past `literal` when the bytes at the position are exactly it. */
  accept(literal: Uint8Array): boolean {
    if (!this.isAt(this.offset, literal)) return false;
    this.offset += literal.length;
    return true;
  }

  isAt(from: number, literal: Uint8Array): boolean {
    if (from + literal.length > this.#end) return false;
    for (let index = 0; index < literal.length; index++) {
      if (this.#bytes[from + index] !== literal[index]) return false;
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
