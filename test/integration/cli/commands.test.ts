import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const main = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url));
const examples = fileURLToPath(new URL('../../../docs/examples/', import.meta.url));

function saker(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [main, ...args], { timeout: 20_000 }, (error, out, err) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1, out, err });
    });
  });
}

describe('saker', () => {
  test('lists its commands, and each explains itself', async () => {
    const { code, out } = await saker('--help');
    expect(code).toBe(0);
    for (const name of ['up', 'server', 'collector', 'top', 'doctor', 'rules', 'monitors', 'scale', 'version']) {
      expect(out).toMatch(new RegExp(`^  ${name} +\\S`, 'm'));
      const help = await saker(name, '--help');
      expect([help.code, help.err]).toStrictEqual([0, '']);
      expect(help.out).toContain(`Usage: saker ${name}`);
    }
  });

  test('prints its version', async () => {
    expect(await saker('version')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^saker \d+\.\d+\.\d+ \(node /),
    });
  });

  test.each([
    [['upp'], /there is no command "upp"/],
    [['up', '--prot', '1'], /--prot/],
    [['up', '--port', 'seven'], /--port takes a number from 0 to 65535, not "seven"/],
    [['up', 'now'], /unexpected argument "now"/],
    [['rules', 'chek', 'x'], /saker rules takes: check FILE/],
    [['collector'], /--token-file is missing/],
    [['version', 'x'], /unexpected argument "x"/],
  ])('ends %j with 2 and one line that says what is wrong', async (args, message) => {
    const { code, err, out } = await saker(...args);
    expect([code, out]).toStrictEqual([2, '']);
    expect(err).toMatch(message);
    expect(err.trim().split('\n')).toHaveLength(1);
  });

  test('finds the examples good, and tells file, line and remedy of what is not', async () => {
    expect(await saker('rules', 'check', join(examples, 'rules.yaml'))).toMatchObject({ code: 0, err: '' });
    expect(await saker('scale', 'check', join(examples, 'groups.yaml'))).toMatchObject({ code: 0, err: '' });
    const folder = await mkdtemp(join(tmpdir(), 'saker-cli-'));
    try {
      const file = join(folder, 'rules.yaml');
      await writeFile(file, 'rules:\n  - name: a\n    metric: cpu.bsuy\n    condition: all(#3) > 80\n');
      const { code, err } = await saker('rules', 'check', file);
      expect(code).toBe(1);
      expect(err).toMatch(/rules\.yaml:3:\d+: .*cpu\.busy/);
      expect(await saker('rules', 'check', join(folder, 'none.yaml'))).toMatchObject({
        code: 1,
        err: expect.stringMatching(/there is no such file \(.*none\.yaml\)/),
      });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
