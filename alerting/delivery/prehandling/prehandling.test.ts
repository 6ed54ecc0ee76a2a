/** On a virtual clock: something is tried before a person is woken. */
import { afterEach, describe, expect, test } from 'vitest';
import { AppError } from '../../../core/index.ts';
import { answerWith, eventually } from '../../testing/receiver.ts';
import { Scenario } from '../../testing/scenario.ts';

let scenario: Scenario;
let column: number;
const asked: string[] = [];

afterEach(() => scenario.close());

async function open(handler: string, restart?: (endpoint: string, actionId: string) => Promise<string>): Promise<void> {
  asked.length = 0;
  scenario = await Scenario.open(`channels:
  - { name: room, type: webhook, url: "HOOK", allow_internal: true }
prehandling:
  - { name: fix, rules: ["hi*"], wait: 30s, ${handler} }
rules:
  - { name: high, metric: cpu.busy, condition: all(#1) > 80, max_step: 1, min_interval: 0s, notify: [room] }
`);
  if (restart !== undefined) scenario.prehandling = { restartContainer: restart };
  await scenario.restart();
  column = scenario.feed.series(scenario.feed.host('node1'), 'cpu.busy');
}

const restarting = async (endpoint: string, actionId: string): Promise<string> => {
  asked.push(`${endpoint} ${actionId}`);
  return 'container web was restarted';
};

async function pass(seconds: number): Promise<void> {
  for (let passed = 0; passed < seconds; passed++) {
    await scenario.clock.advance(1000);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function passUntil(holds: () => boolean | Promise<boolean>): Promise<void> {
  await eventually(async () => {
    await scenario.clock.advance(250);
    return holds();
  });
}

const bodies = () => scenario.receiver.received.map(({ body }) => body);
const outcomes = () =>
  scenario.store.read({ sql: 'SELECT state, outcome, detail FROM alerting_action ORDER BY created_at_ms' });

describe('an action before paging', () => {
  test('that helps wakes nobody, and is told of afterwards, once', async () => {
    await open('action: restart', restarting);
    await scenario.push(1, { [column]: 95 });
    await passUntil(() => asked.length === 1);
    expect(bodies()).toEqual([]);
    await scenario.push(10, { [column]: 5 });
    await passUntil(() => bodies().length === 1);
    expect(bodies()[0]).toMatchObject({
      kind: 'report',
      status: 'OK',
      title: '[P3][OK] high: "fix" helped',
      lines: expect.arrayContaining(['"fix": done, container web was restarted']),
    });
    await pass(60);
    expect(bodies()).toHaveLength(1);
    expect(asked[0]).toMatch(/^node1 act_s_high_[0-9a-f]{32}_\d+_PROBLEM_1$/);
    expect(await outcomes()).toMatchObject([{ state: 'done', outcome: 'helped' }]);
  });

  test('that does not help within its time wakes people, who read what was tried and may press the links', async () => {
    await open('action: restart', restarting);
    await scenario.push(1, { [column]: 95 });
    await pass(28);
    expect(bodies()).toEqual([]);
    await passUntil(() => bodies().length === 1);
    expect(bodies()[0]).toMatchObject({
      kind: 'report',
      status: 'PROBLEM',
      title: '[P3][PROBLEM] high: "fix" did not help',
      acknowledgeUrl: expect.stringContaining('/act/'),
    });
    await scenario.push(scenario.now + 1, { [column]: 5 });
    await passUntil(() => bodies().length === 2);
    expect(bodies()[1]).toMatchObject({ status: 'OK', rule: 'high' });
  });

  test('that fails wakes people at once, and says why', async () => {
    await open('action: restart', () => Promise.reject(new AppError('NOT_FOUND', 'there is no such container')));
    await scenario.push(1, { [column]: 95 });
    await passUntil(() => bodies().length === 1);
    expect(scenario.now).toBeLessThan(15);
    expect(bodies()[0]?.lines).toContain('"fix": failed, there is no such container');
  });

  test('that was done as often as it may on a host within an hour is not done, and people hear', async () => {
    await open('action: restart, per_host_hour: 2', restarting);
    for (let round = 0; round < 3; round++) {
      await scenario.push(scenario.now + 1, { [column]: 95 });
      const sent = bodies().length;
      if (round < 2) await passUntil(() => asked.length === round + 1);
      else await passUntil(() => bodies().length === sent + 1);
      await scenario.push(scenario.now + 1, { [column]: 5 });
      await passUntil(() => bodies().length > sent);
      await passUntil(async () => (await scenario.pending()) === 0);
    }
    expect(asked).toHaveLength(2);
    expect((await outcomes()).at(-1)).toMatchObject({
      state: 'refused',
      outcome: 'not helped',
      detail: 'it was done 2 times on node1 within an hour already',
    });
  });

  test('that a crash cut off is not done again, and people hear', async () => {
    await open('action: restart', (endpoint, id) => {
      asked.push(`${endpoint} ${id}`);
      return new Promise(() => {});
    });
    await scenario.push(1, { [column]: 95 });
    await passUntil(() => asked.length === 1);
    await scenario.restart();
    await passUntil(() => bodies().length === 1);
    expect(asked).toHaveLength(1);
    expect(bodies()[0]?.lines).toContain('"fix": unknown, the server stopped while it acted');
  });

  test('may be a signed webhook, with a key of its own', async () => {
    await open('action: webhook, url: "HOOK", allow_internal: true, secret: s');
    await scenario.push(1, { [column]: 95 });
    await passUntil(() => bodies().length === 1);
    const [call] = scenario.receiver.received;
    expect(call?.headers['webhook-signature']).toMatch(/^v1,/);
    expect(call?.headers['idempotency-key']).toBe(call?.body.action);
    scenario.receiver.answer = answerWith(200);
    await scenario.push(10, { [column]: 5 });
    await passUntil(() => bodies().length === 2);
    expect(bodies()[1]).toMatchObject({ kind: 'report', status: 'OK' });
  });

  test('is not tried for the many of a storm, of which people hear at once', async () => {
    await open('action: restart', restarting);
    const columns = Array.from({ length: 60 }, (_, index) => {
      return scenario.feed.series(scenario.feed.host(`n${index}`), 'cpu.busy');
    });
    await scenario.push(1, Object.fromEntries(columns.map((one) => [one, 95])));
    await passUntil(() => bodies().length >= 1);
    expect(bodies()[0]).toMatchObject({ kind: 'digest', count: 40 });
    await passUntil(() => asked.length === 20);
    await pass(5);
    expect(asked).toHaveLength(20);
  });
});
