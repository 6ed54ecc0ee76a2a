import type { Unit } from '../../catalogue/metric.ts';

/** Five decimals at most, no trailing zeros (Open-Falcon's `ReadableFloat`, but for its `-0`). */
export function formatNumber(value: number): string {
  const text = value.toFixed(5).replace(/\.?0+$/, '');
  return text === '-0' ? '0' : text;
}

const binaryPrefixes = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

/** A value with its unit, for a person: `93.2 %`, `1.4 GiB`. */
export function formatValue(value: number, unit: Unit | undefined): string {
  switch (unit) {
    case undefined:
    case 'count':
    case 'load':
    case 'bool':
      return formatNumber(value);
    case 'percent':
      return `${formatNumber(value)} %`;
    case 'bytes':
      return formatBytes(value);
    case 'bytes/s':
      return `${formatBytes(value)}/s`;
    default:
      return `${formatNumber(value)} ${unit}`;
  }
}

function formatBytes(value: number): string {
  const size = Math.abs(value);
  const step = Math.min(binaryPrefixes.length - 1, size < 1 ? 0 : Math.floor(Math.log2(size) / 10));
  const scaled = value / 2 ** (10 * step);
  return `${Number(scaled.toFixed(step === 0 ? 0 : 1))} ${binaryPrefixes[step]}`;
}
