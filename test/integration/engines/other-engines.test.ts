import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasDocker, testDocker } from '../../docker/engine.ts';
import { until } from '../../harness/waiting.ts';

const main = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url));
const run = promisify(execFile);
const has = (program: string): Promise<boolean> =>
  run(program, ['--version']).then(
    () => true,
    () => false,
  );
const hasBoth = hasDocker && (await has('podman')) && (await has('ctr')) && (await has('runc'));

type Row = { name: string; image: string; cpu: { percent: number | null }; memory: { limitBytes: number | null } };

/**
 * The real ones, beside Docker, from the packages of the distribution. Neither pulls anything: the image is the one of
 * `test/setup.sh`, handed over as a file.
 */
describe.skipIf(!hasBoth)('containers of Podman and of containerd', () => {
  const mark = `saker-engines-${process.pid}`;
  let folder: string;
  const daemons: ChildProcess[] = [];
  const podman = (...args: string[]): Promise<{ stdout: string }> => {
    const storage = ['--root', join(folder, 'p'), '--runroot', join(folder, 'pr'), '--tmpdir', join(folder, 'pt')];
    return run('podman', [
      '--runtime',
      'runc',
      ...storage,
      '--storage-driver',
      'vfs',
      '--events-backend',
      'file',
      ...args,
    ]);
  };
  const ctr = (...args: string[]) => run('ctr', ['--address', join(folder, 'c.sock'), '--namespace', mark, ...args]);
  const daemon = (program: string, ...args: string[]): void => {
    daemons.push(spawn(program, args, { stdio: 'ignore' }));
  };
  const rows = async (...flags: string[]): Promise<Row[]> => {
    const args = [main, 'top', '--json', '--only', 'containers', '--docker-socket', 'none', ...flags];
    return JSON.parse((await run(process.execPath, args)).stdout).rows;
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sk-e-'));
    const docker = testDocker();
    const { stdout: made } = await run('docker', ['--host', `unix://${docker.socket}`, 'create', docker.image, 'true']);
    await docker.docker('export', '--output', join(folder, 'root.tar'), made.trim());
    await docker.docker('rm', made.trim());
    await docker.docker('save', '--output', join(folder, 'image.tar'), docker.image);
    await podman('import', join(folder, 'root.tar'), 'saker/busybox:1');
    const limits = ['--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=1024:1024', '--memory', '32m'];
    const place = ['--network', 'none', '--cgroup-parent', `/${mark}-podman`];
    await podman('run', '--detach', '--name', `${mark}-pod`, ...limits, ...place, 'saker/busybox:1', 'sleep', '1000');
    daemon(
      'containerd',
      '--root',
      join(folder, 'cr'),
      '--state',
      join(folder, 'cs'),
      '--address',
      join(folder, 'c.sock'),
      '--log-level',
      'error',
    );
    await until('containerd', () => ctr('version').then(() => true));
    await ctr('image', 'import', '--snapshotter', 'native', join(folder, 'image.tar'));
    const image = (await ctr('image', 'ls', '-q')).stdout.trim();
    await ctr('run', '--detach', '--snapshotter', 'native', image, 'demo', 'sleep', '1000');
  });

  afterAll(async () => {
    const forget = (): void => {};
    await ctr('task', 'kill', '--signal', 'SIGKILL', 'demo').catch(forget);
    await until('the end of the task', async () => !(await ctr('task', 'ls', '-q')).stdout.includes('demo')).catch(
      forget,
    );
    await ctr('task', 'rm', '-f', 'demo').catch(forget);
    await ctr('container', 'rm', 'demo').catch(forget);
    await podman('rm', '--all', '--force', '--time', '0').catch(forget);
    for (const child of daemons) {
      child.kill('SIGTERM');
      await until('the end of a daemon', () => child.exitCode !== null || child.signalCode !== null).catch(forget);
    }
    await removeCgroups(mark);
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  });

  test('are found by their cgroups and called as their keepers call them', async () => {
    const found = await rows('--podman-socket', 'none', '--filter', mark);
    expect(found.map(({ name }) => name).sort()).toEqual([`${mark}-pod`, `${mark}.demo`]);
    for (const row of found) expect(row.cpu.percent).not.toBeNull();
    expect(found.find(({ name }) => name.endsWith('-pod'))?.memory.limitBytes).toBe(33_554_432);
  });

  test('have the image and the labels that Podman’s socket tells', async () => {
    const socket = join(folder, 'podman.sock');
    const storage = ['--root', join(folder, 'p'), '--runroot', join(folder, 'pr'), '--tmpdir', join(folder, 'pt')];
    const events = ['--runtime', 'runc', '--storage-driver', 'vfs', '--events-backend', 'file'];
    daemon('podman', ...storage, ...events, 'system', 'service', '--time', '0', `unix://${socket}`);
    const image = await until('the image', async () => {
      const [row] = await rows('--podman-socket', socket, '--filter', `${mark}-pod`);
      return row?.image !== '' && row?.image;
    });
    expect(image).toBe('localhost/saker/busybox:1');
  });
});

/** Podman leaves the folder that it was given as a parent, in every hierarchy. */
async function removeCgroups(mark: string): Promise<void> {
  await until('the cgroups to be gone', async () => {
    const found = ['/sys/fs/cgroup', '-depth', '-type', 'd', '-path', `*/${mark}*`];
    await run('find', [...found, '-exec', 'rmdir', '{}', ';']).catch(() => {});
    return (await run('find', found)).stdout === '';
  }).catch(() => {});
}
