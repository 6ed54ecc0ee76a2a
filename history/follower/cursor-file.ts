import { randomInt } from 'node:crypto';
import { open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Static, Type } from 'typebox';
import { AppError, type Logger, parserOf } from '../../core/index.ts';
import type { LogPosition } from '../ports.ts';

const closed = { additionalProperties: false } as const;
const count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const position = Type.Object({ segment: count, offset: count }, closed);

const cursorSchema = Type.Object(
  {
    version: Type.Literal(1),
    /** Names this follower in the rows that it writes. */
    writer: Type.Integer({ minimum: 0, maximum: 2 ** 32 - 1 }),
    /** Number of the last batch that is in the store. */
    batch: count,
    /** End of that batch; null before the first. */
    position: Type.Union([Type.Null(), position]),
    /** End of the batch that is being written: it may be in the store, or not. */
    intent: Type.Union([Type.Null(), position]),
    /** Seconds before this one are left out: a lost cursor must not count them twice. */
    fromSecond: count,
  },
  closed,
);

export type Cursor = Static<typeof cursorSchema>;

const parseCursor = parserOf(cursorSchema, 'LOG_CORRUPT', 'the history cursor');

/** Where history reads next, for the log's retention; null when it has read nothing yet. */
export async function readCursorPosition(path: string): Promise<LogPosition | null> {
  return (await readCursor(path))?.position ?? null;
}

/** The cursor, or null when there is no file. Throws `LOG_CORRUPT` when the file is damaged. */
export async function readCursor(path: string): Promise<Cursor | null> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
  try {
    return parseCursor(JSON.parse(text));
  } catch (cause) {
    throw new AppError('LOG_CORRUPT', 'the history cursor can not be read', { where: path, cause });
  }
}

/** Replaces the file so that a crash leaves the old or the new one. Durable when it returns. */
export async function writeCursor(path: string, cursor: Cursor): Promise<void> {
  const temporary = `${path}.new`;
  const file = await open(temporary, 'w', 0o600);
  try {
    await file.writeFile(`${JSON.stringify(cursor)}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
  const folder = await open(dirname(path), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/**
 * The cursor to go on with. Where it is missing or damaged, the store's newest minute tells what is
 * there already, and reading begins after it: at worst a minute is missing, and none counts twice.
 */
export async function openCursor(
  path: string,
  newestMinute: () => Promise<number | null>,
  logger: Logger,
): Promise<Cursor> {
  let found: Cursor | null = null;
  try {
    found = await readCursor(path);
  } catch (error) {
    logger.error({ path, error }, 'the history cursor is damaged; it is kept beside and begun anew');
    await rename(path, `${path}.damaged`);
  }
  if (found !== null) return found;
  const newest = await newestMinute();
  const fromSecond = newest === null ? 0 : newest + 60;
  return { version: 1, writer: randomInt(2 ** 32), batch: 0, position: null, intent: null, fromSecond };
}
