/** Numbers in the width of a column. A missing figure is a dash, never a zero. */
export const unitSystems = ['iec', 'si', 'raw'] as const;
export type UnitSystem = (typeof unitSystems)[number];

export const MISSING = '-';

const PREFIXES = ['', 'K', 'M', 'G', 'T', 'P', 'E'];

/** `1.2G` in steps of 1,024 (iec) or 1,000 (si), or the plain number (raw). */
export function bytes(value: number | null, units: UnitSystem): string {
  if (value === null) return MISSING;
  if (units === 'raw') return String(Math.round(value));
  const step = units === 'iec' ? 1024 : 1000;
  let scaled = Math.max(0, value);
  let prefix = 0;
  // 999.5 would be written as 1000: one digit more than the column has.
  while (scaled >= Math.min(step, 999.5) && prefix < PREFIXES.length - 1) {
    scaled /= step;
    prefix++;
  }
  return `${digits(scaled, prefix === 0 ? 0 : 1)}${PREFIXES[prefix]}`;
}

/** `1.2 GiB`, `1.2 GB` or `1234567890 B`. */
export function longBytes(value: number | null, units: UnitSystem): string {
  const short = bytes(value, units);
  if (value === null) return short;
  const prefix = /[A-Z]$/.exec(short)?.[0] ?? '';
  const number = short.slice(0, short.length - prefix.length);
  return `${number} ${prefix}${units === 'iec' && prefix !== '' ? 'i' : ''}B`;
}

export function percent(value: number | null): string {
  return value === null ? MISSING : digits(value, 1);
}

export function decimal(value: number | null): string {
  return value === null ? MISSING : digits(value, 2);
}

export function whole(value: number | null): string {
  return value === null ? MISSING : String(Math.round(value));
}

/** The two largest of days, hours, minutes and seconds: `3d04h`, `4h07m`, `12m`, `45s`. */
export function duration(seconds: number | null): string {
  if (seconds === null) return MISSING;
  const [days, hours, minutes] = [86_400, 3600, 60].map((unit) => Math.floor(seconds / unit)) as [
    number,
    number,
    number,
  ];
  if (days >= 100) return `${days}d`;
  if (days > 0) return `${days}d${two(hours % 24)}h`;
  if (hours > 0) return `${hours}h${two(minutes % 60)}m`;
  return minutes > 0 ? `${minutes}m` : `${Math.round(seconds)}s`;
}

const two = (value: number): string => String(value).padStart(2, '0');

/** Up to `places` decimals below 10, one below 100, none above. */
function digits(value: number, places: number): string {
  if (value >= 99.95 || places === 0) return value.toFixed(0);
  return value.toFixed(value >= 9.995 ? Math.min(1, places) : places);
}
