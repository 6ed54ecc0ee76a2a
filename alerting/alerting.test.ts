import { rm } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { second } from '../core/index.ts';
import { eventually } from './testing/receiver.ts';
import { Scenario, START_SECOND } from './testing/scenario.ts';

const channel = 'channels: [{ name: oncall, type: webhook, url: "HOOK", allow_internal: true }]';
const cpuHigh = `${channel}
rules:
  - name: container cpu high
    metric: cpu.busy
    where: { kind: container, service: web }
    condition: all(#3) > 80
    priority: 1
    max_step: 3
    min_interval: 60s
    note: CPU of {endpoint} is at {value}
    notify: [oncall]
`;

let scenario: Scenario;
let column: number;

beforeEach(async () => {
  scenario = await Scenario.open(cpuHigh);
  const web = scenario.feed.container('node1/shop.web.1', { 'com.docker.compose.service': 'web' });
  column = scenario.feed.series(web, 'cpu.busy');
});

afterEach(() => scenario.close());

/** One value for each second from `from`. */
async function push(from: number, values: readonly number[]): Promise<void> {
  for (const [index, value] of values.entries()) await scenario.push(from + index, { [column]: value });
}

describe('a time-line', () => {
  test('three bad seconds from 10 s are told at 12 s, again a minute later, and their end once', async () => {
    await push(0, [10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 95, 95]);
    expect(scenario.alerting.metrics().events).toBe(0);
    await push(12, [95]);
    await scenario.receiver.got(1);
    expect(scenario.now).toBe(12);
    await push(
      13,
      Array.from({ length: 59 }, () => 95),
    );
    expect(scenario.messages).toEqual(['PROBLEM#1@12']);
    await push(72, [95, 95]);
    await scenario.receiver.got(2);
    await push(74, [20, 20, 20]);
    await scenario.receiver.got(3);
    expect(scenario.messages).toEqual(['PROBLEM#1@12', 'PROBLEM#2@72', 'OK#1@74']);
  });

  test('a message says what, where, how bad and since when, and has an idempotency key', async () => {
    await push(0, [91.25, 92, 93.2]);
    await scenario.receiver.got(1);
    const [message] = scenario.receiver.received;
    const id = 's_container-cpu-high_ca73d7003ac60febcd863770019e238c';
    expect(message?.body).toEqual({
      message:
        '[P1][PROBLEM] container cpu high | node1/shop.web.1 | CPU of node1/shop.web.1 is at 93.2 % | ' +
        'cpu.busy is 93.2 %, rule all(#3) > 80 | since 2023-11-14 22:13:22 UTC',
      url: 'https://saker.example.org/endpoint/node1%2Fshop.web.1?at=1700000062000',
      acknowledgeUrl: expect.stringMatching(/^https:\/\/saker\.example\.org\/act\/[\w.-]+$/),
      silenceUrl: expect.stringMatching(/^https:\/\/saker\.example\.org\/act\/[\w.-]+$/),
      key: `${id}_1700000002_PROBLEM_1`,
      id,
      rule: 'container cpu high',
      priority: 1,
      note: 'CPU of node1/shop.web.1 is at 93.2 %',
      status: 'PROBLEM',
      endpoint: 'node1/shop.web.1',
      tags: {},
      condition: { metric: 'cpu.busy', tags: {}, func: 'all(#3)', operator: '>', rightValue: 80 },
      leftValue: 93.2,
      currentStep: 1,
      eventTimeMs: 1_700_000_002_000,
      sinceMs: 1_700_000_002_000,
      reason: 'all(#3) > 80 holds: the value is 93.2; points, newest first: 93.2, 92, 91.25; it was well before',
      host: 'node1',
      points: [
        [1_700_000_000, 91.25],
        [1_700_000_001, 92],
        [1_700_000_002, 93.2],
      ],
      previous: 'well',
    });
    expect(message?.headers).toMatchObject({
      'idempotency-key': `${id}_1700000002_PROBLEM_1`,
      'user-agent': 'saker/0.1.0',
      'content-type': 'application/json',
    });
  });

  test('late ticks, repeated seconds and other series change nothing', async () => {
    const { feed, alerting } = scenario;
    const db = feed.container('node1/shop.db.1', { 'com.docker.compose.service': 'db' });
    const other = feed.series(db, 'cpu.busy');
    await scenario.push(0, { [column]: 95, [other]: 99 });
    await scenario.push(1, { [column]: 95, [other]: 99 });
    alerting.onTick(feed.tick(START_SECOND + 2, { [column]: 95 }, 'late'));
    await scenario.push(1, { [column]: 95, [other]: 99 });
    await scenario.push(0, { [column]: 95, [other]: 99 });
    await scenario.push(2, { [other]: 99 });
    expect(alerting.metrics()).toMatchObject({ events: 0, ticksLate: 1, pointsJudged: 2 });
    await scenario.push(3, { [column]: 95 });
    expect(alerting.metrics().events).toBe(1);
  });

  test('windows outlive growth of the dictionary, a new generation and a recreated container', async () => {
    const { feed } = scenario;
    await push(0, [95]);
    feed.series(feed.host('node1'), 'cpu.busy');
    await push(1, [95]);
    feed.describe(0, { state: 'gone' });
    feed.renew();
    feed.series(feed.host('node1'), 'cpu.busy');
    const web = feed.container('node1/shop.web.1', { 'com.docker.compose.service': 'web' });
    column = feed.series(web, 'cpu.busy');
    await push(2, [95]);
    expect(scenario.alerting.metrics().events).toBe(1);
  });

  test('a container whose labels come to match is judged from then on', async () => {
    scenario.feed.describe(0, { labels: {} });
    await push(0, [95, 95, 95]);
    expect(scenario.alerting.metrics().events).toBe(0);
    scenario.feed.describe(0, { labels: { 'saker.service': 'web' } });
    await push(3, [95, 95]);
    expect(scenario.alerting.metrics().events).toBe(0);
    await push(5, [95]);
    expect(scenario.alerting.metrics().events).toBe(1);
  });
});

describe('after a restart', () => {
  test('nothing is sent twice, steps go on, and a recovery is told', async () => {
    await push(0, [95, 95, 95]);
    await scenario.receiver.got(1);
    await eventually(
      async () =>
        (await scenario.alerting.alerts({ status: 'open', limit: 9 }))[0]?.deliveries[0]?.state === 'delivered',
    );
    await scenario.restart();
    await push(10, [95, 95, 95, 95]);
    await push(62, [95, 95, 95]);
    await scenario.receiver.got(2);
    await scenario.restart();
    await push(70, [10, 10, 10]);
    await scenario.receiver.got(3);
    expect(scenario.messages).toEqual(['PROBLEM#1@2', 'PROBLEM#2@62', 'OK#1@72']);
  });

  test('windows begin with the points that realtime still has', async () => {
    scenario.lastPoints = (series, count, before) => {
      expect(series).toEqual({ endpoint: 'node1/shop.web.1', metric: 'cpu.busy', tags: {} });
      expect([count, before]).toEqual([4, START_SECOND + 10]);
      // Whatever realtime has stored already, the second being judged is judged as it arrives.
      return [8, 9, 10].map((at) => ({ second: second(START_SECOND + at), value: 95 }));
    };
    await scenario.restart();
    await push(10, [95]);
    await scenario.receiver.got(1);
    expect(scenario.messages).toEqual(['PROBLEM#1@10']);
  });

  test('without a rules file open alerts stay open until it is back', async () => {
    await push(0, [95, 95, 95]);
    await rm(scenario.rulesPath);
    await scenario.restart();
    await push(10, [10, 10, 10]);
    expect(await scenario.alerting.alerts({ status: 'open', limit: 9 })).toHaveLength(1);
    expect(scenario.alerting.rules()).toMatchObject({ loadedAtMs: null, error: null, rules: [] });
    await scenario.changeRules(cpuHigh);
    await push(20, [10, 10, 10]);
    expect(await scenario.alerting.alerts({ status: 'open', limit: 9 })).toHaveLength(0);
  });
});

describe('a change of the rules', () => {
  test('that removes a rule ends its alerts, and tells those who were told of them', async () => {
    await push(0, [95, 95, 95]);
    await scenario.receiver.got(1);
    await scenario.changeRules(channel);
    await scenario.receiver.got(2);
    expect(scenario.receiver.received[1]?.body).toMatchObject({
      status: 'OK',
      reason: 'the rule was removed from the rules file',
    });
    await push(10, [95, 95, 95]);
    expect(scenario.alerting.metrics()).toMatchObject({ events: 2, openAlerts: 0 });
  });

  test('to another metric or other series ends the alerts that it watches no more', async () => {
    await push(0, [95, 95, 95]);
    await scenario.changeRules(cpuHigh.replace('service: web', 'service: db'));
    await push(4, [95]);
    await scenario.receiver.got(2);
    expect(scenario.receiver.received[1]?.body.reason).toBe(
      'the rule was changed and does not watch this series any more',
    );
    await scenario.changeRules(cpuHigh);
    await push(10, [95, 95, 95]);
    await scenario.changeRules(cpuHigh.replace('cpu.busy', 'cpu.user'));
    await scenario.receiver.got(4);
    expect(scenario.receiver.received[3]?.body.reason).toBe('the rule was changed to watch cpu.user');
  });

  test('of the threshold keeps the alert and judges it anew with the next sample', async () => {
    await push(0, [95, 95, 95]);
    await scenario.changeRules(cpuHigh.replace('> 80', '> 97'));
    await push(4, [95]);
    await scenario.receiver.got(2);
    expect(scenario.messages).toEqual(['PROBLEM#1@2', 'OK#1@4']);
  });

  test('with a fault changes nothing but what the API says', async () => {
    await scenario.writeRules(cpuHigh.replace('all(#3)', 'al(#3)'));
    await eventually(async () => {
      await scenario.clock.advance(100);
      return scenario.alerting.rules().error !== null;
    });
    const answer = scenario.alerting.rules();
    expect(answer.error).toBe(`${scenario.rulesPath}:6:16: unknown function "al"; did you mean "all"?`);
    expect(answer.rules).toEqual([
      {
        name: 'container cpu high',
        metric: 'cpu.busy',
        tags: {},
        where: { kind: 'container', service: 'web' },
        func: 'all(#3)',
        operator: '>',
        rightValue: 80,
        priority: 1,
        maxStep: 3,
        minIntervalSeconds: 60,
        note: 'CPU of {endpoint} is at {value}',
        channels: ['oncall'],
      },
    ]);
    await push(5, [95, 95, 95]);
    await scenario.receiver.got(1);
  });
});

describe('the API', () => {
  test('lists open alerts and closed ones with their deliveries, the newest first', async () => {
    const two = scenario.feed.container('node1/shop.web.2', { 'com.docker.compose.service': 'web' });
    const other = scenario.feed.series(two, 'cpu.busy');
    for (const at of [0, 1, 2]) await scenario.push(at, { [column]: 95, [other]: 10 });
    for (const at of [3, 4, 5]) await scenario.push(at, { [column]: 10, [other]: 95 });
    await scenario.receiver.got(3);
    const { alerting } = scenario;
    await eventually(() => alerting.metrics().deliveriesDelivered === 3);
    const open = await alerting.alerts({ status: 'open', limit: 10 });
    expect(open).toMatchObject([
      {
        endpoint: 'node1/shop.web.2',
        status: 'PROBLEM',
        lastEventMs: (START_SECOND + 5) * 1000,
        deliveries: [{ channel: 'oncall', state: 'delivered', attempts: 1, lastError: null }],
      },
    ]);
    await eventually(async () =>
      (await alerting.alerts({ status: 'all', limit: 10 })).every(
        ({ deliveries }) => deliveries[0]?.state === 'delivered',
      ),
    );
    const all = await alerting.alerts({ status: 'all', limit: 10 });
    expect(all.map(({ endpoint, status }) => `${endpoint} ${status}`)).toEqual([
      'node1/shop.web.2 PROBLEM',
      'node1/shop.web.1 OK',
    ]);
    expect(await alerting.alerts({ status: 'all', limit: 1 })).toHaveLength(1);
    expect(scenario.published).toContain('alerts');
  });
});

describe('while the state store is away', () => {
  test('nobody is told of what is not durable, judging goes on, and nothing is lost', async () => {
    scenario.store.failures = 2;
    await scenario.clock.advance(0);
    for (const at of [0, 1, 2]) {
      await scenario.clock.advance(1000);
      scenario.alerting.onTick(scenario.feed.tick(START_SECOND + at, { [column]: 95 }));
    }
    await eventually(() => scenario.alerting.metrics().eventWritesFailed === 1);
    expect(scenario.alerting.metrics()).toMatchObject({ eventsQueued: 1, openAlerts: 1, deliveryAttempts: 0 });
    scenario.alerting.onTick(scenario.feed.tick(START_SECOND + 3, { [column]: 10 }));
    await scenario.clock.advance(1000);
    await scenario.clock.advance(2000);
    await scenario.receiver.got(2);
    expect(scenario.messages).toEqual(['PROBLEM#1@2', 'OK#1@3']);
  });
});
