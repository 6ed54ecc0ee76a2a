/**
 * Steps of a column as entropy-coded tokens. Most seconds change nothing: a run of them is one
 * token. What changes is told by its magnitude, coded, and the bits below it, as they are.
 *
 * ```
 * symbol 0 … 12    a run of zero steps: 1, 2, 3–4, 5–8, …; `symbol − 1` bits tell which (none for 0 and 1)
 * symbol 13 … 20   z = 0 … 7, where z = zigzag(step) − 1
 * symbol 21 + 2k+m z in [2^(k+3), 2^(k+4)), its second-highest bit is m, and k + 2 bits follow
 * ```
 */
import { AppError, type ByteReader } from '../../core/index.ts';
import { assignCodes, CodeTable, codeLengths, SYMBOLS_MAX, writeLengths } from './huffman.ts';

/** Samples in the longest window: an hour of seconds. */
export const WINDOW_SAMPLES_MAX = 3600;

/** Tokens are read four bytes at a time, at most four ahead: so many bytes follow the last column of a block. */
const WORD_BYTES = 4;
export const TAIL_BYTES = 2 * WORD_BYTES;

const RUN_SYMBOLS = 13;
const SMALL_VALUES = 8;
const LARGE_FROM = RUN_SYMBOLS + SMALL_VALUES;
const SMALL_BITS = 3;

/** A token takes at most a code and 44 bits; a table at most a byte a symbol. */
const STEPS_BYTES_MAX = WINDOW_SAMPLES_MAX * 8 + SYMBOLS_MAX;

/** Extra bits are written in pieces that leave the 32-bit accumulator room. */
const PIECE_BITS = 16;
const PIECE = 2 ** PIECE_BITS;
/** Bits that are told together with a code: ten and twelve of them fit in what is held. */
const SHORT_EXTRA_BITS = 12;
const INT_BITS = 30;
const INT = 2 ** INT_BITS;

const symbols = new Uint8Array(WINDOW_SAMPLES_MAX);
const extras = new Float64Array(WINDOW_SAMPLES_MAX);
const counts = new Uint32Array(SYMBOLS_MAX);
const lengths = new Uint8Array(SYMBOLS_MAX);
const codes = new Uint16Array(SYMBOLS_MAX);
const bytes = new Uint8Array(STEPS_BYTES_MAX);

/** How many bits follow a symbol. */
const extraBits = Uint8Array.from({ length: SYMBOLS_MAX }, (_, symbol) => {
  if (symbol < RUN_SYMBOLS) return Math.max(0, symbol - 1);
  return symbol < LARGE_FROM ? 0 : ((symbol - LARGE_FROM) >> 1) + SMALL_BITS - 1;
});

/** What those bits are added to: the shortest run, or the smallest z. */
const bases = Float64Array.from({ length: SYMBOLS_MAX }, (_, symbol) => {
  if (symbol < RUN_SYMBOLS) return symbol === 0 ? 1 : 2 ** (symbol - 1) + 1;
  if (symbol < LARGE_FROM) return symbol - RUN_SYMBOLS;
  const exponent = ((symbol - LARGE_FROM) >> 1) + SMALL_BITS;
  return 2 ** exponent + (symbol & 1 ? 0 : 2 ** (exponent - 1));
});

/** What a table's entry says of a symbol: how many bits follow, whether it is a run, and the base. */
const EXTRA_MASK = 15;
const IS_RUN = 16;
const BASE_SHIFT = 5;
/** Stands for more bits than are held with a code; then the symbol is in place of the base. */
const MANY_EXTRA = 15;

const table = new CodeTable(
  Int32Array.from({ length: SYMBOLS_MAX }, (_, symbol) => {
    const extra = extraBits[symbol] as number;
    if (extra > SHORT_EXTRA_BITS) return (symbol << BASE_SHIFT) | MANY_EXTRA;
    return ((bases[symbol] as number) << BASE_SHIFT) | (symbol < RUN_SYMBOLS ? IS_RUN : 0) | extra;
  }),
);

/**
 * Encodes integer steps `steps[1 … count − 1]`, each below 2^44 in size. Returns a view of the
 * code table and the tokens, valid until the next call.
 */
export function encodeSteps(steps: Float64Array, count: number): Uint8Array {
  const tokens = tokenise(steps, count);
  codeLengths(counts, lengths);
  assignCodes(lengths, codes);
  return bytes.subarray(0, writeTokens(tokens, writeLengths(lengths, bytes, 0)));
}

/** Fills `symbols`, `extras` and `counts`; returns the number of tokens. */
function tokenise(steps: Float64Array, count: number): number {
  counts.fill(0);
  let [tokens, run] = [0, 0];
  for (let index = 1; index <= count; index++) {
    const step = index === count ? 1 : (steps[index] as number);
    if (step === 0) {
      run++;
      continue;
    }
    if (run > 0) {
      const symbol = run === 1 ? 0 : 32 - Math.clz32(run - 1);
      symbols[tokens] = symbol;
      extras[tokens++] = run - (bases[symbol] as number);
      counts[symbol] = (counts[symbol] as number) + 1;
      run = 0;
    }
    if (index === count) break;
    const z = (step > 0 ? 2 * step : -2 * step - 1) - 1;
    const symbol = symbolOf(z);
    symbols[tokens] = symbol;
    extras[tokens++] = z - (bases[symbol] as number);
    counts[symbol] = (counts[symbol] as number) + 1;
  }
  return tokens;
}

function symbolOf(z: number): number {
  if (z < SMALL_VALUES) return RUN_SYMBOLS + z;
  if (z < INT) {
    const exponent = 31 - Math.clz32(z);
    return LARGE_FROM + 2 * (exponent - SMALL_BITS) + ((z >> (exponent - 1)) & 1);
  }
  const top = Math.floor(z / INT);
  const exponent = 31 - Math.clz32(top) + INT_BITS;
  return LARGE_FROM + 2 * (exponent - SMALL_BITS) + (Math.floor(z / 2 ** (exponent - 1)) & 1);
}

/** Writes the tokens from byte `from` on, lowest bit first; returns the byte after them. */
function writeTokens(tokens: number, from: number): number {
  let [at, accumulator, held] = [from, 0, 0];
  for (let token = 0; token < tokens; token++) {
    const symbol = symbols[token] as number;
    accumulator |= (codes[symbol] as number) << held;
    held += lengths[symbol] as number;
    let rest = extras[token] as number;
    for (let left = extraBits[symbol] as number; left > 0; left -= PIECE_BITS) {
      for (; held >= 8; held -= 8) {
        bytes[at++] = accumulator;
        accumulator >>>= 8;
      }
      accumulator |= (left > PIECE_BITS ? rest % PIECE : rest) << held;
      held += Math.min(left, PIECE_BITS);
      if (left > PIECE_BITS) rest = Math.floor(rest / PIECE);
    }
    for (; held >= 8; held -= 8) {
      bytes[at++] = accumulator;
      accumulator >>>= 8;
    }
  }
  if (held > 0) bytes[at++] = accumulator;
  return at;
}

/** Where decoded samples go, and how integers become doubles: `integer × unit ÷ power`. */
export type StepTarget = {
  readonly into: Float64Array;
  readonly count: number;
  readonly first: number;
  /** The value that a zero step stands for; null when each step is taken from the sample before. */
  readonly level: number | null;
  readonly unit: number;
  readonly power: number;
};

/**
 * Decodes what `encodeSteps` wrote at byte `from`; `TAIL_BYTES` of anything follow the last column.
 * Throws `LOG_CORRUPT` for bytes that end early or tell of more samples than there are.
 */
export function decodeSteps(source: ByteReader, target: StepTarget): void {
  const { into, count, level, unit, power } = target;
  let at = table.read(source.whole, source.offset);
  const last = source.whole.length - WORD_BYTES;
  const { view } = source;
  const entries = table.entries;
  const mask = (1 << table.bits) - 1;
  let current = target.first;
  let rest = ((level ?? current) * unit) / power;
  into[0] = (current * unit) / power;
  let [bits, held] = [0, 0];
  for (let index = 1; index < count; ) {
    if (at > last) throw overrun();
    // Whole bytes until 24 to 31 bits are held: a code of ten and twelve more fit.
    bits |= view.getInt32(at, true) << held;
    at += (31 - held) >> 3;
    held |= 24;
    const entry = entries[bits & mask] as number;
    const meaning = entry >> 4;
    const extra = meaning & EXTRA_MASK;
    bits >>>= entry & 15;
    held -= entry & 15;
    let step = 0;
    if (extra !== MANY_EXTRA) {
      const value = (meaning >> BASE_SHIFT) + (bits & ((1 << extra) - 1));
      bits >>>= extra;
      held -= extra;
      if ((meaning & IS_RUN) !== 0) {
        const end = index + value;
        if (end > count) throw overrun();
        while (index < end) into[index++] = rest;
        continue;
      }
      // z = zigzag(step) − 1: an odd z is a positive step.
      step = (value & 1) === 1 ? (value + 1) >> 1 : -((value + 2) >> 1);
    } else {
      const symbol = meaning >> BASE_SHIFT;
      let [value, scale] = [bases[symbol] as number, 1];
      for (let left = extraBits[symbol] as number; left > 0; left -= PIECE_BITS) {
        if (at > last) throw overrun();
        bits |= view.getInt32(at, true) << held;
        at += (31 - held) >> 3;
        held |= 24;
        const size = Math.min(left, PIECE_BITS);
        value += (bits & ((1 << size) - 1)) * scale;
        bits >>>= size;
        held -= size;
        scale *= PIECE;
      }
      step = value % 2 === 1 ? (value + 1) / 2 : -(value + 2) / 2;
    }
    if (level === null) {
      current += step;
      rest = (current * unit) / power;
      into[index++] = rest;
    } else {
      into[index++] = ((level + step) * unit) / power;
    }
  }
}

const overrun = (): AppError => new AppError('LOG_CORRUPT', 'a column of a block ends early or late');
