import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runNode } from './planted-tree.ts';
import { projectRoot, readProjectText } from './project-tree.ts';

const tool = join(projectRoot, 'tools/complete-lock.mjs');

/** A parent that wants a package for three platforms, of which npm recorded one. */
const incomplete = {
  name: 'planted',
  lockfileVersion: 3,
  packages: {
    '': { name: 'planted' },
    'node_modules/parent': {
      version: '1.0.0',
      dev: true,
      optionalDependencies: {
        '@x/y-linux-x64': '1.2.3',
        '@x/y-linux-arm64-musl': '1.2.3',
        '@x/y-windows-ia32': '^1.2.3',
      },
    },
    'node_modules/@x/y-linux-x64': { version: '1.2.3', optional: true },
    'node_modules/z': { version: '2.0.0', optionalDependencies: { inner: '3.0.0' } },
    'node_modules/z/node_modules/inner': { version: '3.0.0', optional: true },
  },
};

describe('the lock file', () => {
  let folder: string;
  const write = () => {
    const file = join(folder, 'package-lock.json');
    writeFileSync(file, JSON.stringify(incomplete));
    return file;
  };

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'saker-lock-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('of the project has every optional package of every platform, so npm ci works everywhere', async () => {
    expect(await runNode([tool, '--check'], projectRoot)).toEqual({ code: 0, output: '' });
  });

  test('of the project names the same versions as package.json', () => {
    const manifest = JSON.parse(readProjectText('package.json'));
    const locked = JSON.parse(readProjectText('package-lock.json')).packages[''];
    expect(locked.dependencies).toEqual(manifest.dependencies);
    expect(locked.devDependencies).toEqual(manifest.devDependencies);
  });

  test('is refused when a platform is missing, and left as it is', async () => {
    const file = write();
    const outcome = await runNode([tool, '--check', file], folder);
    expect(outcome.code).toBe(1);
    expect(outcome.output).toContain('lacks @x/y-linux-arm64-musl@1.2.3, @x/y-windows-ia32@1.2.3.');
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(incomplete);
  });

  test('is completed with the platform that the name tells, and then passes', async () => {
    const file = write();
    expect((await runNode([tool, file], folder)).output).toContain('2 entries added');
    const { packages } = JSON.parse(readFileSync(file, 'utf8'));
    expect(packages['node_modules/@x/y-linux-arm64-musl']).toEqual({
      version: '1.2.3',
      cpu: ['arm64'],
      dev: true,
      optional: true,
      libc: ['musl'],
      os: ['linux'],
    });
    expect(packages['node_modules/@x/y-windows-ia32']).toMatchObject({
      version: '1.2.3',
      cpu: ['ia32'],
      os: ['win32'],
    });
    expect((await runNode([tool, '--check', file], folder)).code).toBe(0);
  });
});
