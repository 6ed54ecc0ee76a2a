/**
 * An image with this machine's own Node and the libraries that it is linked with, since nothing can be pulled. Made in
 * the engine of `test/setup.sh`, from which it goes with everything else.
 */
import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, realpath, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { TestDocker } from './engine.ts';

const run = promisify(execFile);

/** Imports the image under `name`. */
export async function importNodeImage(docker: TestDocker, name: string): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), 'saker-node-'));
  try {
    const node = await realpath(process.execPath);
    await place(node, join(root, 'usr/bin/node'));
    for (const library of await librariesOf(node)) await place(await realpath(library), join(root, library));
    // Busybox is static here (test/setup.sh sees to that), and gives the tests a shell, cat and sleep.
    const { stdout } = await run('which', ['busybox']);
    await place(stdout.trim(), join(root, 'bin/busybox'));
    for (const applet of ['sh', 'cat', 'sleep']) await symlink('busybox', join(root, 'bin', applet));
    const archive = `${root}.tar`;
    try {
      await run('tar', ['-C', root, '-cf', archive, '.']);
      await docker.docker('import', '--change', 'ENV PATH=/usr/bin:/bin', archive, name);
    } finally {
      await rm(archive, { force: true });
    }
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

async function place(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  await copyFile(from, to);
}

/** Paths as the loader looks for them: `libm.so.6 => /lib/… (0x…)` and the loader itself. */
async function librariesOf(program: string): Promise<readonly string[]> {
  const { stdout } = await run('ldd', [program]);
  return stdout.split('\n').flatMap((line) => /(?:=> )?(\/\S+) \(0x/.exec(line)?.[1] ?? []);
}
