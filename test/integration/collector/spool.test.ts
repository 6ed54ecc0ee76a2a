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
  test.each([
    ['stopped', 'SIGTERM', 0],
    ['killed', 'SIGKILL', 2],
  ] as const)(
    'that is %s keeps its seconds in files, and its next run brings them, each once',
    async (_, signal, lostMax) => {
      const startedMs = Date.now();
      agent = startAgent({ url: 'http://127.0.0.1:1', dataDirectory: state }, HOST, 'none', flags());
      await until('a file', async () => (await spooled()) > 0);
      await delay(3000);
      const stoppedMs = Date.now();
      await agent.stop(signal);
      agent = startAgent(saker, HOST, 'none', flags());
      await until('a second of the other run', async () =>
        [...(await alive(startedMs)).keys()].some((second) => second * 1000 > stoppedMs),
      );
      await until('an empty spool', async () => (await spooled()) === 0);
      const kept = [...(await alive(startedMs - 1000))].filter(([second]) => second * 1000 <= stoppedMs);
      expect(kept.length).toBeGreaterThanOrEqual(3);
      expect(kept.every(([, count]) => count === 1)).toBe(true);
      // Of the second in which it ended it may have had no tick yet.
      expect(Math.floor(stoppedMs / 1000) - (kept.at(-1)?.[0] ?? 0)).toBeLessThanOrEqual(lostMax + 1);
    },
  );
});

const spooled = async (): Promise<number> => (await readdir(join(state, 'spool')).catch(() => [])).length;
