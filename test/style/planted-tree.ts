import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { projectRoot } from './project-tree.ts';

export type Outcome = { readonly code: number; readonly output: string };

/** A small project with planted faults, checked with our own settings and our own packages. */
export type PlantedTree = {
  readonly root: string;
  /** Runs a script of a package (path below `node_modules/`) inside the tree. */
  run(script: string, args: readonly string[]): Promise<Outcome>;
  remove(): void;
};

const RUN_MS_MAX = 100_000;
const OUTPUT_BYTES_MAX = 32 * 1024 * 1024;
const settings = ['package.json', 'tsconfig.json', 'tsconfig.build.json', 'biome.json', '.dependency-cruiser.cjs'];

/** `files` maps paths to contents. The tree lies outside the project, so no other check meets the faults. */
export function plantTree(files: Readonly<Record<string, string>>): PlantedTree {
  const root = mkdtempSync(join(tmpdir(), 'saker-planted-'));
  for (const name of settings) cpSync(join(projectRoot, name), join(root, name));
  symlinkSync(join(projectRoot, 'node_modules'), join(root, 'node_modules'));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return {
    root,
    run: (script, args) => runNode([join('node_modules', script), ...args], root),
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}

/** Resolves also when the program fails: a fault that is found is what the tests want. */
export function runNode(args: readonly string[], folder: string): Promise<Outcome> {
  const options = { cwd: folder, timeout: RUN_MS_MAX, maxBuffer: OUTPUT_BYTES_MAX };
  return new Promise((resolve, reject) => {
    execFile(process.execPath, args, options, (error, stdout, stderr) => {
      if (error !== null && typeof error.code !== 'number') return reject(error);
      resolve({ code: error === null ? 0 : Number(error.code), output: stdout + stderr });
    });
  });
}
