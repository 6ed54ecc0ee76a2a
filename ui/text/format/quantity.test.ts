import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatBytes, formatNumber, formatQuantity, formatShare } from './quantity.ts';

const words = { cores: 'cores', yes: 'yes', no: 'no', of: (value: string, whole: string) => `${value} of ${whole}` };
const MIB = 1024 * 1024;

describe('quantities as people say them', () => {
  test.each([
    [1.2399, 'cores', '1.24 cores'],
    [0.30000000000000004, 'cores', '0.3 cores'],
    [12_345, 'bytes/s', '12.3 kB/s'],
    [0, 'bytes/s', '0 B/s'],
    [999.96, 'bytes/s', '1 kB/s'],
    [1_000_000, 'bytes/s', '1 MB/s'],
    [93.24, 'percent', '93.2 %'],
    [100, 'percent', '100 %'],
    [0.04, 'percent', '0 %'],
    [-0.01, 'percent', '0 %'],
    [1234, 'count', '1,234'],
    [13.297491, 'count', '13.3'],
    [12_345_678, 'count', '12.3 M'],
    [1500, 'packets/s', '1.5 k/s'],
    [0.52, 'load', '0.52'],
    [1, 'bool', 'yes'],
    [12.34, 'ms', '12.3 ms'],
    [5, 'degrees', '5 degrees'],
    [1.23456, null, '1.23'],
    [Number.NaN, 'percent', '–'],
    [Number.POSITIVE_INFINITY, 'bytes', '∞'],
  ])('%s in %s is %s', (value, unit, text) => {
    expect(formatQuantity(value, unit, words)).toBe(text);
  });

  test('bytes step by 1024, and never read 1024 of the smaller unit', () => {
    expect([0, 1023, 1024, 384 * MIB, 1023.8 * MIB, 1.5 * 1024 * MIB].map(formatBytes)).toEqual([
      '0 B',
      '1,023 B',
      '1 KiB',
      '384 MiB',
      '1 GiB',
      '1.5 GiB',
    ]);
  });

  test('a share names the whole where there is one', () => {
    expect(formatShare(384 * MIB, 512 * MIB, 'bytes', words)).toBe('384 MiB of 512 MiB');
    expect(formatShare(384 * MIB, Number.NaN, 'bytes', words)).toBe('384 MiB');
    expect(formatShare(Number.NaN, 512 * MIB, 'bytes', words)).toBe('–');
  });

  test('no number shows more than three digits behind its first', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 999, noNaN: true }), (value) => {
        expect(formatNumber(value, 2).replace(/[^\d]/g, '').replace(/^0+/, '').length).toBeLessThanOrEqual(3);
      }),
    );
  });
});
