import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Check } from 'typebox/value';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasDocker, testDocker } from '../../docker/engine.ts';
import { PseudoTerminal } from '../../harness/pseudo-terminal.ts';
import { Saker } from '../../harness/saker.ts';
import { until } from '../../harness/waiting.ts';

const main = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url));
const run = promisify(execFile);
const top = (...flags: string[]): string[] => [process.execPath, main, 'top', ...flags];
const printed = async (...flags: string[]): Promise<string> => {
  const [program = '', ...args] = top(...flags);
  return (await run(program, args, { timeout: 30_000 })).stdout;
};

type Row = { endpoint: string; kind: string; name: string; cpu: { percent: number | null; usedCores: number | null } };
const rowsOf = (json: string): Row[] => JSON.parse(json).rows;

describe('saker top of a host', () => {
  // Containers of others may run here, and would be found by their cgroups.
  const alone = ['--docker-socket', 'none', '--only', 'hosts'];

  test('draws a screen of 80 × 24, follows a change of size, and gives the terminal back', async () => {
    const terminal = new PseudoTerminal(top(...alone));
    try {
      await terminal.shows('load and the keys', (screen) => {
        return /load \d/.test(screen[1] ?? '') && /q quit {2}\? help/.test(screen.at(-1) ?? '');
      });
      expect(terminal.screen).toHaveLength(24);
      await terminal.resize(120, 40);
      await terminal.shows('40 lines of 120 cells', (screen) => screen.length === 40 && screen[0]?.length === 120);
      terminal.type('?');
      await terminal.shows('the help', (screen) => screen[0]?.startsWith('saker top: keys and columns') === true);
      terminal.type('qp');
      await terminal.shows('a column for each core', (screen) => screen.some((line) => /^NAME .* C0 /.test(line)));
      terminal.type('/nothing\r');
      await terminal.shows('the filter', (screen) => screen[4]?.includes('0 shown: hosts with "nothing"') === true);
      expect(terminal.output).toContain('\u001b[7m');
      terminal.type('q');
      expect(await terminal.ended()).toBe(0);
      expectRestored(terminal);
    } finally {
      terminal.close();
    }
  });

  test('gives the terminal back after Ctrl-C, after SIGTERM, and when it crashes', async () => {
    for (const end of ['\u0003', 'SIGTERM', 'crash']) {
      const crash =
        end === 'crash' ? ['--import', 'data:text/javascript,setTimeout(()=>{throw new Error(`broken`)},1500)'] : [];
      const terminal = new PseudoTerminal([process.execPath, ...crash, main, 'top', ...alone]);
      try {
        await terminal.shows('a first picture', (screen) => screen.length === 24);
        if (end === '\u0003') terminal.type(end);
        if (end === 'SIGTERM') process.kill(terminal.pid, end);
        expect(await terminal.ended()).toBe(end === 'crash' ? 1 : 0);
        expectRestored(terminal);
        // What went wrong is told on the screen that the person comes back to.
        const told = terminal.output.slice(terminal.output.lastIndexOf('\u001b[?1049l'));
        expect(told.includes('broken')).toBe(end === 'crash');
      } finally {
        terminal.close();
      }
    }
  });

  test('lets itself be stopped by Ctrl-Z with the terminal as it was, and comes back with fg', async () => {
    const terminal = new PseudoTerminal(top(...alone));
    try {
      await terminal.shows('a first picture', (screen) => screen.length === 24);
      terminal.type('\u001a');
      await until('the full screen again', () => terminal.output.split('\u001b[?1049h').length === 3);
      expect(terminal.settings('stopped')).toMatch(/(?<!-)icanon/);
      const between = terminal.output.slice(terminal.output.indexOf('\u001b[?1049l'));
      expect(between.indexOf('\u001b[?1049h')).toBeGreaterThan(0);
      terminal.type('q');
      expect(await terminal.ended()).toBe(0);
      expect(terminal.settings('after')).toMatch(/(?<!-)icanon/);
    } finally {
      terminal.close();
    }
  });

  test('uses no colours under NO_COLOR, and no full screen on a dumb terminal', async () => {
    const plain = new PseudoTerminal(top(...alone), { environment: { NO_COLOR: '1' } });
    const dumb = new PseudoTerminal(top(...alone), { environment: { TERM: 'dumb' } });
    try {
      await plain.shows('a picture', (screen) => screen.length === 24);
      plain.type('q');
      expect([await plain.ended(), await dumb.ended()]).toEqual([0, 0]);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: what a terminal is told.
      expect(plain.output.match(/\u001b\[[0-9;]+m/g)).toEqual(['\u001b[0m']);
      expect(dumb.output).not.toContain('\u001b');
      expect(dumb.output).toMatch(/^NAME +CPU%/);
    } finally {
      plain.close();
      dumb.close();
    }
  });

  test('prints one table where output is no terminal, and one document that keeps its schema', async () => {
    expect(await printed(...alone)).toMatch(/^NAME +CPU%↓.*\n\[\S+\] +\d/);
    const [answer, schema] = await Promise.all([printed(...alone, '--once', '--json'), printed('--schema')]);
    expect(Check(JSON.parse(schema), JSON.parse(answer))).toBe(true);
    expect(rowsOf(answer)[0]?.cpu.percent).toBeGreaterThanOrEqual(0);
  });

  test.each([
    [['--sort', 'size'], /--sort takes one of name, cpu, .*not "size"/],
    [['--server', 'localhost'], /--server takes an address like/],
    [['--server', 'http://127.0.0.1:1'], /--server needs --token-file/],
    [['--token-file', 'x'], /--token-file goes with --server/],
    [['--width', '3'], /--width takes a number from 20 to 1000/],
    [['now'], /unexpected argument "now"/],
  ])('refuses %j in one line', async (flags, message) => {
    await expect(printed(...flags)).rejects.toMatchObject({ code: 2, stderr: expect.stringMatching(message) });
  });
});

describe.skipIf(!hasDocker)('saker top of containers', () => {
  const docker = hasDocker ? testDocker() : null;
  let saker: Saker;
  let folder: string;
  let busyName: string;
  const toServer = (): string[] => ['--server', saker.url, '--token-file', join(folder, 'token')];

  beforeAll(async () => {
    if (docker === null) return;
    busyName = docker.name('busy');
    const spin = ['sh', '-c', 'while :; do :; done'];
    await docker.start({ command: spin, name: 'busy', args: ['--cpus=0.2', '--memory=64m'] });
    await docker.start({ command: ['sleep', '1000'], name: 'idle' });
    saker = await Saker.start({ flags: ['--docker-socket', docker.socket] });
    folder = await mkdtemp(join(tmpdir(), 'saker-top-'));
    const console = await saker.signIn();
    const created = await console.post<{ secret: string }>('/api/v1/tokens', { name: 'top', scope: 'api' });
    await writeFile(join(folder, 'token'), created.secret);
  });
  afterAll(async () => {
    await saker?.stop();
    await docker?.removeAll();
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  });

  test('shows a container that spins against its limit first, here as through the server', async () => {
    const local = ['--docker-socket', docker?.socket ?? ''];
    await until('the server to know it', async () =>
      rowsOf(await printed(...toServer(), '--json')).some(({ name }) => name === busyName),
    );
    for (const where of [local, toServer()]) {
      const rows = rowsOf(
        await printed(...where, '--json', '--only', 'containers', '--filter', docker?.name('') ?? ''),
      );
      expect(rows.map(({ name }) => name)).toEqual([busyName, docker?.name('idle')]);
      expect(rows[0]?.cpu.usedCores).toBeGreaterThan(0.15);
      expect(rows[0]?.cpu.usedCores).toBeLessThan(0.25);
      expect(rows[0]).toMatchObject({ memory: { limitBytes: 67_108_864 }, pids: { current: expect.any(Number) } });
    }
  });

  test('draws what a server knows, and says when the server is away', async () => {
    const terminal = new PseudoTerminal(top(...toServer()));
    try {
      await terminal.shows('the container', (screen) => screen.some((line) => line.startsWith(busyName.slice(0, 10))));
      expect(terminal.screen[0]).toContain(saker.url);
      await saker.stop();
      await terminal.shows('that it is away', (screen) => /^! .*trying again in/.test(screen[4] ?? ''));
      terminal.type('q');
      expect(await terminal.ended()).toBe(0);
    } finally {
      terminal.close();
    }
  });

  test('ends with what to do when the server does not take the token', async () => {
    const other = await Saker.start({ command: 'server' });
    try {
      const flags = ['--server', other.url, '--token-file', join(folder, 'token')];
      const message = /does not take this token.*scope api/;
      await expect(printed(...flags)).rejects.toMatchObject({ code: 1, stderr: expect.stringMatching(message) });
    } finally {
      await other.stop();
    }
  });
});

function expectRestored(terminal: PseudoTerminal): void {
  const enters = terminal.output.split('\u001b[?1049h').length - 1;
  const leaves = terminal.output.split('\u001b[?1049l').length - 1;
  expect([enters, leaves]).toEqual([1, 1]);
  expect(terminal.output.lastIndexOf('\u001b[?25h')).toBeGreaterThan(terminal.output.lastIndexOf('\u001b[?25l'));
  expect(terminal.settings('after')).toMatch(/(?<!-)icanon/);
  expect(terminal.settings('after')).toMatch(/(?<!-)echo\b/);
}
