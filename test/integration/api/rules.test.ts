import { afterEach, expect, test } from 'vitest';
import type { ExplainAnswer, RulesAnswer } from '../../../core/index.ts';
import { Saker } from '../../harness/saker.ts';
import { until } from '../../harness/waiting.ts';

let saker: Saker | null = null;
afterEach(async () => {
  await saker?.stop();
  saker = null;
});

test('a rule that is made through the API is judged, explained, and gone when it is removed', async () => {
  saker = await Saker.start({ flags: ['--docker-socket', '/nonexistent/docker.sock', '--name', 'here'] });
  const { url } = saker;
  const person = await saker.signIn();
  const headers = { cookie: person.cookie, 'content-type': 'application/json' };
  const put = (rule: object) =>
    fetch(`${url}/api/v1/rules/alive`, { method: 'PUT', headers, body: JSON.stringify({ rule }) });

  const refused = await put({ metric: 'agent.alive', condition: 'all(3) >= 1' });
  expect([refused.status, await refused.json()]).toMatchObject([
    400,
    { code: 'BAD_REQUEST', message: 'alive:2:16: the # is missing; write all(#3)' },
  ]);

  expect((await put({ metric: 'agent.alive', condition: 'all(3s) >= 1 and max(cpu.busy, #3) >= 0' })).status).toBe(200);
  const explained = await until('the alert', async () => {
    const answer = await person.get<ExplainAnswer>('/api/v1/alerts/explain?rule=alive&endpoint=here');
    return answer.events.length > 0 && answer;
  });
  expect(explained).toMatchObject({
    condition: 'all(3s) >= 1 and max(cpu.busy,#3) >= 0',
    series: [{ series: 'here/agent.alive', verdict: 'holds', state: 'PROBLEM, step 1' }],
    events: [{ status: 'PROBLEM', previous: 'well', host: 'here' }],
  });

  const { status } = await fetch(`${url}/api/v1/rules/alive`, { method: 'DELETE', headers: { cookie: person.cookie } });
  expect(status).toBe(200);
  expect((await person.get<RulesAnswer>('/api/v1/rules')).rules).toEqual([]);
  await until('the end', async () => {
    const { alerts } = await person.get<{ alerts: { status: string; reason: string }[] }>('/api/v1/alerts?status=all');
    return alerts[0]?.status === 'OK' && alerts[0].reason.includes('removed');
  });
});
