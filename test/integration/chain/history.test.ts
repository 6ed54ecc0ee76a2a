import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { QueryRangeAnswer } from '../../../core/index.ts';
import type { Console } from '../../harness/console.ts';
import { Saker } from '../../harness/saker.ts';
import { OracleCollector, oracleValue } from '../../harness/senders/oracle-collector.ts';
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
    // What is older than a day and ten minutes is not kept in memory any more; history takes it from the log.
    const from = now - (now % 60) - DAY_SECONDS - 1200;
    const minutes = 30;
    for (let second = from; second < from + minutes * 60; second++) collector.tick(second);
    collector.tick(now);
    await until('all acknowledgements', () => collector.pendingCount === 0);
    const followed = async () => {
      const one = await ask(from, from + minutes * 60);
      return one.series[0]?.count.every((count) => count === 60) && one;
    };
    const answer = await until('history to have followed', followed, 30_000);
    expect(answer.sources).toStrictEqual(['history', 'ring']);
    const [series] = answer.series;
    for (let minute = 0; minute < minutes; minute++) {
      const values = Array.from({ length: 60 }, (_, at) => oracleValue(1, from + minute * 60 + at));
      expect([series?.min[minute], series?.max[minute]]).toStrictEqual([Math.min(...values), Math.max(...values)]);
      const mean = values.reduce((sum, value) => sum + value, 0) / 60;
      expect(series?.avg[minute]).toBeCloseTo(mean, 9);
    }
  });

  test('says that history is away instead of showing a gap', async () => {
    const pid = (await saker.processes()).get('history') ?? 0;
    process.kill(pid, 'SIGSTOP');
    try {
      const now = Math.floor(Date.now() / 1000);
      await expect(ask(now - 3 * DAY_SECONDS, now)).rejects.toThrow(/HISTORY_UNAVAILABLE/);
      for (const seconds of [3600, DAY_SECONDS])
        expect((await ask(now - seconds, now)).sources).toStrictEqual(['ring']);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
  });
});
