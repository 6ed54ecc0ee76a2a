import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type SourceFile, sourceFile } from './source-file.ts';

export const projectRoot = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

/** Read from the disk and not from git: what is about to be committed is looked at too, and a tarball has no git. */
const foreign = new Set(['node_modules', 'dist', '.git', '.saker', '.artifacts', '.vite']);
const textFile = /\.(ts|mts|cts|js|mjs|cjs|svelte|sh|css|html|md|json|ya?ml|svg)$|(^|\/)(\.[a-z]+|run|LICENSE)$/;

/** Paths of all files of the project, sorted, relative to its root. */
export function projectPaths(folder = ''): readonly string[] {
  const entries = readdirSync(`${projectRoot}/${folder}`, { withFileTypes: true });
  return entries
    .flatMap((entry) => {
      const path = `${folder}${entry.name}`;
      if (entry.isDirectory()) return foreign.has(entry.name) ? [] : projectPaths(`${path}/`);
      return entry.isFile() && !entry.name.endsWith('.log') ? [path] : [];
    })
    .sort();
}

/** The project's text files, fixtures excepted: those are recorded as they were met. */
export function projectFiles(paths: readonly string[]): readonly SourceFile[] {
  return paths
    .filter((path) => textFile.test(path) && !path.startsWith('test/fixtures/'))
    .map((path) => sourceFile(path, readProjectText(path)));
}

export const readProjectText = (path: string): string => readFileSync(`${projectRoot}/${path}`, 'utf8');
