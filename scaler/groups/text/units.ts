export const durationPattern = '^[0-9]{1,9}(ms|s|m|h)$';
export const bytesPattern = '^[0-9]{1,12}(\\.[0-9]{1,3})?(B|kB|MB|GB|KiB|MiB|GiB)$';

const durationUnitMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;

const bytesUnit = {
  B: 1,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
} as const;

/** Milliseconds in `90s`, `5m`, `250ms`, `1h` or 0. A text must fit `durationPattern`. */
export function durationMs(text: string | 0): number {
  if (text === 0) return 0;
  const number = Number.parseInt(text, 10);
  const unit = Object.entries(durationUnitMs).find(([name]) => name === text.replace(/^[0-9]+/, ''));
  return unit === undefined ? number : number * unit[1];
}

/** Whole bytes in `64MiB`, `1.5GB` or `512B`. The text must fit `bytesPattern`. */
export function bytes(text: string): number {
  const number = Number.parseFloat(text);
  const unit = Object.entries(bytesUnit).find(([name]) => name === text.replace(/^[0-9.]+/, ''));
  return Math.round(unit === undefined ? number : number * unit[1]);
}
