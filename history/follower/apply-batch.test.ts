import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type InsertFault, MemoryStore } from '../fakes/memory-store.ts';
import { MONTH_END, rollupRow, seriesRef } from '../fakes/rows.ts';
import { applyAgain, applyFirst, type Batch, CHUNK_ROWS_MAX } from './apply-batch.ts';

const series = seriesRef('applied');
const range = { from: MONTH_END, to: MONTH_END + 60 * 10, step: 600 };

function batchOf(batch: number, rowCount = 3): Batch {
  const rows = Array.from({ length: rowCount }, (_, index) => rollupRow(series, MONTH_END + index * 60, 1));
  return { name: { writer: 1, batch }, rows };
}

/** Tries until it succeeds, as the follower does. */
async function applyStubbornly(store: MemoryStore, batch: Batch): Promise<void> {
  await applyFirst(store, batch).catch(async () => {
    for (let attempt = 0; attempt < 10; attempt++) {
      const done = await applyAgain(store, batch).then(
        () => true,
        () => false,
      );
      if (done) return;
    }
    throw new Error('never arrived');
  });
}

describe('a batch', () => {
  test.each<InsertFault>(['lost', 'answer lost', 'token without rows', 'rows without token'])(
    'arrives exactly once when an insert is: %s',
    async (fault) => {
      const store = new MemoryStore();
      await applyStubbornly(store, batchOf(1));
      store.faults.push(fault);
      await applyStubbornly(store, batchOf(2));
      await applyStubbornly(store, batchOf(3));
      expect(await store.readBuckets([series.key], range)).toMatchObject([{ count: [9] }]);
    },
  );

  test('arrives exactly once under any sequence of faults', async () => {
    const fault = fc.constantFrom<InsertFault>('lost', 'answer lost', 'token without rows', 'rows without token');
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(fault, { maxLength: 6 }), { minLength: 1, maxLength: 8 }), async (batches) => {
        const store = new MemoryStore();
        for (const [index, faults] of batches.entries()) {
          store.faults.push(...faults);
          await applyStubbornly(store, batchOf(index + 1));
          store.faults.length = 0;
        }
        expect(await store.readBuckets([series.key], range)).toMatchObject([{ count: [3 * batches.length] }]);
      }),
    );
  });

  test('repeats a token only for the same rows', async () => {
    const store = new MemoryStore();
    const batch = batchOf(1, 2 * CHUNK_ROWS_MAX + 1);
    store.faults.push('answer lost');
    await expect(applyFirst(store, batch)).rejects.toThrow('answer lost');
    await applyAgain(store, batch);
    expect(store.tokens).toEqual(['1:1:0:0', '1:1:1:0', '1:1:2:0']);
  });

  test('says so when rows are never there', async () => {
    const store = new MemoryStore();
    store.insertRollups = () => Promise.resolve();
    await expect(applyAgain(store, batchOf(1))).rejects.toMatchObject({ code: 'HISTORY_UNAVAILABLE' });
  });
});
