import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { QueryRangeAnswer } from '../../../core/index.ts';
import { type ClickHouseFront, startClickHouseFront } from '../../clickhouse-front/start.ts';
import type { Console } from '../../harness/console.ts';
import { Saker } from '../../harness/saker.ts';
import { OracleCollector, oracleValue } from '../../harness/senders/oracle-collector.ts';
import { until } from '../../harness/waiting.ts';

const DAY_SECONDS = 86_400;

let folder = '';
let front: ClickHouseFront;
let saker: Saker;
let person: Console;
let collector: OracleCollector;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'saker-clickhouse-'));
  front = await startClickHouseFront(folder);
  saker = await Saker.start({ command: 'server', flags: ['--clickhouse-url', front.url] });
  person = await saker.signIn();
  const { secret } = await person.post<{ secret: string }>('/api/v1/tokens', { name: 'oracle', scope: 'collector' });
  collector = new OracleCollector({ url: saker.url, token: secret, name: 'oracle-host', seriesCount: 1 }, Date.now());
  await collector.connect();
});
afterAll(async () => {
  collector?.close();
  await saker?.stop();
  await front?.stop();
  await rm(folder, { recursive: true, force: true });
});

test('history lies in the ClickHouse that --clickhouse-url names, and answers from there', async () => {
  const from = Math.floor(Date.now() / 60_000) * 60 - 2 * DAY_SECONDS;
  for (let second = from; second < from + 120; second++) collector.tick(second);
  const query = { select: { metrics: ['oracle.m0'] }, fromMs: from * 1000, toMs: (from + 120) * 1000, stepSeconds: 60 };
  const answer = await until('history to have followed', async () => {
    const one = await person.post<QueryRangeAnswer>('/api/v1/query_range', query);
    return one.series[0]?.count.every((count) => count === 60) && one;
  });
  expect(answer.sources).toStrictEqual(['history']);
  const first = Array.from({ length: 60 }, (_, at) => oracleValue(0, from + at));
  expect(answer.series[0]?.max[0]).toBe(Math.max(...first));
});
