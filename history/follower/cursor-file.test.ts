import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { silentLogger } from '../../core/index.ts';
import { openCursor, readCursor, readCursorPosition, writeCursor } from './cursor-file.ts';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'saker-cursor-'));
  path = join(folder, 'cursor.json');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const cursor = {
  version: 1,
  writer: 7,
  batch: 3,
  position: { segment: 2, offset: 77 },
  intent: null,
  fromSecond: 0,
} as const;

describe('the cursor file', () => {
  test('gives back what was written, and leaves nothing beside it', async () => {
    await writeCursor(path, cursor);
    expect(await readCursor(path)).toEqual(cursor);
    expect(await readCursorPosition(path)).toEqual(cursor.position);
    expect(await readdir(folder)).toEqual(['cursor.json']);
  });

  test('is null where there is none', async () => {
    expect(await readCursor(path)).toBeNull();
    expect(await readCursorPosition(path)).toBeNull();
  });

  test.each(['', '{', '{"version":2}', JSON.stringify({ ...cursor, batch: -1 })])(
    'is refused when it is damaged: %s',
    async (text) => {
      await writeFile(path, text);
      await expect(readCursor(path)).rejects.toMatchObject({ code: 'LOG_CORRUPT', where: path });
    },
  );

  test('is begun after what the store holds when it is missing or damaged', async () => {
    const fresh = await openCursor(path, async () => null, silentLogger);
    expect(fresh).toMatchObject({ batch: 0, position: null, intent: null, fromSecond: 0 });
    await writeFile(path, 'x');
    const begun = await openCursor(path, async () => 600, silentLogger);
    expect(begun).toMatchObject({ position: null, fromSecond: 660 });
    expect(await readdir(folder)).toEqual(['cursor.json.damaged']);
  });
});
