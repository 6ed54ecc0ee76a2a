import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { QueryRangeAnswer } from '../../../core/index.ts';
import { type Agent, startAgent } from '../../harness/agent.ts';
import type { Console } from '../../harness/console.ts';
import { Saker } from '../../harness/saker.ts';
import { until } from '../../harness/waiting.ts';

const HOST = 'spooled';

let saker: Saker;
let person: Console;
let state: string;
let agent: Agent | null = null;

beforeEach(async () => {
  saker = await Saker.start({ command: 'server' });
  person = await saker.signIn();
  state = await mkdtemp(join(tmpdir(), 'saker-state-'));
});
afterEach(async () => {
  await agent?.stop();
  await saker.stop();
  await rm(state, { recursive: true, force: true });
});

const flags = (): string[] => ['--state-dir', state, '--kernel-log', 'none'];

/** Seconds in which the host was alive, each with how many samples it has. */
async function alive(fromMs: number): Promise<Map<number, number>> {
  const select = { endpoints: [HOST], metrics: ['agent.alive'] };
  const range = { select, fromMs, toMs: Date.now(), stepSeconds: 1 };
  const answer = await person.post<QueryRangeAnswer>('/api/v1/query_range', range);
  const counts = answer.series[0]?.count ?? [];
  return new Map(counts.map((count, index) => [answer.fromMs / 1000 + index, count] as const).filter(([, n]) => n > 0));
}

describe('a collector whose server is away', () => {
  test('that is stopped keeps its seconds in the spool, and its next run brings them, each once', async () => {
    const startedMs = Date.now();
    agent = startAgent({ url: 'http://127.0.0.1:1', dataDirectory: state }, HOST, 'none', flags());
    await delay(6000);
    await agent.stop();
    expect(await readdir(join(state, 'spool'))).toHaveLength(1);
    const stoppedMs = Date.now();
    agent = startAgent(saker, HOST, 'none', flags());
    const seconds = await until('the seconds of the first run', async () => {
      const found = await alive(startedMs - 1000);
      return [...found.keys()].filter((second) => second * 1000 < stoppedMs).length >= 4 && found;
    });
    expect([...seconds.values()].every((count) => count === 1)).toBe(true);
    await until('an empty spool', async () => (await readdir(join(state, 'spool'))).length === 0);
  });
});
