import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { containerIdOf, firstProcess, scanCgroups, scannedHierarchy } from './cgroup-scan.ts';
import { nameOf } from './cgroup-watch.ts';
import { keeperOf, processFacts } from './process-facts.ts';

const A = 'a'.repeat(64);
const B = 'b'.repeat(64);

/** As /proc gives it: every argument ends in a zero byte. */
const commandLine = (...words: readonly string[]): string => words.map((word) => `${word}\u0000`).join('');

describe('the name of a cgroup', () => {
  test.each([
    [A, { id: A, engine: 'unknown' }],
    [`docker-${A}.scope`, { id: A, engine: 'unknown' }],
    [`crio-${A}.scope`, { id: A, engine: 'unknown' }],
    [`cri-containerd-${A}.scope`, { id: A, engine: 'unknown' }],
    [`libpod-${A}`, { id: A, engine: 'podman' }],
    [`libpod-${A}.scope`, { id: A, engine: 'podman' }],
    [`libpod-conmon-${A}.scope`, null],
    [`crio-conmon-${A}.scope`, null],
    [`buildkit-${A}.scope`, null],
    [A.slice(1), null],
    [`${A}0`, null],
    ['session-1.scope', null],
  ])('%s tells %j', (name, expected) => {
    expect(containerIdOf(name)).toEqual(expected);
  });
});

describe('the keeper of a container', () => {
  test('is told by its command line', () => {
    const conmon = commandLine('/usr/bin/conmon', '--api-version', '1', '-c', A, '-n', 'web', '-l', 'x');
    expect(keeperOf(conmon)).toEqual({ kind: 'conmon', name: 'web' });
    const shim = commandLine(
      '/usr/bin/containerd-shim-runc-v2',
      '-namespace',
      'k8s.io',
      '-id',
      A,
      '-address',
      '/run/c.sock',
    );
    expect(keeperOf(shim)).toEqual({ kind: 'shim', namespace: 'k8s.io', id: A });
    for (const other of [['sh', '-n', 'web'], ['conmon', '-c', 'x'], ['containerd', '-id', 'x'], []]) {
      expect(keeperOf(commandLine(...other))).toEqual({ kind: 'other' });
    }
  });

  test('names what has no name of its own', () => {
    const shim = (namespace: string, id: string) => ({ keeper: { kind: 'shim', namespace, id } }) as const;
    expect(nameOf(A, { keeper: { kind: 'conmon', name: 'web' } })).toBe('web');
    expect(nameOf(A, { keeper: { kind: 'other' } })).toBe('a'.repeat(12));
    expect(nameOf(A, shim('k8s.io', A))).toBe('a'.repeat(12));
    expect(nameOf('demo', shim('default', 'demo'))).toBe('demo');
    expect(nameOf('demo', shim('ci', 'demo'))).toBe('ci.demo');
  });
});

describe('a scan', () => {
  let root: string;
  const write = (path: string, text = ''): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  /** A process with its parent, as far as /proc is read here. */
  const process = (pid: number, parent: number, keeper: string): void => {
    write(`proc/${pid}/stat`, `${pid} (a) b) S ${parent}${' 0'.repeat(17)} 4200 0\n`);
    write(`proc/${parent}/cmdline`, keeper);
  };
  const scan = () => scanCgroups(scannedHierarchy(join(root, 'cg')), join(root, 'proc'));
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'saker-scan-'));
    write('proc/stat', 'cpu 1 2 3\nbtime 1000\n');
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  test('finds the containers of every engine on version 2, and enters none of them', async () => {
    write(`cg/system.slice/docker-${A}.scope/docker/${B}/cgroup.procs`, '5\n');
    write(`cg/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-${B}.scope/container/cgroup.procs`, '7\n');
    write('cg/system.slice/ssh.service/cgroup.procs', '9\n');
    write('cg/ci/demo/cgroup.procs', '31\n');
    process(31, 30, commandLine('/usr/bin/containerd-shim-runc-v2', '-namespace', 'ci', '-id', 'demo'));
    process(9, 1, commandLine('/sbin/init'));
    const { containers, isCut } = await scan();
    expect(isCut).toBe(false);
    expect(containers.map(({ id, engine }) => `${engine} ${id}`).sort()).toEqual([
      'containerd demo',
      `podman ${B}`,
      `unknown ${A}`,
    ]);
    const podman = containers.find(({ engine }) => engine === 'podman');
    expect(await firstProcess(podman?.folder ?? '')).toBe(7);
  });

  test('uses one controller of version 1, and tells apart who keeps a process', async () => {
    write(`cg/memory/docker/${A}/cgroup.procs`, '5\n');
    write('cg/pids/not-looked-at/demo/cgroup.procs', '31\n');
    write('cg/memory/jobs/nightly/cgroup.procs', '40\n');
    process(40, 39, commandLine('/usr/bin/make', '-id', 'nightly'));
    expect((await scan()).containers).toEqual([
      { id: A, engine: 'unknown', folder: join(root, `cg/memory/docker/${A}`) },
    ]);
  });

  test('is bounded, and says when it was', async () => {
    for (const name of ['a', 'b', 'c']) mkdirSync(join(root, `cg/memory/${name}.slice`), { recursive: true });
    expect(await scan()).toMatchObject({ isCut: false });
    expect(await scanCgroups(join(root, 'cg/memory'), join(root, 'proc'), 3)).toMatchObject({ isCut: true });
  });

  test('survives folders that vanish and processes that end', async () => {
    expect(await scanCgroups(join(root, 'nowhere'), join(root, 'proc'))).toMatchObject({ containers: [] });
    expect(await processFacts(join(root, 'proc'), 999)).toBeNull();
    expect(await firstProcess(join(root, 'nowhere'))).toBeNull();
  });

  test('knows when a process began', async () => {
    process(31, 30, '');
    expect(await processFacts(join(root, 'proc'), 31)).toMatchObject({ startedAtMs: 1_042_000, hostNetwork: false });
  });
});
