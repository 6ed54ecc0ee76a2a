import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ScriptMonitor } from '../../../../core/index.ts';
import { trustedPath } from './trusted-path.ts';

const SCRIPTS_MAX = 100;
const SECONDS_MAX = 86_400;

/**
 * The scripts of a folder by Open-Falcon's convention: files named `SECONDS_name`, run that often;
 * other files and sub-folders are left alone. Throws `CONFIG_INVALID` for a folder that may not be used.
 */
export async function scriptsIn(definition: ScriptMonitor): Promise<readonly ScriptMonitor[]> {
  const folder = await trustedPath(definition.path, 'folder');
  const entries = await readdir(folder, { withFileTypes: true });
  const scripts: ScriptMonitor[] = [];
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const everySeconds = secondsOf(entry.name);
    if (everySeconds === null || entry.isDirectory() || scripts.length >= SCRIPTS_MAX) continue;
    const name = `${definition.name}/${entry.name.replace(/[\s,]/g, '_')}`.slice(0, 255);
    scripts.push({ ...definition, name, path: join(folder, entry.name), everySeconds });
  }
  return scripts;
}

/** The seconds in front of the first underscore of a file's name; null when there are none. */
export function secondsOf(fileName: string): number | null {
  const seconds = Number(/^(\d{1,5})_/.exec(fileName)?.[1] ?? 0);
  return seconds >= 1 && seconds <= SECONDS_MAX ? seconds : null;
}
