import { AppError } from '../../../core/index.ts';

const [QUOTE, BACKSLASH, OPEN_BRACE, CLOSE_BRACE, OPEN_BRACKET, CLOSE_BRACKET] = [0x22, 0x5c, 0x7b, 0x7d, 0x5b, 0x5d];
const SPACES: ReadonlySet<number> = new Set([0x20, 0x09, 0x0a, 0x0d]);

/** Cuts a stream of bytes into the JSON objects that follow one another in it, with or without space between them. */
export class JsonStream {
  readonly #bytesMax: number;
  /** The beginning of an object whose end has not come yet. */
  #begun: Buffer[] = [];
  #bytes = 0;
  #depth = 0;
  #inText = false;
  #isEscaped = false;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** The objects that are whole now. Throws `BAD_REQUEST` for what is no object, `PAYLOAD_TOO_LARGE` for too large a one. */
  push(bytes: Buffer): string[] {
    const objects: string[] = [];
    let start = 0;
    for (const [at, byte] of bytes.entries()) {
      if (this.#depth === 0 && SPACES.has(byte)) start = at + 1;
      else if (this.#closes(byte)) {
        objects.push(Buffer.concat([...this.#begun, bytes.subarray(start, at + 1)]).toString('utf8'));
        [this.#begun, this.#bytes, start] = [[], 0, at + 1];
      }
    }
    if (start === bytes.length) return objects;
    this.#begun.push(bytes.subarray(start));
    this.#bytes += bytes.length - start;
    if (this.#bytes > this.#bytesMax)
      throw new AppError('PAYLOAD_TOO_LARGE', `a call has more than ${this.#bytesMax} bytes`);
    return objects;
  }

  /** Takes the next byte; true when an object ends with it. */
  #closes(byte: number): boolean {
    if (this.#inText) {
      if (this.#isEscaped) this.#isEscaped = false;
      else if (byte === BACKSLASH) this.#isEscaped = true;
      else if (byte === QUOTE) this.#inText = false;
      return false;
    }
    if (this.#depth === 0 && byte !== OPEN_BRACE)
      throw new AppError('BAD_REQUEST', 'the stream has something that is no JSON object');
    if (byte === QUOTE) this.#inText = true;
    else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) this.#depth++;
    else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) return --this.#depth === 0;
    return false;
  }
}
