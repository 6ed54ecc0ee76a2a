/** Which files the globs of a log monitor mean: `*` and `?` within one part of a path. */
import { readdir } from 'node:fs/promises';
import { AppError, matchesWildcard } from '../../../../core/index.ts';
import type { FileGate } from './file-gate.ts';

export const FILES_MAX = 100;
/** Entries of folders that are looked at for one glob. */
const ENTRIES_MAX = 10_000;

/** Paths in the order of their names; a path without a star is taken as it stands. Throws `CONFIG_INVALID` beyond 100. */
export async function filesOf(globs: readonly string[], gate: FileGate): Promise<readonly string[]> {
  const found = new Set<string>();
  for (const glob of globs) for (const path of await expand(glob, gate)) found.add(path);
  if (found.size <= FILES_MAX) return [...found];
  throw new AppError('CONFIG_INVALID', `${found.size} files fit; ${FILES_MAX} at most`, {
    hint: 'write narrower patterns, or several monitors',
  });
}

async function expand(glob: string, gate: FileGate): Promise<readonly string[]> {
  if (!/[*?]/.test(glob)) return [glob];
  let folders = ['/'];
  let looked = 0;
  const parts = glob.split('/').filter((part) => part !== '');
  for (const [index, part] of parts.entries()) {
    const isLast = index === parts.length - 1;
    const next: string[] = [];
    for (const folder of folders) {
      const join = (name: string): string => `${folder === '/' ? '' : folder}/${name}`;
      if (!/[*?]/.test(part)) {
        next.push(join(part));
        continue;
      }
      const entries = await gate.pass(folder, () => readdir(folder, { withFileTypes: true }).catch(() => []));
      looked += entries.length;
      if (looked > ENTRIES_MAX) throw new AppError('CONFIG_INVALID', `${glob} looks at more than ${ENTRIES_MAX} names`);
      for (const entry of entries) {
        const fits = matchesGlob(part, entry.name) && !(entry.name.startsWith('.') && !part.startsWith('.'));
        if (fits && (isLast ? !entry.isDirectory() : !entry.isFile())) next.push(join(entry.name));
      }
    }
    folders = next.sort();
  }
  return folders;
}

/** `?` is any one character. */
function matchesGlob(part: string, name: string): boolean {
  if (!part.includes('?')) return matchesWildcard(part, name);
  const escaped = part
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*+/g, '.*')
    .replace(/\?/g, '.');
  return new RegExp(`^${escaped}$`, 'su').test(name);
}
