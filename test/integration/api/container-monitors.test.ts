import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { MonitorsAnswer, QueryRangeAnswer } from '../../../core/index.ts';
import { hasDocker, type TestDocker, testDocker } from '../../docker/engine.ts';
import type { Console } from '../../harness/console.ts';
import { Saker } from '../../harness/saker.ts';
import { until } from '../../harness/waiting.ts';

/** Serves its figures, and writes a line with a time for each of its turns. */
const work = `mkdir -p /www; printf '# TYPE orders_total counter\\norders_total 100\\nqueue 7\\n' > /www/metrics;
httpd -p 9100 -h /www; n=0; while :; do n=$((n+10)); echo "GET / rt=$n"; sleep 0.5; done`;

describe.skipIf(!hasDocker)('what containers write and show', () => {
  let docker: TestDocker;
  let saker: Saker;
  let person: Console;
  let folder: string;
  let endpoint: string;

  beforeAll(async () => {
    docker = testDocker();
    folder = await mkdtemp(join(tmpdir(), 'saker-monitors-'));
    const config = join(folder, 'collector.yaml');
    const match = `container: '${docker.name('shop')}', match: 'rt=(\\d+)', value: 1`;
    const silent = `container: '${docker.name('silent')}', match: x`;
    await writeFile(
      config,
      `monitors:\n  - { name: shop, type: log, ${match} }\n  - { name: silent, type: log, ${silent} }\n`,
    );
    const labels = { 'saker.scrape': '9100', 'saker.scrape.every': '1s' };
    await docker.start({ name: 'shop', command: ['sh', '-c', work], labels });
    await docker.start({ name: 'silent', command: ['sleep', '600'], args: ['--log-driver=none'] });
    saker = await Saker.start({ flags: ['--config', config, '--docker-socket', docker.socket, '--name', 'host-1'] });
    person = await saker.signIn();
    endpoint = `host-1/${docker.name('shop')}`;
  });
  afterAll(async () => {
    await saker.stop();
    await docker.removeAll();
    await rm(folder, { recursive: true, force: true });
  });

  async function newest(metric: string): Promise<number[]> {
    const toMs = Date.now();
    const answer = await person.post<QueryRangeAnswer>('/api/v1/query_range', {
      select: { metrics: [metric], endpoints: [endpoint] },
      fromMs: toMs - 20_000,
      toMs,
      stepSeconds: 1,
    });
    return answer.series.flatMap(({ max }) => max.filter((value): value is number => typeof value === 'number'));
  }

  test('output is counted, on the container', async () => {
    const maxima = await until('captured numbers', async () => {
      const values = await newest('log.value.max');
      return values.length >= 3 && values;
    });
    // Each turn is ten more than the one before.
    expect(maxima).toEqual([...maxima].sort((a, b) => a - b));
    expect((await newest('log.rate')).some((rate) => rate > 0 && rate < 10)).toBe(true);
  });

  test('figures are scraped where a label asks for it', async () => {
    await until('the gauge', async () => (await newest('queue')).includes(7));
    await until('the rate of the counter', async () => (await newest('orders_total.rate')).includes(0));
  });

  test('output that no file holds is an error that says why', async () => {
    const state = await until('the error', async () => {
      const { collectors } = await person.get<MonitorsAnswer>('/api/v1/monitors');
      return collectors
        .flatMap(({ monitors }) => monitors)
        .find(({ name, error }) => name === 'silent' && error !== null);
    });
    expect(state).toMatchObject({ state: 'failing', error: expect.stringContaining('uses the log driver none') });
  });
});
