import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CollectorsAnswer, EndpointsAnswer } from '../../../core/index.ts';
import { hasDocker, testDocker } from '../../docker/engine.ts';
import { importNodeImage } from '../../docker/node-image.ts';
import type { Console } from '../../harness/console.ts';
import { Saker } from '../../harness/saker.ts';
import { until } from '../../harness/waiting.ts';

const built = fileURLToPath(new URL('../../../dist/install', import.meta.url));
const run = promisify(execFile);
const base = 'saker-test/node:1';
const image = 'saker-test/collector:1';

describe.skipIf(!hasDocker)('the image of the Dockerfile', () => {
  const docker = hasDocker ? testDocker() : null;
  let server: Saker;
  let console: Console;
  let folder: string;
  const started = (): ReturnType<typeof testDocker> => {
    if (docker === null) throw new Error('guarded by hasDocker');
    return docker;
  };

  beforeAll(async () => {
    await importNodeImage(started(), base);
    await started().docker('build', '--quiet', '--build-arg', `BASE=${base}`, '--tag', image, built);
    folder = await mkdtemp(join(tmpdir(), 'saker-image-'));
    server = await Saker.start({ command: 'server' });
    console = await server.signIn();
    const { secret } = await console.post<{ secret: string }>('/api/v1/tokens', { name: 'c', scope: 'collector' });
    await writeFile(join(folder, 'token'), secret, { mode: 0o644 });
  });
  afterAll(async () => {
    await docker?.removeAll();
    await docker?.docker('rmi', '--force', image, base);
    await server?.stop();
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  });

  test('explains itself', async () => {
    expect(await started().docker('run', '--rm', image)).toContain('Usage: saker collector');
  });

  test('measures the host from a container with three capabilities, and writes files for others', async () => {
    const files = join(folder, 'files');
    await mkdir(files);
    await chmod(files, 0o755);
    const watched = started().name('watched');
    await mkdir(join(files, watched));
    for (const name of ['loadavg', 'meminfo', 'uptime']) await writeFile(join(files, watched, name), '');
    const mounts = ['loadavg', 'meminfo', 'uptime'].flatMap((name) => [
      '--volume',
      `${join(files, watched, name)}:/proc/${name}:ro`,
    ]);
    await started().start({ command: ['sleep', '1000'], name: 'watched', args: ['--memory=64m', ...mounts] });
    const namespaces = ['--pid=host', '--network=host', '--uts=host', '--cgroupns=host'];
    const rights = ['--read-only', '--security-opt=no-new-privileges', '--cap-drop=ALL'];
    const caps = ['DAC_READ_SEARCH', 'SYS_PTRACE', 'SYSLOG'].map((cap) => `--cap-add=${cap}`);
    const volumes = [
      '/sys/fs/cgroup:/sys/fs/cgroup:ro',
      `${started().socket}:/var/run/docker.sock:ro`,
      `${join(folder, 'token')}:/token:ro`,
      `${files}:/files`,
    ].flatMap((volume) => ['--volume', volume]);
    const flags = ['--server', server.url.replace('http', 'ws'), '--token-file', '/token', '--proc-files', '/files'];
    const labels = Object.entries(started().labels).flatMap(([key, value]) => ['--label', `${key}=${value}`]);
    const args = [...namespaces, ...rights, ...caps, ...volumes, ...labels];
    await started().docker('run', '--detach', ...args, image, 'collector', ...flags);

    const collectors = await until('its frames', async () => {
      const answer = await console.get<CollectorsAnswer>('/api/v1/collectors');
      return answer.collectors.some(({ ackedSeq }) => ackedSeq >= 3) && answer.collectors;
    });
    expect(collectors[0]?.name).toBe((await readFile('/proc/sys/kernel/hostname', 'utf8')).trim());
    const { endpoints } = await console.get<EndpointsAnswer>('/api/v1/endpoints');
    expect(endpoints.some(({ container }) => container?.name === watched)).toBe(true);

    // What a program in the other container reads at the kernel's own paths.
    const inside = await until('its own memory', async () => {
      const text = await started().exec(watched, ['cat', '/proc/meminfo']);
      return /^MemTotal: +65536 kB$/m.test(text) && text;
    });
    expect(inside).toMatch(/^MemAvailable: +6\d{4} kB$/m);
    expect(await started().exec(watched, ['cat', '/proc/loadavg'])).toMatch(
      /^\d+\.\d\d \d+\.\d\d \d+\.\d\d 0\/\d+ 0\n?$/,
    );
    expect(Number.parseFloat(await started().exec(watched, ['cat', '/proc/uptime']))).toBeLessThan(120);
  });

  test('shows, from inside of a container without any rights, that container and not the machine', async () => {
    const limits = ['--memory=96m', '--cpus=0.5', '--pids-limit=64', '--cap-drop=ALL', '--read-only'];
    const shown = await started().docker(
      'run',
      '--rm',
      '--name',
      started().name('inside'),
      ...limits,
      image,
      'top',
      '--json',
    );
    const answer = JSON.parse(shown);
    expect(answer.source).toMatchObject({ kind: 'local', insideContainer: true });
    const own = answer.rows.find(({ kind }: { kind: string }) => kind === 'container');
    expect(own).toMatchObject({
      cpu: { limitCores: 0.5 },
      memory: { limitBytes: 100_663_296 },
      pids: { limit: 64 },
      network: { inBytesPerSecond: expect.any(Number) },
    });
    expect(own.memory.usageBytes).toBeLessThan(100_663_296);
    expect(own.cpu.percent).toBeGreaterThanOrEqual(0);
    expect(own.uptimeSeconds).toBeLessThan(60);
    const host = answer.rows.find(({ kind }: { kind: string }) => kind === 'host');
    expect(host.network).toEqual({ inBytesPerSecond: null, outBytesPerSecond: null });
  });

  test('is told by doctor that it is inside of a container', async () => {
    const { stdout } = await run('docker', [
      '--host',
      `unix://${started().socket}`,
      'run',
      '--rm',
      image,
      'doctor',
      '--json',
    ]);
    const found = JSON.parse(stdout).findings.find(({ id }: { id: string }) => id === 'host.namespace');
    expect(found).toMatchObject({ status: 'warning', fix: expect.stringContaining('--pid host') });
  });
});
