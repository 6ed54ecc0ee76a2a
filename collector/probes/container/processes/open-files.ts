/**
 * Open file descriptors of processes. Since Linux 6.2 the size of `/proc/<pid>/fd` is their number
 * (fs/proc/fd.c), which costs one call a process; older kernels say 0, and have to be asked for the
 * names, which is done for few processes only.
 */
import { readdirSync, statSync } from 'node:fs';

/** Where the names must be listed, each perhaps thousands. */
const LISTED_PROCESSES_MAX = 10;

/** NaN where they can not be told. */
export function openFilesOf(procRoot: string, pids: readonly number[]): number {
  let total = 0;
  let listedCount = 0;
  for (const pid of pids) {
    const folder = `${procRoot}/${pid}/fd`;
    let count = sizeOf(folder);
    if (count === 0) {
      if (++listedCount > LISTED_PROCESSES_MAX) return Number.NaN;
      count = entriesOf(folder);
    }
    total += count;
  }
  return total;
}

/** Descriptors of one process; 0 where the kernel does not say, or the process has ended. */
function sizeOf(folder: string): number {
  // A missing folder is a process that ended meanwhile. Other failures (no permission) show in the listing.
  try {
    const stat = statSync(folder, { throwIfNoEntry: false });
    return stat === undefined || stat.blocks > 0 ? 0 : stat.size;
  } catch {
    return 0;
  }
}

/** NaN where we may not look: the sum is not known then. */
function entriesOf(folder: string): number {
  try {
    return readdirSync(folder).length;
  } catch (error) {
    const isGone = error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH');
    return isGone ? 0 : Number.NaN;
  }
}
