import { describe, expect, test } from 'vitest';
import { writePoints } from '../../realtime/index.ts';
import { killAtWritePoint } from '../harness/storage/kill-at-write-points.ts';
import { streamOfFrames } from '../harness/storage/stream.ts';

/** How often a process reaches its point before it dies there, one process after the other. */
const TIMES = [1, 2, 4];

describe('kill -9 at a named point of the write path', () => {
  test.each(writePoints)('%s: nothing acknowledged is lost, nothing is logged twice', async (point) => {
    const outcome = await killAtWritePoint(point, TIMES);
    expect(outcome).toMatchObject({ kills: TIMES.length, acknowledged: streamOfFrames().length, wrong: 0, twice: 0 });
    expect(outcome.segmentsFreed).toBeGreaterThan(2);
  });
});
