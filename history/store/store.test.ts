import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../core/index.ts';
import { MemoryStore } from '../fakes/memory-store.ts';
import { MONTH_END, rollupRow, seriesRef } from '../fakes/rows.ts';
import { storeCases } from '../fakes/store-cases.ts';
import { connect } from './connect.ts';
import { migrate, migrations } from './migrations.ts';
import { type HistoryStore, openStore } from './store.ts';

/** Nothing may expire under the tests. */
const KEEP_DAYS = 3650;

let folder: string;
let store: HistoryStore;
const open = (retentionDays = KEEP_DAYS) =>
  openStore({ kind: 'embedded', directory: join(folder, 'engine') }, { clock: systemClock, retentionDays });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'saker-store-'));
  store = await open();
});

afterAll(async () => {
  await store.close(5000);
  await rm(folder, { recursive: true, force: true });
});

describe('a history store', () => {
  const memory = new MemoryStore();
  test.each(storeCases)('$name: in memory', ({ run }) => run(memory));
  test.each(storeCases)('$name: in the engine', ({ run }) => run(store));
});

describe('the embedded engine', () => {
  test('opens again with all rows, also under another retention', async () => {
    const series = seriesRef('reopened');
    await store.insertRollups([rollupRow(series, MONTH_END, 4)], { writer: 7, batch: 1000 }, 'reopened');
    await store.close(5000);
    store = await open(KEEP_DAYS - 1);
    expect(await store.newestMinute()).toBeGreaterThanOrEqual(MONTH_END);
    await store.close(5000);
    store = await open(KEEP_DAYS);
    const [row] = await store.readBuckets([series.key], { from: MONTH_END, to: MONTH_END + 60, step: 60 });
    expect(row).toMatchObject({ count: [1], mean: [4] });
    await store.insertRollups([rollupRow(series, MONTH_END, 4)], { writer: 7, batch: 1000 }, 'reopened');
    const [again] = await store.readBuckets([series.key], { from: MONTH_END, to: MONTH_END + 60, step: 60 });
    expect(again).toMatchObject({ count: [1] });
  });

  test('refuses a retention that a date can not hold, by name', async () => {
    await expect(open(36_500)).rejects.toMatchObject({ code: 'CONFIG_INVALID', where: 'history.retentionDays' });
    await expect(open(0.5)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });

  test('migrates once, and two at a time do no harm', async () => {
    const { writer, reader, close } = await connect(
      { kind: 'embedded', directory: join(folder, 'engine') },
      systemClock,
    );
    try {
      expect(await migrate(writer)).toEqual([]);
      await writer.command({ query: 'TRUNCATE TABLE migrations' });
      const applied = await Promise.all([migrate(writer), migrate(reader)]);
      expect(applied.flat()).toEqual(expect.arrayContaining(migrations.map(({ id }) => id)));
      expect(await migrate(writer)).toEqual([]);
    } finally {
      await close(5000);
    }
  });
});
