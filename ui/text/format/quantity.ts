/**
 * Numbers as people say them: three significant digits, the unit that keeps them short. `NaN` (no
 * sample) is a dash, never a zero. Units are those of the metric catalogue; an unknown unit is written
 * behind the number as it is.
 */
export type UnitWords = {
  readonly cores: string;
  readonly yes: string;
  readonly no: string;
  readonly of: (value: string, whole: string) => string;
};

export const NOTHING = '–';

const BINARY = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;
const DECIMAL = ['', 'k', 'M', 'G', 'T', 'P'] as const;

export function formatQuantity(value: number, unit: string | null, words: UnitWords): string {
  if (Number.isNaN(value)) return NOTHING;
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '−∞';
  switch (unit) {
    case 'percent':
      return `${formatNumber(value, 1)} %`;
    case 'cores':
      return `${formatNumber(value, 2)} ${words.cores}`;
    case 'bytes':
      return formatBytes(value);
    case 'bytes/s':
      return `${scaled(value, 1000, DECIMAL)}B/s`;
    case 'packets/s':
    case 'requests/s':
    case 'events/s':
      return `${scaled(value, 1000, DECIMAL).trimEnd()}/s`;
    case 'count':
      return Math.abs(value) < 1e6 ? grouped(Math.round(value * 10) / 10) : scaled(value, 1000, DECIMAL).trimEnd();
    case 'load':
      return formatNumber(value, 2);
    case 'bool':
      return value === 0 ? words.no : words.yes;
    case null:
    case '':
      return formatNumber(value, 3);
    default:
      return `${formatNumber(value, 1)} ${unit}`;
  }
}

/** `384 MiB of 512 MiB`; only the first where the whole is not known. */
export function formatShare(value: number, whole: number, unit: string, words: UnitWords): string {
  const text = formatQuantity(value, unit, words);
  return Number.isNaN(whole) || Number.isNaN(value) ? text : words.of(text, formatQuantity(whole, unit, words));
}

export function formatBytes(value: number): string {
  return scaled(value, 1024, BINARY);
}

/** At most `decimals` places and, from ten on, at most three significant digits: 0.02, 1.24, 12.3, 123. */
export function formatNumber(value: number, decimals: number): string {
  const magnitude = Math.abs(value);
  const places = magnitude >= 99.95 ? 0 : magnitude >= 9.995 ? 1 : 2;
  const rounded = Number(value.toFixed(Math.min(places, decimals)));
  return grouped(rounded === 0 ? 0 : rounded);
}

function scaled(value: number, base: number, prefixes: readonly string[]): string {
  let [rest, step] = [value, 0];
  // 999.6 is written as 1000 by three digits: it belongs to the next prefix already.
  while (Math.abs(rest) >= base - 0.5 && step < prefixes.length - 1) {
    rest /= base;
    step++;
  }
  return `${step === 0 ? grouped(Math.round(rest * 10) / 10) : formatNumber(rest, 2)} ${prefixes[step]}`;
}

function grouped(value: number): string {
  const [whole = '', fraction] = String(Math.abs(value)).split('.');
  if (whole.includes('e')) return String(value);
  const head = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return `${value < 0 ? '−' : ''}${head}${fraction === undefined ? '' : `.${fraction}`}`;
}
