/**
 * Doubles that no scale makes integers: each is XORed with the one before it (Pelkonen et al.,
 * "Gorilla", VLDB 2015). How many zero bytes lead and trail is an entropy-coded symbol; the bytes
 * between follow as they are.
 */
import { AppError, canonical } from '../../core/index.ts';
import { assignCodes, CodeTable, codeLengths, SYMBOLS_MAX, writeLengths } from './huffman.ts';
import { WINDOW_SAMPLES_MAX } from './step-codec.ts';

const BYTES = 8;

const symbols = new Uint8Array(WINDOW_SAMPLES_MAX);
const counts = new Uint32Array(SYMBOLS_MAX);
const lengths = new Uint8Array(SYMBOLS_MAX);
const codes = new Uint16Array(SYMBOLS_MAX);
const table = new CodeTable(Int32Array.from({ length: SYMBOLS_MAX }, (_, symbol) => symbol));
const residue = new Uint8Array(WINDOW_SAMPLES_MAX * BYTES);
const coded = new Uint8Array(SYMBOLS_MAX + WINDOW_SAMPLES_MAX * (BYTES + 2));

/** `zero bytes in front × 8 + zero bytes behind`; equal neighbours are 64. */
const symbolOf = (leading: number, trailing: number): number => leading * BYTES + (leading === BYTES ? 0 : trailing);

/** Encodes the first `count` doubles of `values`. Returns a view that is valid until the next call. */
export function encodeDoubles(values: Float64Array, count: number): Uint8Array {
  const source = new Uint8Array(values.buffer, values.byteOffset, count * BYTES);
  counts.fill(0);
  let kept = 0;
  for (let index = 0; index < count; index++) {
    const at = index * BYTES;
    const differs = (byte: number): boolean => (index === 0 ? 0 : source[at - BYTES + byte]) !== source[at + byte];
    let leading = 0;
    while (leading < BYTES && !differs(BYTES - 1 - leading)) leading++;
    let trailing = 0;
    while (leading + trailing < BYTES && !differs(trailing)) trailing++;
    const symbol = symbolOf(leading, trailing);
    symbols[index] = symbol;
    counts[symbol] = (counts[symbol] as number) + 1;
    for (let byte = trailing; byte < BYTES - leading; byte++) {
      residue[kept++] = (source[at + byte] as number) ^ (index === 0 ? 0 : (source[at - BYTES + byte] as number));
    }
  }
  codeLengths(counts, lengths);
  assignCodes(lengths, codes);
  const end = writeSymbols(count, writeLengths(lengths, coded, 0));
  coded.set(residue.subarray(0, kept), end);
  return coded.subarray(0, end + kept);
}

function writeSymbols(count: number, from: number): number {
  let [at, accumulator, held] = [from, 0, 0];
  for (let index = 0; index < count; index++) {
    const symbol = symbols[index] as number;
    accumulator |= (codes[symbol] as number) << held;
    for (held += lengths[symbol] as number; held >= 8; held -= 8) {
      coded[at++] = accumulator;
      accumulator >>>= 8;
    }
  }
  if (held > 0) coded[at++] = accumulator;
  return at;
}

/** Decodes what `encodeDoubles` wrote at byte `from` into the first `count` of `into`. Throws `LOG_CORRUPT`. */
export function decodeDoubles(source: Uint8Array, from: number, into: Float64Array, count: number): void {
  let at = table.read(source, from);
  const entries = table.entries;
  const mask = (1 << table.bits) - 1;
  let [accumulator, held] = [0, 0];
  for (let index = 0; index < count; index++) {
    for (; held <= 16; held += 8) accumulator |= (source[at++] as number) << held;
    const entry = entries[accumulator & mask] as number;
    accumulator >>>= entry & 15;
    held -= entry & 15;
    symbols[index] = entry >> 4;
  }
  // Whole bytes that were taken ahead belong to what follows.
  at -= held >> 3;
  const target = new Uint8Array(into.buffer, into.byteOffset, count * BYTES);
  for (let index = 0; index < count; index++) {
    const symbol = symbols[index] as number;
    const [leading, trailing] = [symbol >> 3, symbol & 7];
    const offset = index * BYTES;
    for (let byte = 0; byte < BYTES; byte++) {
      const before = index === 0 ? 0 : (target[offset - BYTES + byte] as number);
      const differs = byte >= trailing && byte < BYTES - leading;
      target[offset + byte] = differs ? before ^ (source[at++] as number) : before;
    }
  }
  if (at > source.length) throw new AppError('LOG_CORRUPT', 'a column of doubles in a block ends early');
  for (let index = 0; index < count; index++) into[index] = canonical(into[index] as number);
}
