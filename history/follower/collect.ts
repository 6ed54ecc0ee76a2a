import { comparePositions, type LogPosition, type LogReader } from '../ports.ts';
import { RollupBlock, type Window } from './rollup-block.ts';

/** Log of one batch: 2 M samples at most, as 40,000 series make in a minute. */
const BATCH_BYTES_MAX = 4 * 1024 * 1024;

/** Rows of one batch, give or take what one read holds: 100 MB as objects, 20 MB as JSON. */
const BATCH_ROWS_MAX = 200_000;

const READ_BYTES_MAX = 1024 * 1024;

export type Collected = {
  readonly block: RollupBlock;
  readonly end: LogPosition | null;
  readonly damagedBytes: number;
  /** Segments that were gone before they were read. */
  readonly gapSegments: number;
  /** More is waiting, most likely. */
  readonly isFull: boolean;
};

/**
 * Reads a batch: what is new after `from`, within the limits; or, to repeat one, all up to `until`
 * and nothing beyond.
 */
export async function collect(
  reader: LogReader,
  from: LogPosition | null,
  window: Window,
  until: LogPosition | null = null,
): Promise<Collected> {
  const block = new RollupBlock(window);
  let [end, bytes, damagedBytes, gapSegments] = [from, 0, 0, 0];
  const isFull = () => until === null && (bytes >= BATCH_BYTES_MAX || block.rowCount >= BATCH_ROWS_MAX);
  while (!isFull()) {
    const options = { bytesMax: READ_BYTES_MAX, ...(until === null ? {} : { until }) };
    const batch = await reader.read(end, options);
    if (batch.frames.length === 0 && batch.bytes === 0) break;
    // The segment that held the end is gone, and reading went on in a later one.
    if (until !== null && comparePositions(batch.next, until) > 0) break;
    if (end !== null) gapSegments += Math.max(0, batch.next.segment - end.segment - 1);
    for (const frame of batch.frames) block.add(frame);
    damagedBytes += batch.damagedBytes ?? 0;
    bytes += batch.bytes;
    end = batch.next;
    if (until !== null && comparePositions(end, until) === 0) break;
  }
  return { block, end: until ?? end, damagedBytes, gapSegments, isFull: isFull() };
}
