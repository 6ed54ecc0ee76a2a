import { once } from 'node:events';
import { connect } from 'node:net';
import { compressSync } from 'snappy';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { QueryRangeAnswer } from '../../../core/index.ts';
import type { Console } from '../../harness/console.ts';
import { freePort } from '../../harness/ports.ts';
import { Saker } from '../../harness/saker.ts';
import { writeRequest } from '../../harness/senders/write-request.ts';

describe('what others push', () => {
  let saker: Saker;
  let person: Console;
  let rpcPort: number;
  let token: string;

  beforeAll(async () => {
    rpcPort = await freePort();
    saker = await Saker.start({ command: 'server', flags: ['--falcon-rpc', `127.0.0.1:${rpcPort}`] });
    person = await saker.signIn();
    token = await tokenOf({ name: 'scripts', scope: 'push' });
  });
  afterAll(() => saker.stop());

  const tokenOf = async (body: object): Promise<string> =>
    (await person.post<{ secret: string }>('/api/v1/tokens', body)).secret;

  const push = (path: string, body: string | Buffer, secret = token): Promise<Response> =>
    fetch(`${saker.url}${path}`, { method: 'POST', body, headers: { authorization: `Bearer ${secret}` } });

  const nowSecond = (): number => Math.floor(Date.now() / 1000);

  async function valuesOf(endpoint: string, metric: string): Promise<number[]> {
    const toMs = Date.now() + 1000;
    const select = { endpoints: [endpoint], metrics: [metric] };
    const query = { select, fromMs: toMs - 60_000, toMs, stepSeconds: 1 };
    const { series } = await person.post<QueryRangeAnswer>('/api/v1/query_range', query);
    return series.flatMap(({ max }) => max.filter((value): value is number => typeof value === 'number'));
  }

  const item = (values: object): object => {
    const form = { endpoint: 'db1', metric: 'tps', value: 1, step: 1, counterType: 'GAUGE', tags: '' };
    return { ...form, timestamp: nowSecond(), ...values };
  };

  test("Open-Falcon's push is stored before it is answered, and outlives a kill", async () => {
    const answer = await push('/v1/push', JSON.stringify([item({ value: '12.5', metric: 'kept' })]));
    expect([answer.status, await answer.text()]).toStrictEqual([200, 'success']);
    process.kill((await saker.processes()).get('server') ?? 0, 'SIGKILL');
    await saker.ready();
    expect(await valuesOf('db1', 'kept')).toStrictEqual([12.5]);
  });

  test("the transfer's answer says how many, and why some not", async () => {
    const items = [item({}), item({ value: 'many' }), item({ timestamp: nowSecond() - 700 })];
    const answer: unknown = await (await push('/api/push', JSON.stringify(items))).json();
    expect(answer).toMatchObject({
      msg: 'success',
      data: {
        Message: '2 of 3 refused: item 2: value: a number; item 3 (db1/tps): it is older than ten minutes',
        Total: 3,
        Invalid: 2,
      },
    });
  });

  test.each([
    ['/v1/push', '', 'body is blank'],
    ['/v1/push', '{"endpoint":"x"}', 'connot decode body'],
    ['/api/push', '', 'blank body'],
    ['/api/push', '[', 'decode error'],
  ])('%s with %j is 400: %s', async (path, body, words) => {
    const answer = await push(path, body);
    expect([answer.status, await answer.text()]).toStrictEqual([400, words]);
  });

  test('a token writes to its node only; one of another scope nowhere', async () => {
    const shop = await tokenOf({ name: 'shop', scope: 'push', node: 'cop=shop' });
    const bank = await tokenOf({ name: 'bank', scope: 'push', node: 'cop=bank' });
    const body = JSON.stringify([item({ endpoint: 'till' })]);
    expect(await (await push('/api/push', body, shop)).json()).toMatchObject({ data: { Invalid: 0 } });
    expect(await (await push('/api/push', body, bank)).json()).toMatchObject({
      data: { Invalid: 1, Message: expect.stringContaining('not under the node') },
    });
    const api = await tokenOf({ name: 'reader', scope: 'api' });
    expect((await push('/api/push', body, api)).status).toBe(401);
    expect((await push('/api/push', body, 'nonsense')).status).toBe(401);
  });

  test('Prometheus writes remotely, and is told what was refused', async () => {
    const labels = { __name__: 'up', instance: 'web1:9100', job: 'web' };
    const good = { labels, samples: [[1, Date.now()]] as const };
    const answer = await push('/prometheus/api/v1/write', compressSync(writeRequest([good])));
    expect(answer.status).toBe(204);
    expect(await valuesOf('web1:9100', 'up')).toStrictEqual([1]);
    const old = { labels: { ...labels, job: 'old' }, samples: [[1, Date.now() - 700_000]] as const };
    const refused = await push('/api/v1/write', compressSync(writeRequest([good, old])));
    expect([refused.status, await refused.json()]).toMatchObject([
      400,
      { message: '1 of 2 refused: web1:9100/up: it is older than ten minutes' },
    ]);
    expect((await push('/api/v1/write', 'no snappy')).status).toBe(400);
  });

  test('agents speak JSON-RPC with it, byte for byte', async () => {
    const socket = connect(rpcPort, '127.0.0.1');
    const asked = async (text: string): Promise<string> => {
      socket.write(text);
      const [bytes]: unknown[] = await once(socket, 'data');
      return String(bytes);
    };
    expect(await asked('{"method":"Transfer.Ping","params":[{}],"id":1}\n')).toBe(
      '{"id":1,"result":{"code":0},"error":null}\n',
    );
    const update = JSON.stringify({ method: 'Transfer.Update', params: [[item({ endpoint: 'agent1' })]], id: 0 });
    expect(await asked(`${update}\n`)).toMatch(
      /^\{"id":0,"result":\{"Message":"ok","Total":1,"Invalid":0,"Latency":\d+\},"error":null\}\n$/,
    );
    expect(await asked('{"method":"Transfer.Nope","params":[{}],"id":3}')).toBe(
      `{"id":3,"result":null,"error":"rpc: can't find method Transfer.Nope"}\n`,
    );
    expect(await asked('{"method":"Transfer.Update","params":["x"],"id":4}')).toContain(
      '"id":4,"result":null,"error":"json:',
    );
    socket.destroy();
    expect(await valuesOf('agent1', 'tps')).toStrictEqual([1]);
  });
});
