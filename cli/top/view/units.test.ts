import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cellsOf, inCells } from './text.ts';
import { bytes, duration, longBytes, percent } from './units.ts';

describe('figures', () => {
  test.each([
    [0, 'iec', '0'],
    [999, 'iec', '999'],
    [1023, 'iec', '1.0K'],
    [1536, 'iec', '1.5K'],
    [10_400_000, 'iec', '9.9M'],
    [10_485_760, 'iec', '10.0M'],
    [104_857_600, 'iec', '100M'],
    [1000, 'si', '1.0K'],
    [123_456, 'raw', '123456'],
    [null, 'iec', '-'],
  ] as const)('%d bytes in %s are %s', (value, units, text) => {
    expect(bytes(value, units)).toBe(text);
  });

  test('never take more than five cells, whatever the value', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 2 ** 60, noNaN: true }), fc.constantFrom('iec', 'si'), (value, units) => {
        expect(bytes(value, units as 'iec' | 'si').length).toBeLessThanOrEqual(5);
      }),
    );
  });

  test('write units out where there is room', () => {
    expect([
      longBytes(1.5 * 2 ** 30, 'iec'),
      longBytes(1.5e9, 'si'),
      longBytes(12, 'raw'),
      longBytes(null, 'si'),
    ]).toEqual(['1.5 GiB', '1.5 GB', '12 B', '-']);
  });

  test('of time and shares are short', () => {
    expect([5, 90, 3700, 93_600, 86_400 * 400, null].map(duration)).toEqual([
      '5s',
      '1m',
      '1h01m',
      '1d02h',
      '400d',
      '-',
    ]);
    expect([0, 9.96, 99.94, 99.97, 250, null].map(percent)).toEqual(['0.0', '10.0', '99.9', '100', '250', '-']);
  });
});

describe('text in cells', () => {
  test('fills its width exactly, also with wide, combining and hostile characters', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 40 }), fc.integer({ min: 1, max: 60 }), (text, width) => {
        expect(cellsOf(inCells(text, width))).toBe(width);
      }),
    );
    expect(inCells('数据库', 8)).toBe('数据库  ');
    expect(inCells('数据库', 5)).toBe('数据…');
    expect(inCells('数据库', 4)).toBe('数… ');
  });

  test('lets nothing through that a terminal would act on', () => {
    expect(inCells('a\u001b[2Jb\u009b1mc\r\n', 12)).toBe('a·[2Jb·1mc··');
    expect(inCells('\u202egpj.exe', 9)).toBe('·gpj.exe ');
  });
});
