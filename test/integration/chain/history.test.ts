import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { QueryRangeAnswer } from '../../../core/index.ts';
import type { Console } from '../../harness/console.ts';
import { OracleCollector, oracleValue } from '../../harness/oracle-collector.ts';
import { Saker } from '../../harness/saker.ts';
import { until } from '../../harness/waiting.ts';

const DAY_SECONDS = 86_400;

describe('a range that crosses the age of a day', () => {
  let saker: Saker;
  let person: Console;
  let collector: OracleCollector;
  beforeAll(async () => {
    saker = await Saker.start({ command: 'server' });
    person = await saker.signIn();
    const { secret } = await person.post<{ secret: string }>('/api/v1/tokens', { name: 'oracle', scope: 'collector' });
    collector = new OracleCollector({ url: saker.url, token: secret, name: 'oracle-host', seriesCount: 3 }, Date.now());
    await collector.connect();
  });
  afterAll(async () => {
    collector?.close();
    await saker?.stop();
  });

  const ask = (fromSecond: number, toSecond: number) =>
    person.post<QueryRangeAnswer>('/api/v1/query_range', {
      select: { endpoints: ['oracle-host'], metrics: ['oracle.m1'] },
      fromMs: fromSecond * 1000,
      toMs: toSecond * 1000,
      stepSeconds: 60,
    });

  test('is answered by history and the ring together, nothing twice and nothing missing', async () => {
    const now = Math.floor(Date.now() / 1000);
    const oldest = now - (now % 60) - DAY_SECONDS + 60;
    for (let second = oldest; second < oldest + 180; second++) collector.tick(second);
    await until('all acknowledgements', () => collector.pendingCount === 0);
    const expected = [0, 1, 2].map((minute) => {
      const values = Array.from({ length: 60 }, (_, at) => oracleValue(1, oldest + minute * 60 + at));
      return {
        count: 60,
        min: Math.min(...values),
        max: Math.max(...values),
        avg: values.reduce((a, b) => a + b, 0) / 60,
      };
    });
    // The newest second decides where the ring begins: within the next minute, the first one has left it.
    collector.tick(now + 55);
    await until(
      'the end of the first minute in the ring',
      async () => {
        collector.tick(Math.floor(Date.now() / 1000) + 55);
        const { sources } = await ask(oldest, oldest + 180);
        return sources.includes('history');
      },
      70_000,
    );
    const answer = await until(
      'history to have followed',
      async () => {
        const one = await ask(oldest, oldest + 180);
        return one.series[0]?.count[0] === 60 && one;
      },
      30_000,
    );
    expect(answer.sources).toStrictEqual(['history', 'ring']);
    const [series] = answer.series;
    expect(series?.count).toStrictEqual(expected.map(({ count }) => count));
    expect(series?.min).toStrictEqual(expected.map(({ min }) => min));
    expect(series?.max).toStrictEqual(expected.map(({ max }) => max));
    for (const [minute, avg] of (series?.avg ?? []).entries())
      expect(avg).toBeCloseTo(expected[minute]?.avg ?? Number.NaN, 9);
  }, 120_000);

  test('says that history is away instead of showing a gap', async () => {
    const pid = (await saker.processes()).get('history') ?? 0;
    process.kill(pid, 'SIGSTOP');
    try {
      const now = Math.floor(Date.now() / 1000);
      await expect(ask(now - 3 * DAY_SECONDS, now)).rejects.toThrow(/HISTORY_UNAVAILABLE/);
      expect((await ask(now - 3600, now)).sources).toStrictEqual(['ring']);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
  });
});
