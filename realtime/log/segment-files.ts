import { open, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

const SEGMENT_NAME = /^(\d{8})\.seg$/;

export const segmentPath = (directory: string, segment: number): string =>
  join(directory, `${String(segment).padStart(8, '0')}.seg`);

/** Numbers of the segments in a folder, ascending. */
export async function listSegments(directory: string): Promise<number[]> {
  const names = await readdir(directory);
  return names
    .map((name) => SEGMENT_NAME.exec(name)?.[1])
    .filter((digits) => digits !== undefined)
    .map(Number)
    .sort((a, b) => a - b);
}

/** The bytes of a segment from `from` (inclusive) to `to` (exclusive, the end when left out). */
export async function readSegment(directory: string, segment: number, from = 0, to?: number): Promise<Uint8Array> {
  const handle = await open(segmentPath(directory, segment), 'r');
  try {
    const end = Math.min(to ?? Number.POSITIVE_INFINITY, (await handle.stat()).size);
    const bytes = new Uint8Array(Math.max(0, end - from));
    let filled = 0;
    while (filled < bytes.length) {
      const { bytesRead } = await handle.read(bytes, filled, bytes.length - filled, from + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return bytes.subarray(0, filled);
  } finally {
    await handle.close();
  }
}

export const statSegment = async (
  directory: string,
  segment: number,
): Promise<{ bytes: number; writtenAtMs: number }> => {
  const { size, mtimeMs } = await stat(segmentPath(directory, segment));
  return { bytes: size, writtenAtMs: mtimeMs };
};

export async function removeSegment(directory: string, segment: number): Promise<void> {
  await rm(segmentPath(directory, segment), { force: true });
}

/** Makes creations and removals in a folder durable. */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
