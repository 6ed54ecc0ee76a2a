import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasDocker, type TestDocker, testDocker } from './engine.ts';

const run = promisify(execFile);
const script = fileURLToPath(new URL('../setup.sh', import.meta.url));

/** The names under which a set-up appears on the machine. */
function namesOf(state: string): readonly string[] {
  const note = (name: string) => readFileSync(join(state, name), 'utf8').trim();
  return [`${state}/`, note('bridge'), note('cgroup-parent')];
}

/** Links, rules of the firewall, cgroups, mounts and processes of this machine that carry one of the names. */
async function traces(names: readonly string[]): Promise<readonly string[]> {
  const outputs = await Promise.all([
    run('ip', ['-o', 'link']),
    run('iptables', ['-w', '-S']),
    run('find', ['/sys/fs/cgroup', '-maxdepth', '3', '-type', 'd']),
    run('ps', ['-eo', 'args']),
    run('cat', ['/proc/self/mounts']),
  ]);
  const lines = outputs.flatMap(({ stdout }) => stdout.split('\n'));
  return lines.filter((line) => names.some((name) => line.includes(name)));
}

describe.skipIf(!hasDocker)('a second engine beside the first', () => {
  let folder: string;
  let first: TestDocker;
  const state = () => join(folder, 'state');
  const setup = (command: string) => run(script, [command, state()]);
  const second = () =>
    testDocker({ SAKER_TEST_DOCKER_SOCKET: join(state(), 'docker.sock'), SAKER_TEST_IMAGE: first.image });

  beforeAll(() => {
    first = testDocker();
    folder = mkdtempSync(join(tmpdir(), 'saker-two-'));
  });
  afterAll(async () => {
    await setup('down');
    await first.removeAll();
    rmSync(folder, { recursive: true, force: true });
  });

  test('serves its own containers, disturbs no other, and leaves no trace', async () => {
    const serve = { command: ['sh', '-c', 'echo first >/www/page; exec httpd -f -p 80 -h /www'] };
    const server = await first.start(serve);
    const address = await first.docker('inspect', '--format', '{{.NetworkSettings.IPAddress}}', server);

    await setup('up');
    const names = namesOf(state());
    const theirs = await second().start({ command: ['sleep', '300'] });
    expect(await second().docker('ps', '--quiet', '--no-trunc')).toBe(theirs);
    expect(await first.running()).toEqual([server]);
    expect((await traces(names)).length).toBeGreaterThan(names.length);

    await setup('down');
    expect(await traces(names)).toEqual([]);
    expect(existsSync(state())).toBe(false);
    expect(await (await fetch(`http://${address}/page`)).text()).toBe('first\n');
  });

  test('whose daemon was killed is cleared away with its containers', async () => {
    await setup('up');
    const names = namesOf(state());
    await second().start({ command: ['sleep', '300'] });
    process.kill(Number(readFileSync(join(state(), 'docker/pid'), 'utf8')), 'SIGKILL');
    await setup('down');
    expect(await traces(names)).toEqual([]);
  });

  test('is not set up over something, nor is a strange folder removed', async () => {
    const strange = mkdtempSync(join(folder, 'strange-'));
    await expect(run(script, ['down', strange])).rejects.toThrow('was not made by test/setup.sh');
    expect(existsSync(strange)).toBe(true);
    await expect(run(script, ['up', folder])).rejects.toThrow('is not empty');
    await expect(run(script, ['up', 'relative'])).rejects.toThrow('absolute path');
  });
});
