/** Where an axis ends, and how far its lines are apart. It always starts at zero. */
export type Scale = { readonly max: number; readonly interval: number };

const INTERVALS_WANTED = 4;
/** No 2.5: a label of 0.25 would be rounded to what it is not. */
const STEPS_OF_TEN = [1, 2, 5, 10] as const;
const STEPS_OF_TWO = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024] as const;

/** An axis of a quantity that is never lower than this: noise of a resting machine is not blown up to a storm. */
const FLOORS: Readonly<Record<string, number>> = {
  percent: 4,
  cores: 0.04,
  bytes: 1024 * 1024,
  'bytes/s': 1000,
  load: 0.1,
  count: 4,
};

/** A scale that a person would choose for values up to `highest`: whole steps, in the unit's own base. */
export function scaleFor(highest: number, unit: string | null): Scale {
  const floor = FLOORS[unit ?? ''] ?? 1;
  const top = Number.isFinite(highest) ? Math.max(highest, floor) : floor;
  if (unit === 'percent' && top > 50 && top <= 100) return { max: 100, interval: 25 };
  const interval = unit === 'bytes' ? binaryStep(top / INTERVALS_WANTED) : decimalStep(top / INTERVALS_WANTED);
  return { max: Math.ceil(top / interval - 1e-9) * interval, interval };
}

/**
 * Whether a limit is drawn to scale: a limit far above the values would press them flat, so it is then
 * only named.
 */
export function limitFits(limit: number, highest: number): boolean {
  return Number.isNaN(highest) || limit <= 4 * highest;
}

function decimalStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return (STEPS_OF_TEN.find((step) => step * power >= least * (1 - 1e-9)) ?? 10) * power;
}

function binaryStep(least: number): number {
  const power = 1024 ** Math.floor(Math.log(least) / Math.log(1024));
  return (STEPS_OF_TWO.find((step) => step * power >= least * (1 - 1e-9)) ?? 1024) * power;
}
