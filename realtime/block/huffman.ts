/**
 * Canonical Huffman codes over a small alphabet, length-limited, least significant bit first as in
 * RFC 1951. A column has a code of its own: its table is a dozen nibbles.
 */
import { AppError } from '../../core/index.ts';

/** Symbols of the largest alphabet (`step-codec.ts`). */
export const SYMBOLS_MAX = 128;

/** No code is longer: a decoding table stays within 1,024 entries and is filled in a microsecond. */
export const CODE_BITS_MAX = 10;

/** What a nibble of a table says beside a code length of 1 to 10. */
const NIBBLE_SKIP_ONE = 0;
const NIBBLE_SKIP_FEW = 11;
const NIBBLE_SKIP_MANY = 12;
const NIBBLE_END = 15;
const SKIP_FEW_FROM = 2;
const SKIP_MANY_FROM = 18;

const used = new Uint8Array(SYMBOLS_MAX);
const weights = new Float64Array(2 * SYMBOLS_MAX);
const parents = new Uint8Array(2 * SYMBOLS_MAX);
const depths = new Uint8Array(2 * SYMBOLS_MAX);
const lengthCounts = new Uint16Array(CODE_BITS_MAX + 2);
const nextCodes = new Uint16Array(CODE_BITS_MAX + 2);

/**
 * Code lengths for symbols that occur `counts[symbol]` times, into `lengths`; 0 for symbols that do
 * not occur. Two queues over the sorted symbols; codes that come out too long are shortened, and
 * others lengthened until the code is complete again.
 */
export function codeLengths(counts: Uint32Array, lengths: Uint8Array): void {
  lengths.fill(0);
  const size = sortUsed(counts);
  if (size <= 1) {
    if (size === 1) lengths[used[0] as number] = 1;
    return;
  }
  buildTree(size);
  for (let leaf = 0; leaf < size; leaf++) depths[leaf] = Math.min(depths[leaf] as number, CODE_BITS_MAX);
  repair(size);
  for (let leaf = 0; leaf < size; leaf++) lengths[used[leaf] as number] = depths[leaf] as number;
}

/** Symbols that occur, rarest first, with their weights; returns how many. */
function sortUsed(counts: Uint32Array): number {
  let size = 0;
  for (let symbol = 0; symbol < counts.length; symbol++) {
    const weight = counts[symbol] as number;
    if (weight === 0) continue;
    let at = size++;
    for (; at > 0 && (weights[at - 1] as number) > weight; at--) {
      weights[at] = weights[at - 1] as number;
      used[at] = used[at - 1] as number;
    }
    weights[at] = weight;
    used[at] = symbol;
  }
  return size;
}

/** Nodes 0 … size − 1 are the leaves, the rest are made in ascending weight: two queues need no heap. */
function buildTree(size: number): void {
  let [leaf, inner] = [0, size];
  const root = 2 * size - 2;
  for (let node = size; node <= root; node++) {
    let weight = 0;
    for (let child = 0; child < 2; child++) {
      const takesLeaf = leaf < size && (inner >= node || (weights[leaf] as number) <= (weights[inner] as number));
      const taken = takesLeaf ? leaf++ : inner++;
      parents[taken] = node;
      weight += weights[taken] as number;
    }
    weights[node] = weight;
  }
  depths[root] = 0;
  for (let node = root - 1; node >= 0; node--) depths[node] = (depths[parents[node] as number] as number) + 1;
}

/** Cut-off codes take more room than there is: lengthen the longest of the others, then give back what is left. */
function repair(size: number): void {
  const whole = 1 << CODE_BITS_MAX;
  let taken = 0;
  for (let leaf = 0; leaf < size; leaf++) taken += whole >> (depths[leaf] as number);
  for (let leaf = 0; taken > whole; leaf = leaf === size - 1 ? 0 : leaf + 1) {
    if (depths[leaf] === CODE_BITS_MAX) continue;
    taken -= whole >> ((depths[leaf] as number) + 1);
    depths[leaf] = (depths[leaf] as number) + 1;
  }
  for (let leaf = size - 1; leaf >= 0; leaf--) {
    while ((depths[leaf] as number) > 1 && taken + (whole >> (depths[leaf] as number)) <= whole) {
      taken += whole >> (depths[leaf] as number);
      depths[leaf] = (depths[leaf] as number) - 1;
    }
  }
}

/** The codes of `lengths`, bit-reversed so that the first bit is the lowest, into `codes`. */
export function assignCodes(lengths: Uint8Array, codes: Uint16Array): void {
  countLengths(lengths);
  firstCodes();
  for (let symbol = 0; symbol < lengths.length; symbol++) {
    const length = lengths[symbol] as number;
    if (length === 0) continue;
    const code = nextCodes[length] as number;
    nextCodes[length] = code + 1;
    codes[symbol] = reversed(code, length);
  }
}

function countLengths(lengths: Uint8Array): void {
  lengthCounts.fill(0);
  for (let symbol = 0; symbol < lengths.length; symbol++) {
    const length = lengths[symbol] as number;
    if (length > 0) lengthCounts[length] = (lengthCounts[length] as number) + 1;
  }
}

/** Turns `lengthCounts` into the first code of each length; returns the longest length. */
function firstCodes(): number {
  let [code, longest] = [0, 0];
  for (let length = 1; length <= CODE_BITS_MAX; length++) {
    code = (code + (lengthCounts[length - 1] as number)) << 1;
    nextCodes[length] = code;
    if (lengthCounts[length] !== 0) longest = length;
  }
  return longest;
}

function reversed(code: number, length: number): number {
  let bits = 0;
  for (let bit = 0; bit < length; bit++) bits |= ((code >> bit) & 1) << (length - 1 - bit);
  return bits;
}

/** Writes `lengths` as nibbles, low half first, from byte `at` on; returns the byte after them. */
export function writeLengths(lengths: Uint8Array, into: Uint8Array, at: number): number {
  let nibbles = 0;
  const put = (nibble: number): void => {
    const byte = at + (nibbles >> 1);
    into[byte] = (nibbles & 1) === 0 ? nibble : (into[byte] as number) | (nibble << 4);
    nibbles++;
  };
  let unused = 0;
  for (let symbol = 0; symbol < lengths.length; symbol++) {
    const length = lengths[symbol] as number;
    if (length === 0) {
      unused++;
      continue;
    }
    writeSkip(unused, put);
    unused = 0;
    put(length);
  }
  put(NIBBLE_END);
  return at + ((nibbles + 1) >> 1);
}

function writeSkip(count: number, put: (nibble: number) => void): void {
  if (count === 1) {
    put(NIBBLE_SKIP_ONE);
  } else if (count >= SKIP_MANY_FROM) {
    put(NIBBLE_SKIP_MANY);
    put((count - SKIP_MANY_FROM) & 15);
    put((count - SKIP_MANY_FROM) >> 4);
  } else if (count > 1) {
    put(NIBBLE_SKIP_FEW);
    put(count - SKIP_FEW_FROM);
  }
}

/**
 * A table that the next bits of a stream index: `meaning << 4 | code length`. Read from the nibbles
 * that `writeLengths` wrote; used again and again, because making one is much of reading a column.
 */
export class CodeTable {
  readonly entries = new Int32Array(1 << CODE_BITS_MAX);
  /** Bits that index the table: the length of the longest code. */
  bits = 0;
  readonly #symbols = new Uint8Array(SYMBOLS_MAX);
  readonly #lengths = new Uint8Array(SYMBOLS_MAX);
  readonly #meanings: Int32Array;
  #size = 0;

  /** `meanings[symbol]` is what an entry says of a symbol, so that a token is one look; 28 bits. */
  constructor(meanings: Int32Array) {
    this.#meanings = meanings;
  }

  /** Reads a table at byte `at`; returns the byte after it. Throws `LOG_CORRUPT` for what is no prefix code. */
  read(from: Uint8Array, at: number): number {
    const end = this.#readLengths(from, at);
    this.bits = this.#firstCodes();
    const size = 1 << this.bits;
    let filled = 0;
    for (let index = 0; index < this.#size; index++) {
      const length = this.#lengths[index] as number;
      const code = nextCodes[length] as number;
      nextCodes[length] = code + 1;
      filled += size >> length;
      if (filled > size) throw corrupt('codes that overlap');
      const entry = ((this.#meanings[this.#symbols[index] as number] as number) << 4) | length;
      for (let slot = reversed(code, length); slot < size; slot += 1 << length) this.entries[slot] = entry;
    }
    // One symbol alone has one bit, and the other value of that bit stands for nothing.
    if (filled !== size && this.#size !== 1) throw corrupt('codes with holes');
    if (this.#size === 1) this.entries[1] = this.entries[0] as number;
    return end;
  }

  #readLengths(from: Uint8Array, at: number): number {
    this.#size = 0;
    let [position, symbol] = [2 * at, 0];
    for (;;) {
      const nibble = nibbleAt(from, position++);
      if (nibble === NIBBLE_END) break;
      if (nibble === NIBBLE_SKIP_ONE) {
        symbol++;
      } else if (nibble <= CODE_BITS_MAX) {
        if (symbol >= SYMBOLS_MAX) throw corrupt('more code lengths than symbols');
        this.#symbols[this.#size] = symbol++;
        this.#lengths[this.#size++] = nibble;
      } else {
        symbol += nibbleAt(from, position++);
        if (nibble === NIBBLE_SKIP_FEW) symbol += SKIP_FEW_FROM;
        else symbol += (nibbleAt(from, position++) << 4) + SKIP_MANY_FROM;
      }
    }
    return (position + 1) >> 1;
  }

  /** Fills `nextCodes` with the first code of each length; returns the longest length. */
  #firstCodes(): number {
    lengthCounts.fill(0);
    for (let index = 0; index < this.#size; index++) {
      const length = this.#lengths[index] as number;
      lengthCounts[length] = (lengthCounts[length] as number) + 1;
    }
    return firstCodes();
  }
}

function nibbleAt(bytes: Uint8Array, position: number): number {
  const byte = bytes[position >> 1] ?? NIBBLE_END * 0x11;
  return (position & 1) === 0 ? byte & 15 : byte >> 4;
}

const corrupt = (what: string): AppError => new AppError('LOG_CORRUPT', `a block holds ${what}`);
