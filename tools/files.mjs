/** Walks the project's own files. */
import { readdirSync } from 'node:fs';
import { hasCode } from './console.mjs';

/** Folders that hold nothing of ours, wherever they are. */
const foreign = new Set(['node_modules', 'dist', '.git', '.saker', '.artifacts']);

/**
 * Paths of all files under a folder, sorted, each beginning with the folder's own path. A missing folder has none.
 * @param {string} folder
 * @returns {string[]}
 */
export function filesUnder(folder) {
  return entriesOf(folder).flatMap((entry) => {
    const path = folder === '.' ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) return foreign.has(entry.name) ? [] : filesUnder(path);
    return entry.isFile() ? [path] : [];
  });
}

/** @param {string} folder */
function entriesOf(folder) {
  try {
    return readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return [];
    throw error;
  }
}
