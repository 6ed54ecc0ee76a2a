import { describe, expect, test } from 'vitest';
import type { QueryRangeAnswer } from '../../../core/api/index.ts';
import { SERIES_MAX, SeriesTable, seriesKey } from './series-table.ts';

const cpu = { endpoint: 'web-1', metric: 'cpu.busy', tags: {}, unit: 'percent' };

function answer(fromMs: number, values: readonly (number | null)[], stepSeconds = 1): QueryRangeAnswer {
  const column = [...values];
  const count = values.map((value) => (value === null ? 0 : 1));
  const toMs = fromMs + values.length * stepSeconds * 1000;
  const series = [{ ...cpu, count, min: column, max: column, avg: column }];
  return { fromMs, toMs, stepSeconds, sources: ['ring'], series };
}

describe('the table of series behind a page', () => {
  test('ticks continue the line that the query began', () => {
    const table = new SeriesTable(60, 1);
    table.fill(answer(10_000, [1, null, 3]));
    table.columns(0, [cpu]);
    table.tick(13, [0], [4]);
    const [series] = table.series;
    expect(table.size).toBe(1);
    expect([10, 11, 12, 13].map((at) => series?.ring.at(at * 1000))).toEqual([1, Number.NaN, 3, 4]);
    expect(table.newestMs).toBe(13_000);
  });

  test('an answer that is older than the ticks fills the hole and erases nothing', () => {
    const table = new SeriesTable(60, 1);
    table.columns(0, [cpu]);
    table.tick(13, [0], [4]);
    table.fill(answer(11_000, [2, 3, null]));
    expect([11, 12, 13].map((at) => table.series[0]?.ring.at(at * 1000))).toEqual([2, 3, 4]);
  });

  test('after a reconnect the old column numbers mean nothing', () => {
    const table = new SeriesTable(60, 1);
    table.columns(0, [cpu]);
    table.forgetColumns();
    table.tick(13, [0], [4]);
    expect(table.series[0]?.ring.at(13_000)).toBeNaN();
  });

  test('wide buckets are never made of single ticks, which still show that data arrives', () => {
    const table = new SeriesTable(3600, 5);
    table.fill(answer(10_000, [1, 2], 5));
    table.columns(0, [cpu]);
    table.tick(23, [0], [9]);
    expect(table.series[0]?.ring.at(20_000)).toBeNaN();
    expect(table.newestMs).toBe(23_000);
  });

  test('refuses buckets of another width than it draws', () => {
    expect(() => new SeriesTable(60, 1).fill(answer(0, [1], 5))).toThrow('asked for buckets of 1000 ms, got 5000 ms');
  });

  test('more series than fit are counted, not kept', () => {
    const table = new SeriesTable(60, 1);
    const many = Array.from({ length: SERIES_MAX + 3 }, (_, core) => ({ ...cpu, tags: { core: String(core) } }));
    table.columns(0, many);
    expect(table.size).toBe(SERIES_MAX);
    expect(table.refusedCount).toBe(3);
  });

  test('the order of tags does not make another series', () => {
    const tags = { a: '1', b: '2' };
    expect(seriesKey({ ...cpu, tags })).toBe(seriesKey({ ...cpu, tags: { b: '2', a: '1' } }));
  });
});
