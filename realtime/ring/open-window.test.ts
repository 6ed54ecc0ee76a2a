import { describe, expect, test } from 'vitest';
import { samplesOf } from '../testing/frames.ts';
import { OpenWindow } from './open-window.ts';
import { SlotPool } from './slot-pool.ts';

const LOG_START = { segment: 0, offset: 0 };
const windowOf = (pool = new SlotPool(1e6)) =>
  new OpenWindow({ start: 1000, seconds: 300, slots: 0, openedAt: LOG_START }, pool);

function present(window: OpenWindow, column: number): [number, number][] {
  const samples = window.read(column, new Float64Array(300));
  return samplesOf(samples ?? new Float64Array(0)).flatMap((value, row): [number, number][] =>
    value === undefined ? [] : [[row, value]],
  );
}

describe('open window', () => {
  test('gives a series that is told every minute a slot a minute, wherever in the minute it is told', () => {
    for (const first of [1000, 1020, 1059]) {
      const window = windowOf();
      window.place(0, 60, first);
      for (const second of [first, first + 60, first + 180]) expect(window.put(0, second, second)).toBe(true);
      expect(window.slotCount).toBe(5);
      expect(present(window, 0)).toStrictEqual(
        [first, first + 60, first + 180].map((second) => [second - 1000, second]),
      );
    }
  });

  test('takes what was told before the sample that gave a column its place', () => {
    const window = windowOf();
    window.place(0, 60, 1140);
    window.put(0, 1140, 3);
    window.put(0, 1020, 1);
    expect([window.slotCount, present(window, 0)]).toStrictEqual([
      5,
      [
        [20, 1],
        [140, 3],
      ],
    ]);
  });

  test('takes a sample that is off the grid, and keeps those that were on it', () => {
    const window = windowOf();
    window.place(3, 60, 1030);
    window.put(3, 1090, 1);
    window.put(3, 1091, 2);
    window.put(3, 1150, 3);
    expect(present(window, 3)).toStrictEqual([
      [90, 1],
      [91, 2],
      [150, 3],
    ]);
    window.clear(1091);
    expect(present(window, 3)).toStrictEqual([
      [90, 1],
      [150, 3],
    ]);
  });

  test('clears a second on the grid of a series', () => {
    const window = windowOf();
    window.place(0, 60, 1030);
    window.put(0, 1090, 1);
    window.clear(1060);
    window.clear(1091);
    expect(present(window, 0)).toStrictEqual([[90, 1]]);
    window.clear(1090);
    expect(present(window, 0)).toStrictEqual([]);
  });

  test('knows a column only when it has a place', () => {
    const window = windowOf();
    expect(window.put(2, 1000, 1)).toBe(false);
    expect([window.has(2), window.read(2, new Float64Array(300))]).toStrictEqual([false, null]);
  });

  test('hands its memory to the next window, which sees nothing of it', () => {
    const pool = new SlotPool(1e6);
    const first = windowOf(pool);
    first.place(0, 1, 1000);
    for (let second = 1000; second < 1300; second++) first.put(0, second, 7);
    first.release();
    const second = windowOf(pool);
    second.place(0, 1, 1000);
    expect(present(second, 0)).toStrictEqual([]);
  });
});
