/**
 * A batch goes into the store exactly once, though an insert may fail with its outcome unknown, and
 * the process may die between the insert and the note that it was done.
 *
 * Deduplication by token is the engine's, and not enough. It writes the token to its log *before*
 * the part is in place, so a crash in between makes it refuse rows that it does not have; and it
 * does not sync that log, so a power loss makes it take rows that it has. So each row carries the
 * number of the batch that it came with last (`batch`, a maximum, which merging keeps), and a retry
 * goes by the rows themselves:
 *
 * 1. ask which rows of the batch have arrived; insert the others, with the same token (an insert
 *    that is still under way on a server loses against it, or wins and is kept once);
 * 2. ask again. What is missing still was refused by a token without rows: insert it with a new one.
 */
import { AppError } from '../../core/index.ts';
import { appliedKey, type BatchName, type RollupRow, type RollupSink } from '../store/store.ts';

/** Rows of one insert. The engine makes one part a month of it, whole or not at all. */
export const CHUNK_ROWS_MAX = 50_000;

const ATTEMPTS_MAX = 3;

export type Batch = {
  readonly name: BatchName;
  /** Sorted, one for each series and minute (`RollupBlock.rows`). */
  readonly rows: readonly RollupRow[];
};

/** Writes a batch that was never tried before. Throws when the outcome is unknown: then `applyAgain`. */
export async function applyFirst(sink: RollupSink, batch: Batch): Promise<void> {
  for (const [index, rows] of chunksOf(batch.rows).entries()) {
    await sink.insertRollups(rows, batch.name, token(batch.name, index, 0));
  }
}

/** Writes what is missing of a batch that may have arrived, wholly or in part. */
export async function applyAgain(sink: RollupSink, batch: Batch): Promise<void> {
  const minutes = [...new Set(batch.rows.map(({ minute }) => minute))];
  for (let attempt = 0; ; attempt++) {
    const applied = await sink.appliedRows(batch.name, minutes);
    const isMissing = ({ series, minute }: RollupRow): boolean => !applied.has(appliedKey(series.key, minute));
    if (!batch.rows.some(isMissing)) return;
    if (attempt === ATTEMPTS_MAX) {
      throw new AppError('HISTORY_UNAVAILABLE', 'rows are not there after an insert that succeeded', {
        where: `batch ${batch.name.batch}`,
        hint: 'check that the history database is not changed by others; it is tried again',
      });
    }
    // Chunks are cut before rows are left out: a token always stands for the same rows.
    for (const [index, rows] of chunksOf(batch.rows).entries()) {
      const missing = rows.filter(isMissing);
      if (missing.length > 0) await sink.insertRollups(missing, batch.name, token(batch.name, index, attempt));
    }
  }
}

function chunksOf(rows: readonly RollupRow[]): RollupRow[][] {
  const chunks: RollupRow[][] = [];
  for (let from = 0; from < rows.length; from += CHUNK_ROWS_MAX) chunks.push(rows.slice(from, from + CHUNK_ROWS_MAX));
  return chunks;
}

const token = ({ writer, batch }: BatchName, chunk: number, attempt: number): string =>
  `${writer}:${batch}:${chunk}:${attempt}`;
