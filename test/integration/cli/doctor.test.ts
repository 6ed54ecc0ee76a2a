import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Check } from 'typebox/value';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Saker } from '../../harness/saker.ts';
import { until } from '../../harness/waiting.ts';

const main = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url));

function doctor(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [main, 'doctor', ...args], { timeout: 30_000 }, (error, out, err) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1, out, err });
    });
  });
}

type Found = { id: string; status: string; result: string; fix: string | null };
const foundBy = (out: string): ReadonlyMap<string, Found> =>
  new Map((JSON.parse(out).findings as Found[]).map((finding) => [finding.id, finding]));

describe('saker doctor', () => {
  let saker: Saker;
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'saker-doctor-'));
    saker = await Saker.start({ flags: ['--docker-socket', 'none'] });
    const { secret } = await (await saker.signIn()).post<{ secret: string }>('/api/v1/tokens', {
      name: 'd',
      scope: 'api',
    });
    await writeFile(join(folder, 'token'), secret);
  });
  afterAll(async () => {
    await saker?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  test('finds a server that works in order, with its folder, and leaves nothing there', async () => {
    const server = ['--server', saker.url, '--token-file', join(folder, 'token')];
    const place = ['--data-dir', saker.dataDirectory, '--port', new URL(saker.url).port];
    const before = await readdir(saker.dataDirectory);
    const found = await until('a collector that is heard', async () => {
      const findings = foundBy((await doctor(...server, ...place, '--json')).out);
      return findings.get('server.collectors')?.status === 'ok' && findings;
    });
    for (const id of [
      'server.reach',
      'server.transport',
      'server.ready',
      'server.clock',
      'server.log',
      'server.history',
    ]) {
      expect(found.get(id), id).toMatchObject({ status: 'ok' });
    }
    expect(found.get('place.port')).toMatchObject({ status: 'ok', result: 'a Saker server answers' });
    expect(found.get('place.rights')).toMatchObject({ status: 'ok' });
    expect(found.get('place.sync')?.result).toMatch(/^64 KiB in [\d.]+ ms \(median\)/);
    expect(found.get('host.node')).toMatchObject({ status: 'ok', result: process.versions.node });
    expect(
      (await readdir(saker.dataDirectory)).filter((name) => !before.includes(name) && name.startsWith('.doctor')),
    ).toEqual([]);
  });

  test('says that a token is refused, and that a server is not there, each with what to do', async () => {
    await writeFile(join(folder, 'wrong'), 'saker_abcdefgh_xxxxxxxxxxxxxxxxxxxxxxxx');
    const refused = await doctor('--server', saker.url, '--token-file', join(folder, 'wrong'), '--json');
    expect(refused.code).toBe(1);
    expect(foundBy(refused.out).get('server.collectors')).toMatchObject({
      status: 'problem',
      fix: expect.stringContaining('scope api'),
    });
    const away = await doctor('--server', 'http://127.0.0.1:9', '--data-dir', folder);
    expect(away.code).toBe(1);
    expect(away.out).toMatch(/^PROBLEM {2}server .*does not answer.*\n +why: .*\n +fix: .*curl -v/m);
  });

  test('prints a document that keeps its schema', async () => {
    const [document, schema] = await Promise.all([doctor('--json'), doctor('--schema')]);
    expect(Check(JSON.parse(schema.out), JSON.parse(document.out))).toBe(true);
  });

  test.each([
    [['--port', '7070', '--data-dir', '/', '--server', 'x'], /--server takes an address/],
    [['--token-file', 'x'], /--token-file goes with --server/],
    [['--port', '99999'], /--port takes a number from 1 to 65535/],
    [['me'], /unexpected argument "me"/],
  ])('refuses %j in one line', async (args, message) => {
    expect(await doctor(...args)).toMatchObject({ code: 2, out: '', err: expect.stringMatching(message) });
  });
});
