import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFile, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CollectorsAnswer } from '../../../core/index.ts';
import type { Console } from '../../harness/console.ts';
import { Saker } from '../../harness/saker.ts';
import { until } from '../../harness/waiting.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const built = join(root, 'dist/install');
const run = promisify(execFile);
const isRoot = process.getuid?.() === 0;

type Run = { code: number; out: string; err: string };
const tryRun = (program: string, args: readonly string[]): Promise<Run> =>
  run(program, [...args], { timeout: 30_000 }).then(
    ({ stdout, stderr }) => ({ code: 0, out: stdout, err: stderr }),
    (error: { code?: number; stdout?: string; stderr?: string }) => ({
      code: error.code ?? -1,
      out: error.stdout ?? '',
      err: error.stderr ?? '',
    }),
  );

describe('the bundle', () => {
  test('is one file of at most 2 MB that imports nothing but Node', async () => {
    const text = await readFile(join(built, 'saker.mjs'), 'utf8');
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(2_000_000);
    const imported = [...text.matchAll(/^import .*? from ["'](.+?)["'];?$/gm)].map(([, name]) => name);
    expect(imported.length).toBeGreaterThan(5);
    expect(imported.filter((name) => !name?.startsWith('node:'))).toEqual([]);
    const packages = [...text.matchAll(/^\/\/(?:#region)? ?node_modules\/((?:@[^/]+\/)?[^/]+)\//gm)].map(
      ([, name]) => name,
    );
    expect(packages).toContain('typebox');
    for (const heavy of ['chdb', 'dockerode', 'fastify', 'libsql', 'pino', '@clickhouse/client']) {
      expect(packages).not.toContain(heavy);
    }
    // Nothing of the machine that built it, and the licences of what is inside.
    expect(text).not.toContain(root);
    expect(text).toMatch(/^typebox \d.*\(MIT\)$/m);
    expect(text).toMatch(/^ws \d.*\(MIT\)$/m);
  });

  test('comes out the same when it is made again, and has the checksum that is told', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'saker-bundle-'));
    try {
      await run(process.execPath, [join(root, 'tools/bundle.mjs'), folder], { cwd: folder });
      const [first, again] = await Promise.all([
        readFile(join(built, 'saker.mjs')),
        readFile(join(folder, 'install/saker.mjs')),
      ]);
      expect(again.equals(first)).toBe(true);
      const checksum = createHash('sha256').update(first).digest('hex');
      expect(await readFile(join(built, 'saker.mjs.sha256'), 'utf8')).toBe(`${checksum}  saker.mjs\n`);
      expect(await readFile(join(built, 'install.sh'), 'utf8')).toContain(`sha256='${checksum}'`);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});

describe('a host that has nothing but Node and the bundle', () => {
  let server: Saker;
  let console: Console;
  let folder: string;
  const running: ChildProcess[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'saker-host-'));
    server = await Saker.start({ command: 'server' });
    console = await server.signIn();
    await copyFile(join(built, 'saker.mjs'), join(folder, 'saker.mjs'));
  });
  afterAll(async () => {
    for (const child of running) child.kill('SIGKILL');
    await server?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const tokenFor = async (name: string): Promise<string> => {
    const { secret } = await console.post<{ secret: string }>('/api/v1/tokens', { name, scope: 'collector' });
    const file = join(folder, `${name}.token`);
    await writeFile(file, secret, { mode: 0o644 });
    return file;
  };
  const start = (command: readonly string[]): ChildProcess => {
    const [program = '', ...args] = command;
    const child = spawn(program, args, { cwd: '/', stdio: ['ignore', 'inherit', 'inherit'] });
    running.push(child);
    return child;
  };
  const collector = (name: string, tokenFile: string): string[] => {
    const flags = ['--server', server.url.replace('http', 'ws'), '--token-file', tokenFile, '--name', name];
    return [
      process.execPath,
      join(folder, 'saker.mjs'),
      'collector',
      ...flags,
      '--docker-socket',
      'none',
      '--log-level',
      'warn',
    ];
  };
  const connected = (name: string) =>
    until(`frames of ${name}`, async () => {
      const { collectors } = await console.get<CollectorsAnswer>('/api/v1/collectors');
      return collectors.find((one) => one.name === name && one.ackedSeq >= 2 && one.seriesCount > 40);
    });

  test('sends its frames, and stops when it is told to', async () => {
    const child = start(collector('bundled', await tokenFor('bundled')));
    expect((await connected('bundled')).version).toMatch(/^\d+\.\d+\.\d+$/);
    child.kill('SIGTERM');
    const code = await until('its end', () => (child.exitCode === null ? false : { code: child.exitCode }));
    expect(code).toEqual({ code: 0 });
  });

  test.skipIf(!isRoot)('sends with no more rights than the unit gives it', async () => {
    const caps = '-all,+dac_read_search,+sys_ptrace,+syslog';
    const rights = ['--reuid=nobody', '--regid=nogroup', '--clear-groups', '--no-new-privs'];
    const sets = [`--bounding-set=${caps}`, `--inh-caps=${caps}`, `--ambient-caps=${caps}`];
    const command = ['setpriv', ...rights, ...sets, ...collector('confined', await tokenFor('confined'))];
    const child = start(command);
    await connected('confined');
    const status = await readFile(`/proc/${child.pid}/status`, 'utf8');
    // CAP_DAC_READ_SEARCH (2), CAP_SYS_PTRACE (19) and CAP_SYSLOG (34), and no way to more.
    expect(status).toMatch(/^CapEff:\s+0000000400080004$/m);
    expect(status).toMatch(/^CapBnd:\s+0000000400080004$/m);
    expect(status).toMatch(/^NoNewPrivs:\s+1$/m);
    expect(status).toMatch(/^Uid:\s+65534\b/m);
    child.kill('SIGTERM');
  });

  test('shows its own figures and explains itself', async () => {
    const saker = (...args: string[]): Promise<Run> => tryRun(process.execPath, [join(folder, 'saker.mjs'), ...args]);
    expect((await saker('--help')).out).toMatch(/^ {2}collector +\S.*\n {2}top +\S/m);
    const top = await saker('top', '--json', '--only', 'hosts');
    expect(JSON.parse(top.out).rows).toHaveLength(1);
    expect(await saker('collector')).toMatchObject({ code: 2, err: expect.stringMatching(/--token-file is missing/) });
  });

  test('installs from the server alone, the checksum verified', async () => {
    const script = join(folder, 'install.sh');
    await writeFile(script, await (await fetch(`${server.url}/install/install.sh`)).text());
    const place = join(folder, 'machine');
    const token = await tokenFor('machine');
    const args = [script, '--server', server.url, '--token-file', token, '--name', 'web-1', '--root', place];
    expect(await tryRun('sh', args)).toMatchObject({ code: 0, err: '' });
    const read = (path: string): Promise<string> => readFile(join(place, path), 'utf8');
    expect(await read('usr/local/bin/saker')).toBe(await readFile(join(built, 'saker.mjs'), 'utf8'));
    expect(await read('etc/saker/collector.env')).toContain(
      `SAKER_SERVER=${server.url.replace('http', 'ws')}\nSAKER_OPTIONS=--name web-1\n`,
    );
    expect(await read('etc/systemd/system/saker-collector.service')).toContain(`ExecStart=${process.execPath} `);
    // An upgrade keeps what somebody wrote there, and asks for no token.
    const settings = join(place, 'etc/saker/collector.env');
    await writeFile(settings, (await readFile(settings, 'utf8')).replace('web-1', 'web-1 --config /etc/c.yaml'));
    expect(await tryRun('sh', [script, '--server', server.url, '--root', place])).toMatchObject({ code: 0, err: '' });
    expect(await read('etc/saker/collector.env')).toContain('SAKER_OPTIONS=--name web-1 --config /etc/c.yaml\n');
    expect((await stat(join(place, 'etc/saker/collector.token'))).mode & 0o777).toBe(0o600);
    expect(await tryRun(join(place, 'usr/local/bin/saker'), ['version'])).toMatchObject({ code: 0 });
  });

  test('installs nothing when the bundle is not what the script was made for', async () => {
    const tampered = await serveTampered();
    try {
      const url = `http://127.0.0.1:${(tampered.address() as AddressInfo).port}`;
      const place = join(folder, 'tampered');
      const token = await tokenFor('tampered');
      const outcome = await tryRun('sh', [
        join(built, 'install.sh'),
        '--server',
        url,
        '--token-file',
        token,
        '--root',
        place,
      ]);
      expect(outcome).toMatchObject({
        code: 1,
        err: expect.stringMatching(/does not have the checksum.*Nothing was installed/),
      });
      await expect(stat(place)).rejects.toThrow(/ENOENT/);
    } finally {
      tampered.close();
    }
  });

  test.each([
    [['--server'], /--server needs a value/],
    [['--server', 'web:7070', '--root', '/nowhere'], /--server takes an address like/],
    [['--server', 'http://a|b', '--root', '/nowhere'], /no address has: http:\/\/a\|b/],
    [['--server', 'http://a', '--name', 'a b', '--root', '/nowhere'], /--name takes letters/],
    [['--sever', 'x'], /unknown flag --sever/],
  ])('refuses %j before it touches anything', async (flags, message) => {
    expect(await tryRun('sh', [join(built, 'install.sh'), ...flags])).toMatchObject({
      code: 1,
      err: expect.stringMatching(message),
    });
  });

  test('is offered only what belongs there', async () => {
    for (const path of ['/install/..%2fstate.db', '/install/package.json', '/install/']) {
      expect((await fetch(`${server.url}${path}`)).status, path).toBeGreaterThanOrEqual(400);
    }
  });
});

const hasSystemd = await tryRun('systemd-analyze', ['--version']).then(({ code }) => code === 0);

describe.skipIf(!hasSystemd)('the unit', () => {
  const unit = join(built, 'saker-collector.service');

  test('is taken by systemd without a complaint about itself', async () => {
    const { err } = await tryRun('systemd-analyze', ['verify', '--man=no', unit]);
    // The program is at its place on an installed host only.
    const complaints = err
      .split('\n')
      .filter((line) => line.includes('saker-collector') && !/is not executable/.test(line));
    expect(complaints).toEqual([]);
  });

  test('exposes the host no more than it must', async () => {
    const { out } = await tryRun('systemd-analyze', ['security', '--offline=true', '--no-pager', unit]);
    expect(Number(/exposure level for \S+: ([\d.]+)/.exec(out)?.[1])).toBeLessThan(3);
  });
});

/** A server whose bundle somebody changed by one line. */
async function serveTampered(): Promise<Server> {
  const bundle = `${await readFile(join(built, 'saker.mjs'), 'utf8')}// and more\n`;
  const server = createServer((request, response) => response.end(request.url?.endsWith('saker.mjs') ? bundle : 'x'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}
