/**
 * Whether a script may run with the collector's rights: only what root alone can write may.
 *
 * The script and its folder belong to root and nobody else can write them. The folders above them
 * too, or they are sticky like /tmp, where others can not rename what is root's.
 */
import type { Stats } from 'node:fs';
import { lstat, realpath } from 'node:fs/promises';
import { dirname } from 'node:path';
import { AppError } from '../../../../core/index.ts';

const ROOT = 0;
const WRITABLE_BY_OTHERS = 0o022;
const STICKY = 0o1000;

/**
 * The path without symbolic links. Throws `CONFIG_INVALID` where it is not there, is something else,
 * or could be changed by somebody who is not root.
 */
export async function trustedPath(path: string, wanted: 'script' | 'folder'): Promise<string> {
  const real = await realpath(path).catch((cause: NodeJS.ErrnoException) => {
    throw new AppError('CONFIG_INVALID', `${path} can not be found (${cause.code ?? cause.message})`, { cause });
  });
  const found = await lstat(real);
  if (wanted === 'folder' && !found.isDirectory()) throw new AppError('CONFIG_INVALID', `${path} is no folder`);
  if (wanted === 'script' && !found.isFile()) throw new AppError('CONFIG_INVALID', `${path} is no file`);
  refuseOthers(real, found);
  if (wanted === 'script') refuseOthers(dirname(real), await lstat(dirname(real)));
  const start = wanted === 'script' ? dirname(real) : real;
  for (let folder = dirname(start); ; folder = dirname(folder)) {
    const above = await lstat(folder);
    if ((above.mode & STICKY) === 0) refuseOthers(folder, above);
    if (folder === '/') break;
  }
  if (wanted === 'script' && (found.mode & 0o111) === 0) {
    throw new AppError('CONFIG_INVALID', `${path} is not executable`, { hint: `chmod 755 ${path}` });
  }
  return real;
}

function refuseOthers(path: string, { uid, mode }: Stats): void {
  if (uid !== ROOT) {
    throw new AppError('CONFIG_INVALID', `${path} belongs to user ${uid}, not to root; nothing in it is run`, {
      hint: `chown root ${path}`,
    });
  }
  if ((mode & WRITABLE_BY_OTHERS) !== 0) {
    throw new AppError('CONFIG_INVALID', `${path} can be written by others than root; nothing in it is run`, {
      hint: `chmod go-w ${path}`,
    });
  }
}
