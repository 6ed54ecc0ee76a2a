import { cpSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type PlantedTree, plantTree, runNode } from '../style/planted-tree.ts';
import { projectRoot } from '../style/project-tree.ts';

const files = {
  'core/index.ts': 'export const name = "saker";\n',
  'core/index.test.ts': 'export const tested = true;\n',
  'cli/main.ts': "#!/usr/bin/env node\nimport { name } from '../core/index.ts';\n\nconsole.log(name);\n",
};

describe('the build', () => {
  let tree: PlantedTree;
  const path = (name: string) => join(tree.root, name);
  const build = () => runNode([path('tools/build.mjs')], tree.root);
  const change = (name: string, text: string) => writeFileSync(path(name), text);

  beforeAll(async () => {
    tree = plantTree(files);
    cpSync(join(projectRoot, 'tools'), path('tools'), { recursive: true });
    expect(await build()).toMatchObject({ code: 0, output: expect.stringContaining('built dist/') });
  });
  afterAll(() => tree.remove());

  test('makes a program that runs by its name, and leaves tests out', async () => {
    expect(readFileSync(path('dist/cli/main.js'), 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/);
    expect(statSync(path('dist/cli/main.js')).mode & 0o111).toBe(0o111);
    expect((await runNode([path('dist/cli/main.js')], tree.root)).output).toBe('saker\n');
    expect(existsSync(path('dist/core/index.test.js'))).toBe(false);
  });

  test('is skipped when nothing that it reads has changed', async () => {
    change('core/index.ts', files['core/index.ts']);
    change('core/index.test.ts', 'export const tested = false;\n');
    expect(await build()).toEqual({ code: 0, output: '' });
  });

  test('notices a new, a changed and a deleted file', async () => {
    change('core/extra.ts', 'export const extra = 1;\n');
    expect((await build()).output).toContain('built dist/');
    expect(existsSync(path('dist/core/extra.js'))).toBe(true);
    rmSync(path('core/extra.ts'));
    expect((await build()).output).toContain('built dist/');
    expect(existsSync(path('dist/core/extra.js'))).toBe(false);
  });

  test('leaves the old result whole when the sources are wrong, and fails again the next time', async () => {
    change('core/index.ts', 'export const name: number = "saker";\n');
    for (const attempt of [await build(), await build()]) {
      expect(attempt.code).toBe(1);
      expect(attempt.output).toMatch(/core\/index\.ts\(1,14\): error TS2322[\s\S]*dist\/ is as it was/);
    }
    expect((await runNode([path('dist/cli/main.js')], tree.root)).output).toBe('saker\n');
    change('core/index.ts', files['core/index.ts']);
  });

  test('runs once when started three times at once', async () => {
    change('core/index.ts', 'export const name = "changed";\n');
    const outcomes = await Promise.all([build(), build(), build()]);
    expect(outcomes.map(({ code }) => code)).toEqual([0, 0, 0]);
    expect(outcomes.filter(({ output }) => output.includes('built dist/'))).toHaveLength(1);
    expect((await runNode([path('dist/cli/main.js')], tree.root)).output).toBe('changed\n');
    expect(readdirSync(path('.artifacts'))).toEqual([]);
  });

  test('takes over the lock of a build that was killed', async () => {
    change('core/index.ts', 'export const name = "again";\n');
    // Above every process number that Linux gives out.
    change('.artifacts/build.lock', '4194305');
    expect((await build()).output).toContain('built dist/');
  });
});
