/**
 * Columns of numbers as JSON. What was measured has few decimals: it is written as the whole number
 * that it is at a thousandth, with a point in it, five times as fast as the shortest digits of a
 * double are found. Where a number has more, its column is left to `JSON.stringify`.
 */
import { jsonNumber } from '../../core/index.ts';

const DECIMALS = 3;
const SCALE = 1000;

/** Digits are taken from whole numbers of 32 bits. */
const BILLION = 1e9;

/** No two numbers of fifteen digits are the same double (IEEE 754): these are the shortest ones, too. */
const SCALED_MAX = 1e15;

/** A sign, fifteen digits, a point, a comma; `null` is shorter. */
const NUMBER_BYTES_MAX = 18;

const [COMMA, MINUS, POINT, ZERO] = [0x2c, 0x2d, 0x2e, 0x30];

let scratch = Buffer.alloc(0);

/** `count[i]` samples are behind a value; without one it is null. */
export function columnText(values: Float64Array | Uint32Array, count: Uint32Array): string {
  return decimalsText(values, count) ?? JSON.stringify(samplesOf(values, count));
}

/** All of a column has a value. */
export function wholeText(values: Float64Array | Uint32Array): string {
  return decimalsText(values) ?? JSON.stringify(Array.from(values, jsonNumber));
}

export function samplesOf(
  values: Float64Array | Uint32Array,
  count: Uint32Array,
): (ReturnType<typeof jsonNumber> | null)[] {
  return Array.from(values, (value, index) => (count[index] === 0 ? null : jsonNumber(value)));
}

/** Null for a column with a number of more than three decimals, or that is not finite. */
function decimalsText(values: Float64Array | Uint32Array, count?: Uint32Array): string | null {
  if (scratch.length < values.length * NUMBER_BYTES_MAX) scratch = Buffer.alloc(values.length * NUMBER_BYTES_MAX);
  let end = 0;
  for (let index = 0; index < values.length; index++) {
    if (index > 0) scratch[end++] = COMMA;
    if (count?.[index] === 0) {
      end += scratch.write('null', end, 'latin1');
      continue;
    }
    const value = values[index] as number;
    const scaled = Math.round(Math.abs(value) * SCALE);
    if (!(scaled < SCALED_MAX && scaled / SCALE === Math.abs(value))) return null;
    if (value < 0) scratch[end++] = MINUS;
    end = writeScaled(end, scaled);
  }
  return `[${scratch.toString('latin1', 0, end)}]`;
}

/** Writes a number of thousandths, without the zeros that end it; returns where the next one begins. */
function writeScaled(start: number, scaled: number): number {
  const whole = Math.floor(scaled / SCALE);
  let end = writeWhole(start, whole);
  if (scaled === whole * SCALE) return end;
  scratch[end++] = POINT;
  end = writeDigits(end, scaled - whole * SCALE, DECIMALS);
  while (scratch[end - 1] === ZERO) end--;
  return end;
}

function writeWhole(start: number, whole: number): number {
  if (whole >= BILLION) {
    const billions = Math.floor(whole / BILLION);
    return writeDigits(writeWhole(start, billions), whole - billions * BILLION, 9);
  }
  let digits = 1;
  for (let bound = 10; bound <= whole; bound *= 10) digits++;
  return writeDigits(start, whole, digits);
}

/** Writes a number below a billion with so many digits. */
function writeDigits(start: number, number: number, digits: number): number {
  let rest = number | 0;
  for (let at = start + digits - 1; at >= start; at--) {
    const tens = (rest / 10) | 0;
    scratch[at] = ZERO + rest - tens * 10;
    rest = tens;
  }
  return start + digits;
}
