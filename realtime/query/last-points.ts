import type { Second, SeriesIdentity } from '../../core/index.ts';
import type { Ring } from '../ring/ring.ts';

/** How far back the newest points of a series are looked for. */
const LAST_POINTS_SECONDS = 600;

export type Point = { readonly second: Second; readonly value: number };

/** The newest `count` samples of a series before a second, of the ten minutes before it, oldest first. */
export function lastPoints(ring: Ring, series: SeriesIdentity, count: number, before: Second): Point[] {
  const store = ring.find(series.endpoint);
  const stored = store?.find(series.metric, series.tags);
  if (store === undefined || stored === undefined) return [];
  const points: Point[] = [];
  const oldest = before - Math.max(LAST_POINTS_SECONDS, count);
  const add = (second: number, value: number): void => {
    if (second >= oldest && second < before && !Number.isNaN(value)) points.push({ second: second as Second, value });
  };
  store.visit(stored.column, oldest, before, {
    takesSummary: () => false,
    summary: () => {},
    constant: (start, seconds, value) => {
      for (let row = 0; row < seconds; row++) add(start + row, value);
    },
    samples: (start, samples) => {
      for (let row = 0; row < samples.length; row++) add(start + row, samples[row] as number);
    },
  });
  return points.slice(-count);
}
