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
  test('gives a series that is told every minute a slot a minute', () => {
    const window = windowOf();
    window.place(0, 60);
    for (const second of [1000, 1060, 1240]) expect(window.put(0, second, second)).toBe(true);
    expect(window.slotCount).toBe(5);
    expect(present(window, 0)).toStrictEqual([
      [0, 1000],
      [60, 1060],
      [240, 1240],
    ]);
  });

  test('takes a sample that is off the grid, and keeps those that were on it', () => {
    const window = windowOf();
    window.place(3, 60);
    window.put(3, 1060, 1);
    window.put(3, 1061, 2);
    window.put(3, 1120, 3);
    expect(present(window, 3)).toStrictEqual([
      [60, 1],
      [61, 2],
      [120, 3],
    ]);
    window.clear(1061);
    expect(present(window, 3)).toStrictEqual([
      [60, 1],
      [120, 3],
    ]);
  });

  test('knows a column only when it has a place', () => {
    const window = windowOf();
    expect(window.put(2, 1000, 1)).toBe(false);
    expect([window.has(2), window.read(2, new Float64Array(300))]).toStrictEqual([false, null]);
  });

  test('hands its memory to the next window, which sees nothing of it', () => {
    const pool = new SlotPool(1e6);
    const first = windowOf(pool);
    first.place(0, 1);
    for (let second = 1000; second < 1300; second++) first.put(0, second, 7);
    first.release();
    const second = windowOf(pool);
    second.place(0, 1);
    expect(present(second, 0)).toStrictEqual([]);
  });
});
