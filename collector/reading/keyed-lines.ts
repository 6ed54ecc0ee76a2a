/**
 * Files of lines `key value`: memory.stat, cpu.stat, meminfo. The wanted keys are found by their
 * bytes; the kernel prints lines in a fixed order, so the search for each key goes on where the
 * last one was found, and every line is compared once.
 */
import type { ByteScanner } from './byte-scanner.ts';

/** One literal a key, whoever asks: a hundred containers look for the same words. */
const literals = new Map<string, Uint8Array>();

function literalOf(text: string): Uint8Array {
  const known = literals.get(text);
  if (known !== undefined) return known;
  const made = new Uint8Array(Buffer.from(text, 'latin1'));
  literals.set(text, made);
  return made;
}

const COLON = 58;

export class KeyedLines {
  readonly #keys: readonly Uint8Array[];
  /** One value a key, in the order of the keys; NaN where the file has no such line. */
  readonly values: Float64Array;

  constructor(keys: readonly string[]) {
    this.#keys = keys.map(literalOf);
    this.values = new Float64Array(keys.length);
  }

  scan(scanner: ByteScanner): void {
    this.values.fill(Number.NaN);
    let found = 0;
    while (!scanner.atEnd && found < this.#keys.length) {
      const from = scanner.skipWord();
      const length = scanner.offset - from;
      const index = this.#indexOf(scanner, from, length);
      if (index !== -1) {
        this.values[index] = scanner.uint();
        found++;
      }
      scanner.skipLine();
    }
  }

  /** The value of key `index`; NaN where it was missing. */
  at(index: number): number {
    return this.values[index] as number;
  }

  #indexOf(scanner: ByteScanner, from: number, length: number): number {
    for (let index = 0; index < this.#keys.length; index++) {
      const key = this.#keys[index] as Uint8Array;
      if (key.length > length || length > key.length + 1) continue;
      if (!scanner.isAt(from, key)) continue;
      // The word may end with the colon of meminfo, which is no part of the key.
      if (length === key.length || scanner.isAt(from + key.length, COLON_BYTES)) return index;
    }
    return -1;
  }
}

const COLON_BYTES = new Uint8Array([COLON]);
