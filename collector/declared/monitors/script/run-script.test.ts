import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ScriptMonitor as Definition, describeError, systemClock } from '../../../../core/index.ts';
import { runScript } from './run-script.ts';
import { scriptsIn, secondsOf } from './script-folder.ts';
import { ScriptMonitor } from './script-monitor.ts';
import { trustedPath } from './trusted-path.ts';

const isRoot = process.getuid?.() === 0;
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'saker-scripts-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function script(name: string, body: string): string {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\n${body}\n`);
  chmodSync(path, 0o755);
  return path;
}

const run = (path: string, timeoutMs = 5000, args: readonly string[] = []) =>
  runScript({ path, args, timeoutMs, clock: systemClock, signal: new AbortController().signal });
const fault = (path: string, timeoutMs?: number): Promise<string> => run(path, timeoutMs).then(() => '', describeError);

async function isAlive(pid: number): Promise<boolean> {
  for (let attempt = 0; attempt < 40; attempt++) {
    const state = existsSync(`/proc/${pid}/stat`) ? readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.[0] : 'X';
    if (state === 'X' || state === 'Z') return false;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  return true;
}

describe('running a script', () => {
  test('brings back what it wrote, with arguments as they are and nothing of our environment', async () => {
    process.env.SAKER_SECRET = 'x';
    const path = script('good', 'echo "$1|$SAKER_SECRET|$(pwd)|$LANG"');
    expect(await run(path, 5000, ['a b; rm -rf /'])).toEqual({ stdout: 'a b; rm -rf /||/|C.UTF-8\n', note: null });
    delete process.env.SAKER_SECRET;
  });

  test('says with what it ended, and the end of what it said', async () => {
    expect(await fault(script('fails', 'echo oh dear >&2; exit 3'))).toBe('ended with 3; it said: oh dear');
    expect(await fault(script('dies', 'kill -9 $$'))).toBe('ended by SIGKILL');
  });

  test('kills one that hangs, together with its children, even when it ignores being asked', async () => {
    const path = script('hang', `trap '' TERM; sleep 77 & echo $! > ${folder}/child; while :; do wait; sleep 1; done`);
    expect(await fault(path, 300)).toBe('has not ended within 0.3 s and was killed');
    expect(await isAlive(Number(readFileSync(join(folder, 'child'), 'utf8')))).toBe(false);
  });

  test('kills one that floods its output', async () => {
    expect(await fault(script('flood', 'exec yes'))).toBe('wrote more than 256 KiB and was killed');
    expect(await fault(script('flood-errors', 'yes >&2 & sleep 0.1; exit 1'))).toMatch(/^ended with 1; it said: y y y/);
  });

  test('leaves no child of an orderly end behind', async () => {
    const path = script('forks', `sleep 78 >/dev/null 2>&1 & echo $! > ${folder}/left; echo '[]'`);
    expect(await run(path)).toEqual({ stdout: '[]\n', note: null });
    expect(await isAlive(Number(readFileSync(join(folder, 'left'), 'utf8')))).toBe(false);
  });

  test('does not wait for a process that left the group and holds the output', async () => {
    const path = script('escapes', `setsid sleep 79 & echo $! > ${folder}/escaped; echo '[]'; sleep 0.1`);
    const { note } = await run(path);
    expect(note).toBe('left a process behind that holds its output open');
    for (const pid of pidsOf('sleep 79')) process.kill(pid);
  });

  test('says that it can not be started', async () => {
    const path = join(folder, 'no-interpreter');
    writeFileSync(path, '#!/nowhere\n', { mode: 0o755 });
    expect(await fault(path)).toMatch(/^could not be started: .*ENOENT/);
  });

  test('ends with the collector', async () => {
    const stop = new AbortController();
    const running = runScript({
      path: script('long', 'sleep 60'),
      args: [],
      timeoutMs: 60_000,
      clock: systemClock,
      signal: stop.signal,
    });
    setTimeout(() => stop.abort(), 50);
    await expect(running).rejects.toThrow('was stopped with the collector');
  });
});

function pidsOf(words: string): number[] {
  return readdirSync('/proc').flatMap((name) => {
    const path = `/proc/${name}/cmdline`;
    if (!/^\d+$/.test(name) || !existsSync(path)) return [];
    return readFileSync(path, 'utf8').replaceAll('\0', ' ').trim() === words ? [Number(name)] : [];
  });
}

describe.skipIf(!isRoot)('who may write a script', () => {
  test('root alone: the script, its folder, and what is above it', async () => {
    const path = script('60_mine.sh', 'echo');
    chmodSync(folder, 0o755);
    expect(await trustedPath(path, 'script')).toBe(path);
    chmodSync(path, 0o775);
    await expect(trustedPath(path, 'script')).rejects.toThrow(`${path} can be written by others than root`);
    chmodSync(path, 0o755);
    chmodSync(folder, 0o777);
    await expect(trustedPath(path, 'script')).rejects.toThrow(`${folder} can be written by others than root`);
    chmodSync(folder, 0o755);
    chmodSync(path, 0o644);
    await expect(trustedPath(path, 'script')).rejects.toThrow('is not executable');
    await expect(trustedPath(`${path}.gone`, 'script')).rejects.toThrow('can not be found (ENOENT)');
    symlinkSync('/tmp', join(folder, 'link'));
    await expect(trustedPath(join(folder, 'link'), 'folder')).rejects.toThrow('/tmp can be written by others');
  });
});

describe.skipIf(!isRoot)('a monitor of scripts', () => {
  const definition = (path: string): Definition => ({
    name: 'plugins',
    type: 'script',
    everySeconds: 60,
    tags: { site: 'a' },
    path,
    args: [],
    timeoutMs: null,
  });

  test('finds those whose name says how often they run', async () => {
    chmodSync(folder, 0o755);
    script('30_disk.sh', 'echo');
    script('x_none.sh', 'echo');
    const scripts = await scriptsIn(definition(`${folder}/`));
    expect(scripts.map(({ name, everySeconds }) => [name, everySeconds])).toEqual([
      ['plugins/30_disk.sh', 30],
      ['plugins/60_mine.sh', 60],
    ]);
    expect(['0_a', '60', '60_a', '999999_a', '-1_a'].map(secondsOf)).toEqual([null, null, 60, null, null]);
  });

  test('gives values with its tags, and counters as rates from the second run on', async () => {
    const item = '{"metric":"shop.orders","value":7,"tags":"shop=a","endpoint":"x","step":60}';
    const counter = '{"metric":"shop.bytes","value":"\'$(date +%s%3N)\'","counterType":"COUNTER"}';
    const monitor = new ScriptMonitor(definition(script('5_items', `echo '[${item},${counter}]'`)), systemClock);
    const signal = new AbortController().signal;
    const first = await monitor.check(signal);
    expect(first.readings).toEqual([
      { endpoint: null, metric: 'shop.orders', tags: { shop: 'a', site: 'a' }, value: 7 },
      { endpoint: null, metric: 'shop.bytes', tags: { site: 'a' }, value: Number.NaN },
    ]);
    await new Promise((resolve) => setTimeout(resolve, 120));
    // Milliseconds per second.
    const rate = (await monitor.check(signal)).readings[1]?.value ?? 0;
    expect(rate).toBeGreaterThan(700);
    expect(rate).toBeLessThan(1300);
  });
});
