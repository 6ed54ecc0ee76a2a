import { readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Disk } from '../log/disk.ts';
import { syncDirectory } from '../log/segment-files.ts';

/** Windows are short-lived on disk, hours stay a day: they rest in files of their own. */
export type FileKind = 'windows' | 'hours';

/** A file of blocks, by its name: `00000001-windows-1700000100.blk`. */
export type FileName = {
  readonly number: number;
  readonly kind: FileKind;
  /** End of the newest block in it, seconds. */
  readonly end: number;
};

const FILE_NAME = /^(\d{8,})-(windows|hours)-(\d+)\.blk$/;
const UNFINISHED = '.tmp';

export const filePath = (directory: string, { number, kind, end }: FileName): string =>
  join(directory, `${String(number).padStart(8, '0')}-${kind}-${end}.blk`);

/** The files of a folder, newest first. What a crash left unfinished is removed. */
export async function listFiles(directory: string): Promise<FileName[]> {
  const files: FileName[] = [];
  for (const name of await readdir(directory)) {
    if (name.endsWith(UNFINISHED)) await rm(join(directory, name), { force: true });
    const [, number, kind, end] = FILE_NAME.exec(name) ?? [];
    if (number === undefined || kind === undefined) continue;
    files.push({ number: Number(number), kind: kind === 'hours' ? 'hours' : 'windows', end: Number(end) });
  }
  return files.sort((a, b) => b.number - a.number);
}

export const readFileBytes = (directory: string, file: FileName): Promise<Uint8Array> =>
  readFile(filePath(directory, file));

export async function removeFile(directory: string, file: FileName): Promise<void> {
  await rm(filePath(directory, file), { force: true });
}

/** Writes a file in pieces. It is there, whole and durable, when this resolves, or not at all. */
export async function writeFileWhole(
  directory: string,
  file: FileName,
  pieces: AsyncIterable<Uint8Array>,
  disk: Disk,
): Promise<void> {
  const path = filePath(directory, file);
  const handle = await disk.open(path + UNFINISHED, 'w', 0o640);
  try {
    for await (const piece of pieces) await handle.appendFile(piece);
    disk.reached('blocks-written');
    await handle.datasync();
    disk.reached('blocks-synced');
  } catch (error) {
    await handle.close().catch(() => {});
    await rm(path + UNFINISHED, { force: true }).catch(() => {});
    throw error;
  }
  await handle.close();
  await rename(path + UNFINISHED, path);
  disk.reached('blocks-renamed');
  await syncDirectory(directory);
}
