import { describe, expect, test } from 'vitest';
import { MemoryStore } from '../fakes/memory-store.ts';
import { rollupRow, seriesRef } from '../fakes/rows.ts';
import { queryLimits, queryRange } from './query-range.ts';

const HOUR = 1_760_000_400;
const select = { metrics: ['cpu.busy'] };
const at = (fromSecond: number, toSecond: number) => ({ fromMs: fromSecond * 1000, toMs: toSecond * 1000 });

async function storeOf(endpoints: readonly string[], minutes: readonly number[]): Promise<MemoryStore> {
  const store = new MemoryStore();
  const series = endpoints.map((endpoint) => seriesRef(endpoint));
  await store.insertSeries(series);
  const rows = series.flatMap((ref) => minutes.map((minute, index) => rollupRow(ref, HOUR + minute * 60, index)));
  await store.insertRollups(rows, { writer: 1, batch: 1 }, 'rows');
  return store;
}

describe('a range query', () => {
  test('puts minutes into buckets and leaves empty ones empty', async () => {
    const store = await storeOf(['web'], [0, 1, 5, 9]);
    const answer = await queryRange(store, { select, ...at(HOUR, HOUR + 600), stepSeconds: 120 });
    expect(answer).toEqual({
      fromMs: HOUR * 1000,
      toMs: (HOUR + 600) * 1000,
      stepSeconds: 120,
      sources: ['history'],
      series: [
        {
          endpoint: 'web',
          metric: 'cpu.busy',
          tags: {},
          unit: 'percent',
          count: [2, 0, 1, 0, 1],
          min: [0, null, 2, null, 3],
          max: [1, null, 2, null, 3],
          avg: [0.5, null, 2, null, 3],
        },
      ],
    });
  });

  test.each([
    [1, 60],
    [60, 60],
    [61, 120],
    [90, 120],
    [3600, 3600],
  ])('raises a step of %i s to %i s', async (stepSeconds, used) => {
    const answer = await queryRange(await storeOf(['web'], [0]), { select, ...at(HOUR, HOUR + 600), stepSeconds });
    expect(answer.stepSeconds).toBe(used);
  });

  test('chooses a step for about 600 buckets when none is asked for', async () => {
    const answer = await queryRange(await storeOf(['web'], [0]), { select, ...at(HOUR, HOUR + 30 * 86_400) });
    expect(answer.stepSeconds).toBe(4320);
    expect(answer.series[0]?.count).toHaveLength(601);
  });

  test('rounds its ends outwards to whole steps', async () => {
    const store = await storeOf(['web'], [0, 1, 2]);
    const answer = await queryRange(store, { select, ...at(HOUR + 1, HOUR + 61), stepSeconds: 60 });
    expect(answer).toMatchObject({ fromMs: HOUR * 1000, toMs: (HOUR + 120) * 1000, series: [{ count: [1, 1] }] });
  });

  test('sorts series by name and leaves out those without a sample', async () => {
    const store = await storeOf(['b', 'a'], [0]);
    await store.insertSeries([seriesRef('silent')]);
    const answer = await queryRange(store, { select, ...at(HOUR, HOUR + 60) });
    expect(answer.series.map(({ endpoint }) => endpoint)).toEqual(['a', 'b']);
  });

  test('refuses what is beyond a limit, by its name', async () => {
    const store = await storeOf(['a', 'b', 'c'], [0]);
    const query = { select, ...at(HOUR, HOUR + 600), stepSeconds: 60 };
    const ask = (limits: Partial<typeof queryLimits>) =>
      queryRange(store, query, { limits: { ...queryLimits, ...limits } });
    await expect(ask({ seriesMax: 2 })).rejects.toMatchObject({ code: 'QUERY_LIMIT', where: 'history.seriesMax' });
    await expect(ask({ bucketsMax: 9 })).rejects.toMatchObject({ code: 'QUERY_LIMIT', where: 'history.bucketsMax' });
    await expect(ask({ pointsMax: 29 })).rejects.toMatchObject({ code: 'QUERY_LIMIT', where: 'history.pointsMax' });
    await expect(ask({ seriesMax: 3, bucketsMax: 10, pointsMax: 30 })).resolves.toMatchObject({ stepSeconds: 60 });
  });

  test('refuses an empty range', async () => {
    const empty = queryRange(new MemoryStore(), { select, fromMs: 5, toMs: 5 });
    await expect(empty).rejects.toMatchObject({ code: 'BAD_REQUEST', where: '/toMs' });
  });

  test('writes values that overflowed as words', async () => {
    const store = await storeOf(['web'], [0]);
    const readBuckets = store.readBuckets.bind(store);
    store.readBuckets = async (...question) =>
      (await readBuckets(...question)).map((row) => ({ ...row, min: ['-inf'], max: ['nan'], mean: ['inf'] }));
    const { series } = await queryRange(store, { select, ...at(HOUR, HOUR + 60) });
    expect(series).toMatchObject([{ min: ['-Infinity'], max: ['NaN'], avg: ['Infinity'] }]);
  });
});
