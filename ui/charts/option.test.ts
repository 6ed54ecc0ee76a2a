import { describe, expect, test } from 'vitest';
import { ranges } from '../state/route/range.ts';
import { BucketRing } from '../state/samples/bucket-ring.ts';
import type { TableSeries } from '../state/samples/series-table.ts';
import { chartModel } from './model.ts';
import { chartOption, lonePoints } from './option.ts';
import type { Panel } from './panels.ts';

function series(values: Readonly<Record<number, number>>, stepMs = 1000): TableSeries {
  const ring = new BucketRing(1000, stepMs);
  for (const [second, value] of Object.entries(values)) ring.putSample(Number(second) * 1000, value);
  const tags = { iface: '<img src=x onerror=alert(1)>' };
  return { key: `${JSON.stringify(values)}`, endpoint: 'e', metric: 'cpu.used.cores', tags, ring };
}

const used = (values: Readonly<Record<number, number>>) =>
  ({ series: series(values), word: 'used', part: null, isLimit: false }) as const;
const limit = (values: Readonly<Record<number, number>>) =>
  ({ series: series(values), word: 'limit', part: null, isLimit: true }) as const;
const look = {
  theme: 'light',
  font: 'sans-serif',
  formatValue: (value: number) => String(value),
  formatTime: (value: number) => String(value),
} as const;

describe('what a chart draws', () => {
  test('the axis holds a near limit, and only names a far one', () => {
    const near: Panel = { id: 'cpu', unit: 'cores', lines: [used({ 100: 0.9 }), limit({ 100: 2 })] };
    const far: Panel = { id: 'cpu', unit: 'cores', lines: [used({ 100: 0.1 }), limit({ 100: 2 })] };
    expect(chartModel(near, ranges['1m'], 120_000).scale.max).toBe(2);
    const model = chartModel(far, ranges['1m'], 120_000);
    expect(model.scale.max).toBeCloseTo(0.1);
    expect(model.lines.map((line) => line.drawn)).toEqual([true, false]);
  });

  test('the window ends at its right edge, and gaps are in the points', () => {
    const panel: Panel = { id: 'cpu', unit: 'cores', lines: [used({ 100: 1, 102: 2 })] };
    const model = chartModel(panel, ranges['1m'], 102_000);
    expect([model.fromMs, model.toMs, model.newestMs]).toEqual([42_000, 102_000, 102_000]);
    expect([...(model.lines[0]?.points ?? [])].slice(-6)).toEqual([100_000, 1, 101_000, Number.NaN, 102_000, 2]);
  });

  test('single seconds have no peaks, wide buckets have', () => {
    const panel: Panel = { id: 'cpu', unit: 'cores', lines: [used({ 100: 1 })] };
    expect(chartModel(panel, ranges['15m'], 102_000).lines[0]?.peaks).toBeNull();
    expect(chartModel(panel, ranges['1h'], 102_000).lines[0]?.peaks).not.toBeNull();
  });

  test('a sample between two gaps becomes a dot', () => {
    const [gap, a, b] = [Number.NaN, 1, 2];
    expect(lonePoints(Float64Array.of(1, a, 2, gap, 3, b, 4, gap, 5, a, 6, b))).toEqual([
      [1, a],
      [3, b],
    ]);
  });

  test('no text from outside reaches the engine, but in the identity of a line', () => {
    const panel: Panel = { id: 'cpu', unit: 'cores', lines: [used({ 100: 1 })] };
    const option = chartOption(chartModel(panel, ranges['1m'], 102_000), look);
    expect(JSON.stringify(option)).not.toContain('<img');
    expect(option.tooltip).toBeUndefined();
  });
});
