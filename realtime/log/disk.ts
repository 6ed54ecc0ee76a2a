/**
 * The way to the disk, as far as tests must get in between: to end a process at a named point of it, and to let a sync
 * fail, which no real disk does when asked.
 */
import { type FileHandle, open } from 'node:fs/promises';

/** In the order in which a second meets them: into the log, into blocks, out of the log. */
export const writePoints = [
  'segment-made',
  'group-written',
  'group-synced',
  'blocks-written',
  'blocks-synced',
  'blocks-renamed',
  'file-removed',
  'segment-removed',
] as const;

export type WritePoint = (typeof writePoints)[number];

export type Disk = {
  readonly open: (path: string, flags: 'w' | 'wx', mode: number) => Promise<FileHandle>;
  readonly reached: (point: WritePoint) => void;
};

export const realDisk: Disk = { open, reached: () => {} };
