import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { InstantAnswer, RangeAnswer } from '../../../core/index.ts';
import type { Console } from '../../harness/console.ts';
import { Saker } from '../../harness/saker.ts';
import { OracleCollector, oracleValue } from '../../harness/senders/oracle-collector.ts';
import { until } from '../../harness/waiting.ts';

const SERIES = 1000;
const SECONDS = 300;

let saker: Saker;
let person: Console;
let collector: OracleCollector;
let first = 0;
beforeAll(async () => {
  saker = await Saker.start({ command: 'server' });
  person = await saker.signIn();
  const { secret } = await person.post<{ secret: string }>('/api/v1/tokens', { name: 'queries', scope: 'collector' });
  collector = new OracleCollector({ url: saker.url, token: secret, name: 'h1', seriesCount: SERIES }, Date.now());
  await collector.connect();
  first = Math.floor(Date.now() / 1000) - SECONDS;
  for (let second = first; second < first + SECONDS; second++) {
    collector.tick(second);
    if (collector.pendingCount > 200) await until('acknowledgements', () => collector.pendingCount < 100);
  }
  await until('the last acknowledgement', () => collector.pendingCount === 0, 30_000);
});
afterAll(async () => {
  collector.close();
  await saker.stop();
});

const everything = { matchers: [{ label: 'metric', op: '=~', value: 'oracle\\.m[0-9]+' }] };

describe('the API of queries', () => {
  test('gives back every sample as it was sent', async () => {
    const range = { fromMs: first * 1000, toMs: (first + SECONDS) * 1000 };
    const select = { matchers: [{ label: 'metric', op: '=', value: 'oracle.m7' }] };
    const { series } = await person.post<RangeAnswer>('/api/v1/query_range', { select, ...range, raw: true });
    const seconds = Array.from({ length: SECONDS }, (_, at) => first + at);
    expect(series[0]?.value).toStrictEqual(seconds.map((second) => oracleValue(7, second)));
    expect(series[0]?.timesMs).toStrictEqual(seconds.map((second) => second * 1000));
  });

  test('finds the largest of a thousand series at a moment', async () => {
    const at = first + 100;
    const query = { select: everything, atMs: at * 1000, rank: { order: 'top', limit: 3 } };
    const { series, seriesMatched } = await person.post<InstantAnswer>('/api/v1/query', query);
    const values = Array.from({ length: SERIES }, (_, index) => oracleValue(index, at)).sort((a, b) => b - a);
    expect(seriesMatched).toBe(SERIES);
    expect(series.map(({ value }) => value)).toStrictEqual(values.slice(0, 3));
  });

  test('says which limit a query is beyond, by how much, and what to do', async () => {
    const range = { fromMs: (first - 3600) * 1000, toMs: first * 1000, stepSeconds: 1 };
    const headers = { cookie: person.cookie, 'content-type': 'application/json' };
    const body = JSON.stringify({ select: everything, ...range });
    const answer = await fetch(`${saker.url}/api/v1/query_range`, { method: 'POST', headers, body });
    expect(answer.status).toBe(422);
    expect(await answer.json()).toMatchObject({
      code: 'QUERY_LIMIT',
      where: 'points',
      message: 'the query asks for too many points: 3600000 of at most 300000',
      hint: expect.stringContaining('larger step'),
    });
  });

  test('ends queries whose clients have gone, and answers the next one', async () => {
    const gone = new AbortController();
    const range = { fromMs: (first - 80_000) * 1000, toMs: (first + SECONDS) * 1000, stepSeconds: 80 };
    const body = JSON.stringify({ select: everything, ...range, across: { aggregation: 'sum' } });
    const headers = { cookie: person.cookie, 'content-type': 'application/json' };
    const asked = Array.from({ length: 30 }, () =>
      fetch(`${saker.url}/api/v1/query_range`, { method: 'POST', headers, body, signal: gone.signal }).catch(
        () => null,
      ),
    );
    await until('queries that run', async () => (await metric('saker_queries_running')) > 0);
    gone.abort();
    await Promise.all(asked);
    // Requests that were on their way when their connection ended arrive a moment later.
    const isQuiet = async () =>
      (await metric('saker_queries_running')) === 0 && (await metric('saker_queries_waiting')) === 0;
    await until('their end', isQuiet);
    expect(await metric('saker_queries_cancelled_total')).toBeGreaterThan(0);
    const select = { metrics: ['oracle.m1'] };
    expect((await person.post<InstantAnswer>('/api/v1/query', { select })).seriesMatched).toBe(1);
  });
});

async function metric(name: string): Promise<number> {
  const text = await (await fetch(`${saker.url}/metrics`)).text();
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1] ?? Number.NaN);
}
