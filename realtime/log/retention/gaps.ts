import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Static, Type } from 'typebox';
import { parserOf } from '../../../core/index.ts';
import { openLogReader } from '../log-reader.ts';

const FILE = 'gaps.jsonl';

/** A segment is larger than this by a group at most. */
const READ_BYTES_MAX = 64 * 1024 * 1024;

/** Seconds `from` to `to`, both inclusive, of which history will not have all; of `collectors`. */
const gapSchema = Type.Object(
  {
    segment: Type.Integer(),
    from: Type.Integer(),
    to: Type.Integer(),
    frames: Type.Integer(),
    collectors: Type.Array(Type.String()),
    droppedAtMs: Type.Number(),
  },
  { additionalProperties: false },
);

export type Gap = Static<typeof gapSchema>;

const parseGap = parserOf(gapSchema, 'LOG_CORRUPT', 'gap');

/** Writes down what a segment held, before it is dropped unread. */
export async function recordGap(directory: string, segment: number, nowMs: number): Promise<void> {
  const { frames } = await openLogReader(directory).read({ segment, offset: 0 }, { bytesMax: READ_BYTES_MAX });
  const own = frames.map(({ frame }) => frame);
  const seconds = own.map(({ second }) => second);
  const gap: Gap = {
    segment,
    from: seconds.reduce((least, second) => Math.min(least, second), seconds[0] ?? 0),
    to: seconds.reduce((most, second) => Math.max(most, second), 0),
    frames: own.length,
    collectors: [...new Set(own.map(({ collector }) => collector))].sort(),
    droppedAtMs: nowMs,
  };
  const handle = await open(join(directory, FILE), 'a', 0o640);
  try {
    await handle.appendFile(`${JSON.stringify(gap)}\n`);
    await handle.datasync();
  } finally {
    await handle.close();
  }
}

/** All gaps that were written down, oldest first. A line that a crash cut is left out. */
export async function readGaps(directory: string): Promise<Gap[]> {
  const text = await readFile(join(directory, FILE), 'utf8').catch(() => '');
  return text.split('\n').flatMap((line) => {
    try {
      return [parseGap(JSON.parse(line))];
    } catch {
      return [];
    }
  });
}
