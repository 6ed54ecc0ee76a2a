/** Which steps are cheaper: each from the sample before, or each from a level that the column returns to. */

const TABLE_SLOTS = 512;
const tableValues = new Float64Array(TABLE_SLOTS);
const tableCounts = new Uint16Array(TABLE_SLOTS);

/** The level from which the steps of `values[0 … count − 1]` are cheaper than from sample to sample, or null. */
export function worthwhileLevel(values: Float64Array, count: number): number | null {
  const level = frequentValue(values, count);
  let [fromLevel, fromBefore] = [LEVEL_COST, 0];
  let before = values[0] as number;
  for (let index = 1; index < count; index++) {
    const value = values[index] as number;
    fromLevel += stepCost(value - level);
    fromBefore += stepCost(value - before);
    before = value;
  }
  return fromLevel < fromBefore ? level : null;
}

/** The most frequent value. Values are counted in a small table; where two clash, the first one is counted. */
function frequentValue(values: Float64Array, count: number): number {
  tableCounts.fill(0);
  let [best, bestCount] = [values[0] as number, 0];
  for (let index = 0; index < count; index++) {
    const value = values[index] as number;
    const slot = (value ^ (value >> 9)) & (TABLE_SLOTS - 1);
    if (tableCounts[slot] === 0) tableValues[slot] = value;
    if (tableValues[slot] !== value) continue;
    const seen = (tableCounts[slot] as number) + 1;
    tableCounts[slot] = seen;
    if (seen > bestCount) [best, bestCount] = [value, seen];
  }
  return best;
}

/** Bits, roughly: a fraction where nothing changes, else a code and the bits of the magnitude. */
const ZERO_COST = 0.4;
const CODE_COST = 2;
const LEVEL_COST = 16;

function stepCost(step: number): number {
  return step === 0 ? ZERO_COST : CODE_COST + 32 - Math.clz32(Math.abs(step));
}
