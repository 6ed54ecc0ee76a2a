import { readFile, rename, writeFile } from 'node:fs/promises';
import { isAppError } from '../../core/index.ts';
import type { Tokens } from './tokens.ts';

/** Makes sure that the collector of this host has a token that works, in a file that only its owner reads. */
export async function localCollectorToken(tokens: Tokens, path: string): Promise<void> {
  if (await isValid(tokens, path)) return;
  const { secret } = await tokens.create('this-host', 'collector');
  await writeFile(`${path}.new`, `${secret}\n`, { mode: 0o600 });
  await rename(`${path}.new`, path);
}

async function isValid(tokens: Tokens, path: string): Promise<boolean> {
  try {
    await tokens.verify((await readFile(path, 'utf8')).trim(), 'collector');
    return true;
  } catch (error) {
    if (isAppError(error, 'TOKEN_REFUSED') || (error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}
