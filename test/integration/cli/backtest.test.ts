import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { BacktestAnswer, RulesAnswer } from '../../../core/index.ts';
import { Saker } from '../../harness/saker.ts';
import { until } from '../../harness/waiting.ts';

const main = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url));

function saker(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [main, ...args], { timeout: 20_000 }, (error, out, err) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1, out, err });
    });
  });
}

let folder: string;
let server: Saker | null = null;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'saker-backtest-'));
});
afterEach(async () => {
  await server?.stop();
  server = null;
  await rm(folder, { recursive: true, force: true });
});

const rules = (number: number) =>
  `rules: [{ name: alive, metric: agent.alive, condition: "all(#3) >= ${number}", min_interval: 0 }]\n`;

test('a rule is tested on the seconds that a running server has, beside the rule in force', async () => {
  const file = join(folder, 'rules.yaml');
  await writeFile(file, rules(2));
  server = await Saker.start({
    flags: ['--docker-socket', '/nonexistent/docker.sock', '--name', 'here', '--rules', file],
  });
  const person = await server.signIn();
  const { secret } = await person.post<{ secret: string }>('/api/v1/tokens', { name: 'ci', scope: 'api' });
  const token = join(folder, 'token');
  await writeFile(token, secret);
  await until('the rules', async () => (await person.get<RulesAnswer>('/api/v1/rules')).rules.length === 1);
  const candidate = join(folder, 'candidate.yaml');
  await writeFile(candidate, rules(1));
  const flags = ['--rule', candidate, '--from', '5m', '--server', server.url, '--token-file', token];
  const answer = await until('an incident', async () => {
    const { code, out, err } = await saker('rules', 'backtest', ...flags, '--json');
    expect([code, err]).toEqual([0, '']);
    const found: BacktestAnswer = JSON.parse(out);
    return found.rules[0]?.outcome.incidents === 1 && found;
  });
  expect(answer).toMatchObject({ approximate: false, series: 1, rules: [{ rule: 'alive', before: { incidents: 0 } }] });
  const warned = await saker('rules', 'backtest', ...flags, '--max-per-day', '0');
  expect([warned.code, warned.out]).toEqual([1, expect.stringContaining('here/agent.alive')]);
  // Three seconds later it pages again.
  expect(warned.err).toMatch(/"alive" would page \d times a day, more than 0/);

  await writeFile(candidate, rules(1).replace('agent.alive', 'agent.aliv'));
  const refused = await saker('rules', 'backtest', ...flags);
  expect(refused).toMatchObject({ code: 2, out: '', err: expect.stringContaining('did you mean "agent.alive"?') });
});
