import { expect, test } from 'vitest';
import { sparkPoints } from './spark-points.ts';

test('a small line has its gaps, and ends at its right edge', () => {
  const points = Float64Array.of(1, 50, 2, Number.NaN, 3, 100);
  expect(sparkPoints(points, { width: 10, height: 20 }, 100)).toEqual([{ x: 0, y: 10 }, null, { x: 10, y: 0 }]);
});

test('values above the expected top stretch the scale instead of leaving the picture', () => {
  expect(sparkPoints(Float64Array.of(1, 200, 2, 100), { width: 10, height: 20 }, 100)).toEqual([
    { x: 0, y: 0 },
    { x: 10, y: 10 },
  ]);
});
