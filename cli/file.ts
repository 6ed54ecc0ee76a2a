import { readFile } from 'node:fs/promises';
import { AppError } from '../core/index.ts';

export async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    const why =
      (cause as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such file' : 'the file can not be read';
    throw new AppError('CONFIG_INVALID', why, { where: file, cause });
  }
}

/** `1 rule`, `2 rules`. */
export const count = (number: number, what: string): string => `${number} ${what}${number === 1 ? '' : 's'}`;
