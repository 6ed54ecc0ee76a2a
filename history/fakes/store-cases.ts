import { describe, expect, test } from 'vitest';
import { seriesKey } from '../follower/series-names.ts';
import type { HistoryStore, RollupRow, SeriesRef } from '../store/store.ts';

/** 2026-01-31 23:58 UTC: two minutes further is another month, and another partition. */
export const MONTH_END = Date.UTC(2026, 0, 31, 23, 58) / 1000;

export function seriesRef(endpoint: string, metric = 'cpu.busy', tags = {}): SeriesRef {
  const identity = { endpoint, metric, tags };
  return { key: seriesKey(identity), identity };
}

export function rollupRow(series: SeriesRef, minute: number, value: number, second = minute): RollupRow {
  return { series, minute, min: value, max: value, sum: value, count: 1, lastSecond: second, last: value };
}

/** Text that breaks whatever is put together from strings. */
export const nastyTexts = [
  "'; DROP TABLE series; --",
  '\\',
  "\\'",
  '{metrics:Array(String)}',
  '`"',
  'a\tb\nc\rd',
  'nul\u0000nul',
  '\\N',
  'NULL',
  '%s %20 &?#',
  'é漢😀',
  '',
  ' ',
  '[]',
  ')',
];

/** What every `HistoryStore` must do: run over the engine, and over the fake that stands for it. */
export function storeCases(name: string, store: () => HistoryStore): void {
  let batch = 0;
  const nextName = () => ({ writer: 7, batch: ++batch });
  const bucketsOf = async (series: SeriesRef, from: number, minutes: number) => {
    const [row] = await store().readBuckets([series.key], { from, to: from + minutes * 60, step: minutes * 60 });
    return row;
  };

  describe(`${name}: a history store`, () => {
    test('combines what comes for the same minute, however late', async () => {
      const series = seriesRef('combines');
      for (const [value, second] of [
        [5, 30],
        [1, 10],
        [9, 50],
      ] as const) {
        await store().insertRollups([rollupRow(series, MONTH_END, value, MONTH_END + second)], nextName(), `c${batch}`);
      }
      const row = await bucketsOf(series, MONTH_END, 1);
      expect(row).toEqual({ key: series.key, buckets: [0], count: [3], min: [1], max: [9], mean: [5] });
    });

    test('takes a token once, also where its rows lie in two months', async () => {
      const series = seriesRef('token');
      const rows = [rollupRow(series, MONTH_END, 1), rollupRow(series, MONTH_END + 120, 2)];
      const first = nextName();
      for (let attempt = 0; attempt < 3; attempt++) await store().insertRollups(rows, first, 'same');
      await store().insertRollups(rows, nextName(), 'other');
      expect(await bucketsOf(series, MONTH_END, 1)).toMatchObject({ count: [2] });
      expect(await bucketsOf(series, MONTH_END + 120, 1)).toMatchObject({ count: [2] });
    });

    test('tells which rows of a batch it has, until after they were combined', async () => {
      const [here, there] = [seriesRef('here'), seriesRef('there')];
      const [older, newer] = [nextName(), nextName()];
      await store().insertRollups([rollupRow(here, MONTH_END, 1), rollupRow(there, MONTH_END, 1)], older, 'b1');
      await store().insertRollups([rollupRow(here, MONTH_END, 1)], newer, 'b2');
      const applied = await store().appliedRows(newer, [MONTH_END, MONTH_END + 60]);
      expect([...applied]).toEqual([`${here.key}/${MONTH_END}`]);
      expect(await store().appliedRows(newer, [MONTH_END + 60])).toEqual(new Set());
      expect(await store().appliedRows({ ...newer, writer: 8 }, [MONTH_END])).toEqual(new Set());
      expect((await store().appliedRows(older, [MONTH_END])).size).toBe(2);
    });

    test('finds series by metric, endpoint and tags, and knows a missing tag from an empty one', async () => {
      const plain = seriesRef('finds', 'find.me');
      const empty = seriesRef('finds', 'find.me', { core: '' });
      const third = seriesRef('finds also', 'find.me', { core: '3', other: 'x' });
      await store().insertSeries([plain, empty, third], 20_000);
      await store().insertSeries([plain, third], 20_001);
      const find = async (endpoints: string[], tags: Record<string, string>, limit = 10) => {
        const found = await store().findSeries({ metrics: ['find.me', 'not.there'], endpoints, tags }, limit);
        return found.map(({ key }) => key).sort();
      };
      expect(await find([], {})).toEqual([plain.key, empty.key, third.key].sort());
      expect(await find(['finds'], {})).toEqual([plain.key, empty.key].sort());
      expect(await find([], { core: '' })).toEqual([empty.key]);
      expect(await find([], { core: '3' })).toEqual([third.key]);
      expect(await find(['nobody'], {})).toEqual([]);
      expect(await find([], {}, 2)).toHaveLength(2);
    });

    test('keeps every bit of a double', async () => {
      const series = seriesRef('doubles');
      const values = [0.1 + 0.2, 1e-7, 5e-324, 1.7976931348623157e308, -123456789.12345679, 2 ** 53 + 2, 1 / 3];
      const rows = values.map((value, index) => rollupRow(series, MONTH_END + index * 60, value));
      await store().insertRollups(rows, nextName(), 'doubles');
      const [row] = await store().readBuckets([series.key], { from: MONTH_END, to: MONTH_END + 3600, step: 60 });
      const byBucket = new Map(row?.buckets.map((bucket, index) => [bucket, row.min[index]]));
      expect(values.map((_, index) => byBucket.get(index))).toEqual(values);
    });

    test('gives back any text as it came', async () => {
      const refs = nastyTexts.map((text) => seriesRef(`nasty${text}`, 'nasty.text', { [`key${text}`]: text }));
      await store().insertSeries(refs, 20_000);
      const all = await store().findSeries({ metrics: ['nasty.text'], endpoints: [], tags: {} }, 100);
      expect(new Map(all.map(({ key, identity }) => [key, identity]))).toEqual(
        new Map(refs.map(({ key, identity }) => [key, identity])),
      );
      for (const { key, identity } of refs) {
        const found = await store().findSeries(
          { metrics: ['nasty.text'], endpoints: [identity.endpoint], tags: identity.tags },
          10,
        );
        expect(found.map((ref) => ref.key)).toEqual([key]);
      }
    });
  });
}
