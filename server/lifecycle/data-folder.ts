import { access, constants, mkdir, open, readFile, rm } from 'node:fs/promises';
import { AppError, describeError } from '../../core/index.ts';
import type { DataPaths } from '../config.ts';

/** Makes the data folder, for its owner's eyes only. Throws `CONFIG_INVALID` when it can not be written. */
export async function prepareDataFolder(paths: DataPaths): Promise<void> {
  try {
    await mkdir(paths.directory, { recursive: true, mode: 0o700 });
    await mkdir(paths.log, { recursive: true, mode: 0o700 });
    await access(paths.directory, constants.W_OK);
  } catch (cause) {
    throw new AppError('CONFIG_INVALID', `the data folder can not be used: ${describeError(cause)}`, {
      hint: 'give --data-dir a folder that this user may write',
      cause,
    });
  }
}

/**
 * Takes the folder for this process; two servers on one log would destroy it. A lock whose process
 * is gone (after kill -9) is taken over. Throws `DATA_DIR_LOCKED`. Returns how to let go.
 */
export async function lockDataFolder(paths: DataPaths, pid: number): Promise<() => Promise<void>> {
  const mine = `${pid} ${await startTimeOf(pid)}`;
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      const handle = await open(paths.lock, 'wx', 0o600);
      await handle.writeFile(mine);
      await handle.close();
      return () => rm(paths.lock, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const [holder = '', startTime = ''] = (await readFile(paths.lock, 'utf8')).split(' ');
    if ((await startTimeOf(Number(holder))) === startTime && startTime !== '') throw lockedBy(holder, paths);
    await rm(paths.lock, { force: true });
  }
  throw lockedBy('another', paths);
}

function lockedBy(holder: string, paths: DataPaths): AppError {
  return new AppError('DATA_DIR_LOCKED', `process ${holder} uses this data folder`, {
    where: paths.directory,
    hint: 'stop it first, or start with another --data-dir',
  });
}

/** Start time of a process in clock ticks since boot (proc(5), stat field 22); empty when it is gone. */
async function startTimeOf(pid: number): Promise<string> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}
