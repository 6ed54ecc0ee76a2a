/**
 * Files of lines `key value`: memory.stat, cpu.stat, meminfo. The kernel prints lines in a fixed
 * order, so each key is searched from where the one before was found; give keys in that order.
 */
import type { ByteScanner } from './byte-scanner.ts';

const BLANK = 32;
const TAB = 9;
const COLON = 58;

/** One literal a key, whoever asks: a hundred containers look for the same words. */
const literals = new Map<string, Uint8Array>();

function literalOf(text: string): Uint8Array {
  const known = literals.get(text);
  if (known !== undefined) return known;
  const made = new Uint8Array(Buffer.from(text, 'latin1'));
  literals.set(text, made);
  return made;
}

export class KeyedLines {
  readonly #keys: readonly Uint8Array[];
  /** One value a key, in the order of the keys; NaN where the file has no such line. */
  readonly values: Float64Array;

  constructor(keys: readonly string[]) {
    this.#keys = keys.map(literalOf);
    this.values = new Float64Array(keys.length);
  }

  scan(scanner: ByteScanner): void {
    let behind = 0;
    for (let index = 0; index < this.#keys.length; index++) {
      const key = this.#keys[index] as Uint8Array;
      const isFound = moveBehind(scanner, key, behind) || (behind > 0 && moveBehind(scanner, key, 0));
      this.values[index] = isFound ? scanner.uint() : Number.NaN;
      if (isFound) behind = scanner.offset;
    }
  }

  /** The value of key `index`; NaN where it was missing. */
  at(index: number): number {
    return this.values[index] as number;
  }
}

/** Moves behind the line's whole key, and the colon that meminfo has there. False where no line has it. */
function moveBehind(scanner: ByteScanner, key: Uint8Array, from: number): boolean {
  for (let at = scanner.lineWith(key, from); at !== -1; at = scanner.lineWith(key, at + 1)) {
    scanner.offset = at + key.length;
    const next = scanner.peek();
    if (next === COLON) scanner.offset++;
    if (next === COLON || next === BLANK || next === TAB) return true;
  }
  return false;
}
