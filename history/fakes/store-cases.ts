import { deepEqual, equal } from 'node:assert/strict';
import type { BatchName, HistoryStore, SeriesBuckets, SeriesRef } from '../store/store.ts';
import { MONTH_END, nastyTexts, rollupRow, seriesRef } from './rows.ts';

type Case = { readonly name: string; readonly run: (store: HistoryStore) => Promise<void> };

/** What every `HistoryStore` must do: run over the engine, and over the fake that stands for it. */
export const storeCases: readonly Case[] = [
  { name: 'combines what comes for the same minute, however late', run: combinesMinutes },
  { name: 'takes a token once, also where its rows lie in two months', run: takesTokenOnce },
  { name: 'tells which rows of a batch it has, until after they were combined', run: tellsApplied },
  { name: 'finds series by metric, endpoint and tags, and knows a missing tag from an empty one', run: findsSeries },
  { name: 'keeps every bit of a double', run: keepsDoubles },
  { name: 'gives back any text as it came', run: keepsTexts },
];

let batch = 0;
const nextName = (): BatchName => ({ writer: 7, batch: ++batch });

async function minuteOf(store: HistoryStore, { key }: SeriesRef, minute: number): Promise<SeriesBuckets | undefined> {
  const [row] = await store.readBuckets([key], { from: minute, to: minute + 60, step: 60 });
  return row;
}

async function combinesMinutes(store: HistoryStore): Promise<void> {
  const series = seriesRef('combines');
  for (const [value, second] of [
    [5, 30],
    [1, 10],
    [9, 50],
  ] as const) {
    const row = rollupRow(series, MONTH_END, value, MONTH_END + second);
    await store.insertRollups([row], nextName(), `combines ${value}`);
  }
  const expected = { key: series.key, buckets: [0], count: [3], min: [1], max: [9], mean: [5] };
  deepEqual(await minuteOf(store, series, MONTH_END), expected);
}

async function takesTokenOnce(store: HistoryStore): Promise<void> {
  const series = seriesRef('token');
  const rows = [rollupRow(series, MONTH_END, 1), rollupRow(series, MONTH_END + 120, 2)];
  const first = nextName();
  for (let attempt = 0; attempt < 3; attempt++) await store.insertRollups(rows, first, 'same');
  await store.insertRollups(rows, nextName(), 'other');
  deepEqual((await minuteOf(store, series, MONTH_END))?.count, [2]);
  deepEqual((await minuteOf(store, series, MONTH_END + 120))?.count, [2]);
}

async function tellsApplied(store: HistoryStore): Promise<void> {
  const [here, there] = [seriesRef('here'), seriesRef('there')];
  const [older, newer] = [nextName(), nextName()];
  await store.insertRollups([rollupRow(here, MONTH_END, 1), rollupRow(there, MONTH_END, 1)], older, 'older');
  await store.insertRollups([rollupRow(here, MONTH_END, 1)], newer, 'newer');
  const applied = await store.appliedRows(newer, [MONTH_END, MONTH_END + 60]);
  deepEqual([...applied], [`${here.key}/${MONTH_END}`]);
  equal((await store.appliedRows(newer, [MONTH_END + 60])).size, 0);
  equal((await store.appliedRows({ ...newer, writer: 8 }, [MONTH_END])).size, 0);
  equal((await store.appliedRows(older, [MONTH_END])).size, 2);
}

async function findsSeries(store: HistoryStore): Promise<void> {
  const plain = seriesRef('finds', 'find.me');
  const empty = seriesRef('finds', 'find.me', { core: '' });
  const third = seriesRef('finds also', 'find.me', { core: '3', other: 'x' });
  await store.insertSeries([plain, empty, third], 20_000);
  await store.insertSeries([plain, third], 20_001);
  const find = async (endpoints: string[], tags: Record<string, string>): Promise<string[]> => {
    const found = await store.findSeries({ metrics: ['find.me', 'not.there'], endpoints, tags }, 10);
    return found.map(({ key }) => key).sort();
  };
  deepEqual(await find([], {}), [plain.key, empty.key, third.key].sort());
  deepEqual(await find(['finds'], {}), [plain.key, empty.key].sort());
  deepEqual(await find([], { core: '' }), [empty.key]);
  deepEqual(await find([], { core: '3' }), [third.key]);
  deepEqual(await find(['nobody'], {}), []);
  equal((await store.findSeries({ metrics: ['find.me'], endpoints: [], tags: {} }, 2)).length, 2);
}

async function keepsDoubles(store: HistoryStore): Promise<void> {
  const series = seriesRef('doubles');
  const values = [0.1 + 0.2, 1e-7, 5e-324, 1.7976931348623157e308, -123456789.12345679, 2 ** 53 + 2, 1 / 3];
  const rows = values.map((value, index) => rollupRow(series, MONTH_END + index * 60, value));
  await store.insertRollups(rows, nextName(), 'doubles');
  const [row] = await store.readBuckets([series.key], { from: MONTH_END, to: MONTH_END + 3600, step: 60 });
  const byBucket = new Map(row?.buckets.map((bucket, index) => [bucket, row.min[index]]));
  deepEqual(
    values.map((_, index) => byBucket.get(index)),
    values,
  );
}

async function keepsTexts(store: HistoryStore): Promise<void> {
  const refs = nastyTexts.map((text) => seriesRef(`nasty${text}`, 'nasty.text', { [`key${text}`]: text }));
  await store.insertSeries(refs, 20_000);
  const all = await store.findSeries({ metrics: ['nasty.text'], endpoints: [], tags: {} }, 100);
  const identities = (series: readonly SeriesRef[]) => new Map(series.map(({ key, identity }) => [key, identity]));
  deepEqual(identities(all), identities(refs));
  for (const { key, identity } of refs) {
    const selection = { metrics: ['nasty.text'], endpoints: [identity.endpoint], tags: identity.tags };
    const found = await store.findSeries(selection, 10);
    deepEqual(
      found.map((ref) => ref.key),
      [key],
    );
  }
}
