/** From event to person on a virtual clock: storms, silences, teams, links, and what could not be delivered. */
import { afterEach, describe, expect, test } from 'vitest';
import { answerWith, eventually } from '../testing/receiver.ts';
import { Scenario } from '../testing/scenario.ts';

let scenario: Scenario;

afterEach(() => scenario.close());

const RULE =
  '{ name: high, metric: cpu.busy, condition: all(#1) > 80, max_step: 3, min_interval: 60s, notify: [told] }';

async function open(channels: string, rest = '', rule = RULE): Promise<void> {
  scenario = await Scenario.open(`channels:\n${channels}\n${rest}\nrules:\n  - ${rule}\n`);
}

/** Columns of as many hosts. */
function hosts(count: number): number[] {
  return Array.from({ length: count }, (_, index) => {
    return scenario.feed.series(scenario.feed.host(`node${String(index).padStart(4, '0')}`), 'cpu.busy');
  });
}

const all = (columns: readonly number[], value: number) => Object.fromEntries(columns.map((column) => [column, value]));

/** Lets the clock go on, second by second, so that real I/O keeps up with it. */
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
const kinds = () => bodies().map(({ kind, status }) => `${kind ?? 'event'} ${status}`);
const operations = () => scenario.alerting.operations;
const nowMs = () => Number(scenario.clock.nowMs());
const WEBHOOK = '  - { name: told, type: webhook, url: "HOOK", allow_internal: true }';

describe('a storm', () => {
  test('ends in one digest that stands for every event, and one more for its end', async () => {
    await open(WEBHOOK);
    const columns = hosts(300);
    await scenario.push(1, all(columns, 95));
    await passUntil(() => bodies().length === 1);
    const [digest] = bodies();
    expect(digest).toMatchObject({
      kind: 'digest',
      count: 300,
      status: 'PROBLEM',
      title: '[P3][PROBLEM] 300 events: 300 problems, 0 recovered',
      lines: ['[P3][PROBLEM] 300 × high: node0000 and 299 more'],
    });
    const { members } = await operations().members(String(digest?.key), 0);
    expect(new Set(members.map(({ endpoint }) => endpoint)).size).toBe(300);
    await pass(5);
    await scenario.push(scenario.now + 1, all(columns, 5));
    await passUntil(() => bodies().length === 2);
    expect(bodies()[1]).toMatchObject({ kind: 'digest', status: 'OK', count: 300 });
    expect(await scenario.pending()).toBe(0);
  });

  test('of a handful is told one by one, at once', async () => {
    await open(WEBHOOK);
    await scenario.push(1, all(hosts(5), 95));
    await scenario.receiver.got(5);
    expect(kinds()).toEqual(Array(5).fill('event PROBLEM'));
  });

  test('whose digest was sent by a process that died is sent once more, with the same key and the same words', async () => {
    await open(WEBHOOK);
    const columns = hosts(40);
    // Write 1 removes old rows, 2 stores the events, 3 binds them to the digest, 4 marks it.
    await scenario.restart({ write: 4, side: 'before' });
    await scenario.push(1, all(columns, 95));
    await passUntil(() => !scenario.lifeline.isAlive);
    await scenario.restart();
    await passUntil(async () => (await scenario.pending()) === 0);
    expect(bodies()).toHaveLength(2);
    expect(bodies()[1]).toEqual(bodies()[0]);
  });

  test('beyond the budget of a robot is folded, and the budget is kept', async () => {
    await open('  - { name: told, type: dingtalk, url: "HOOK", allow_internal: true, digest_above: 100 }');
    const sentAtMs: number[] = [];
    scenario.receiver.answer = (response) => {
      sentAtMs.push(nowMs());
      response.end('{"errcode":0}');
    };
    for (const [index, column] of hosts(30).entries()) {
      await scenario.push(index + 1, { [column]: 95 });
      // The clock stands still until what may leave has left.
      await scenario.receiver.got(Math.min(20, index + 1));
    }
    await passUntil(async () => (await scenario.pending()) === 0);
    for (const atMs of sentAtMs) {
      expect(sentAtMs.filter((other) => other > atMs - 60_000 && other <= atMs).length).toBeLessThanOrEqual(20);
    }
    expect(scenario.receiver.received.length).toBeLessThanOrEqual(25);
    expect(JSON.stringify(bodies().at(-1))).toMatch(/events: \d+ problems/);
  });
});

test('a restart does not refill the budget of a robot', async () => {
  await open('  - { name: told, type: dingtalk, url: "HOOK", allow_internal: true, digest_above: 100 }');
  scenario.receiver.answer = (response) => response.end('{"errcode":0}');
  const columns = hosts(22);
  for (const [index, column] of columns.slice(0, 20).entries()) {
    await scenario.push(index + 1, { [column]: 95 });
    await scenario.receiver.got(index + 1);
  }
  await scenario.settled();
  await scenario.restart();
  await scenario.push(25, { [Number(columns[20])]: 95 });
  await pass(30);
  expect(scenario.receiver.received).toHaveLength(20);
  await passUntil(() => scenario.receiver.received.length === 21);
});

describe('messages of low priority', () => {
  test('wait for the minute and leave together, by priority, status and metric, as in Open-Falcon', async () => {
    await open('  - { name: told, type: webhook, url: "HOOK", allow_internal: true, merge_low: 60s }', '', RULE);
    const columns = hosts(4);
    await scenario.push(1, { [Number(columns[0])]: 95 });
    await scenario.push(9, { [Number(columns[1])]: 95, [Number(columns[2])]: 95 });
    expect(bodies()).toEqual([]);
    await passUntil(() => bodies().length === 1);
    expect(nowMs() % 60_000).toBeLessThan(1000);
    expect(bodies()[0]).toMatchObject({ kind: 'digest', count: 3 });
  });
});

describe('a silence', () => {
  test('needs a reason and an end, keeps messages back while judging goes on, and ends in one summary', async () => {
    await open(WEBHOOK);
    const [one = 0, two = 0] = hosts(2);
    await expect(
      operations().silence({ matcher: { endpoint: 'node*' }, reason: 'x'.repeat(5), endsAtMs: nowMs() - 1 }, 'ann'),
    ).rejects.toThrow('must end after it begins');
    const silence = await operations().silence(
      { kind: 'maintenance', matcher: { endpoint: 'node*' }, reason: 'new disks', endsAtMs: nowMs() + 60_000 },
      'ann',
    );
    await scenario.push(1, { [one]: 95, [two]: 95 });
    await scenario.push(5, { [two]: 5 });
    await pass(3);
    expect(bodies()).toEqual([]);
    const [alert] = await scenario.alerting.alerts({ status: 'open', limit: 10 });
    expect(alert?.deliveries).toMatchObject([
      { state: 'held', lastError: expect.stringMatching(/^maintenance by ann until .*: new disks$/) },
    ]);
    await passUntil(() => bodies().length === 1);
    expect(bodies()[0]).toMatchObject({
      kind: 'summary',
      title: '[P3][PROBLEM] The maintenance is over: 3 events kept back, 1 still open',
      lines: expect.arrayContaining(['still open: [P3] high on node0000']),
    });
    expect(operations().silences()).toEqual([]);
    expect(silence.owner).toBe('ann');
    await scenario.push(100, { [one]: 5 });
    await scenario.receiver.got(2);
    expect(kinds()).toEqual(['summary PROBLEM', 'event OK']);
  });

  test('outlives a restart, and can be lifted before its time', async () => {
    await open(WEBHOOK);
    const [one = 0] = hosts(1);
    const change = { id: 'change-42', kind: 'mask' as const, matcher: { rule: 'high' }, reason: 'deploying' };
    await operations().silence({ ...change, endsAtMs: nowMs() + 3_600_000 }, 'deployer');
    await scenario.restart();
    await scenario.push(1, { [one]: 95 });
    await scenario.push(2, { [one]: 5 });
    await operations().lift('change-42');
    await scenario.receiver.got(1);
    expect(bodies()[0]).toMatchObject({
      kind: 'summary',
      status: 'OK',
      title: expect.stringContaining('all is well now'),
    });
    await expect(operations().lift('change-42')).rejects.toThrow('there is no silence');
  });

  test('that is set while a message waits keeps that back as well', async () => {
    await open(WEBHOOK);
    scenario.receiver.answer = answerWith(500);
    const [one = 0] = hosts(1);
    await scenario.push(1, { [one]: 95 });
    await scenario.receiver.got(1);
    await operations().silence({ matcher: { rule: '*' }, reason: 'known', endsAtMs: nowMs() + 3_600_000 }, 'ann');
    await passUntil(async () => (await scenario.pending()) === 0);
    expect((await scenario.alerting.alerts({ status: 'open', limit: 1 }))[0]?.deliveries[0]?.state).toBe('held');
  });
});

test('an alert that flaps is told six times, then is kept back, and its standing is told when it keeps still', async () => {
  await open(WEBHOOK);
  const [one = 0] = hosts(1);
  for (let at = 1; at <= 20; at++) await scenario.push(at * 10, { [one]: at % 2 === 1 ? 95 : 5 });
  await scenario.settled();
  expect(kinds().length).toBe(6);
  expect(operations().silences()).toMatchObject([{ kind: 'flap', owner: 'saker' }]);
  await scenario.clock.advance(600_000);
  await passUntil(() => bodies().length === 7);
  expect(bodies()[6]).toMatchObject({ kind: 'summary', status: 'OK', count: 14 });
  await scenario.push(2000, { [one]: 95 });
  await scenario.receiver.got(8);
  expect(kinds()[7]).toBe('event PROBLEM');
});

describe('a team', () => {
  const people = `users:
  - { name: ann, phone: "+15550000001" }
  - { name: bob, phone: "+15550000002" }
rotations:
  - { name: primary, users: [ann, bob], start: "2023-11-14T00:00", turn: 1d }
teams:
  - name: told
    channels: [room]
    escalation:
      - { after: 0s, rotations: [primary], channels: [sms] }
      - { after: 5m, users: [bob], channels: [sms] }`;
  const channels = `  - { name: room, type: webhook, url: "HOOK", allow_internal: true }
  - { name: sms, type: falcon-sms, url: "HOOK", allow_internal: true, merge_low: 0s }`;

  test('hears in its room and through who is on duty, then through the next step', async () => {
    await open(channels, people);
    const [one = 0] = hosts(1);
    await scenario.push(1, { [one]: 95 });
    await scenario.receiver.got(2);
    expect(operations().onCall()).toMatchObject([{ rotation: 'primary', user: 'ann' }]);
    expect(tos()).toEqual(['+15550000001']);
    await pass(298);
    expect(tos()).toEqual(['+15550000001']);
    await passUntil(() => tos().length === 2);
    expect(tos()).toEqual(['+15550000001', '+15550000002']);
    expect(scenario.alerting.metrics().escalations).toBe(1);
    // Whoever was told of the beginning is told of the end.
    await scenario.push(scenario.now + 1, { [one]: 5 });
    await passUntil(() => scenario.receiver.received.length === 6);
    expect(tos().slice(2).sort()).toEqual(['+15550000001', '+15550000002']);
  });

  test('is left alone when somebody acknowledges, by the link in the message, also after a restart', async () => {
    await open(channels, people);
    const [one = 0] = hosts(1);
    await scenario.push(1, { [one]: 95 });
    await scenario.receiver.got(2);
    const url = String(bodies().find(({ acknowledgeUrl }) => acknowledgeUrl !== undefined)?.acknowledgeUrl);
    const token = url.slice(url.lastIndexOf('/') + 1);
    const opened = await operations().openLink(token, ['acknowledge']);
    expect(opened.event.endpoint).toBe('node0000');
    expect((await scenario.alerting.alerts({ status: 'open', limit: 1 }))[0]?.id).toBe(opened.event.id);
    await operations().useLink(token, { silenceMs: 0, reason: '' });
    await operations().useLink(token, { silenceMs: 0, reason: '' });
    await scenario.settled();
    await scenario.restart();
    await scenario.push(100, { [one]: 95 });
    await scenario.push(400, { [one]: 95 });
    await pass(5);
    expect(scenario.receiver.received).toHaveLength(2);
    const [alert] = await scenario.alerting.alerts({ status: 'open', limit: 1 });
    expect(alert?.deliveries[0]).toMatchObject({
      state: 'held',
      lastError: expect.stringMatching(/^acknowledged by room \(link in a message\) at /),
    });
    await scenario.push(500, { [one]: 5 });
    await passUntil(() => scenario.receiver.received.length >= 4);
  });

  const tos = () => scenario.receiver.received.flatMap(({ body }) => (typeof body.tos === 'string' ? [body.tos] : []));
});

describe('a link', () => {
  test('that was changed, is for something else, or is old does nothing', async () => {
    await open(WEBHOOK);
    const [one = 0] = hosts(1);
    await scenario.push(1, { [one]: 95 });
    await scenario.receiver.got(1);
    const token = (name: string) => String(bodies()[0]?.[name]).split('/').at(-1) ?? '';
    const silence = token('silenceUrl');
    const acknowledge = token('acknowledgeUrl');
    const [payload = '', signature = ''] = acknowledge.split('.');
    for (const bad of [
      `${payload}x.${signature}`,
      `${payload}.${signature.slice(1)}`,
      payload,
      `${silence.split('.')[0]}.${signature}`,
    ]) {
      await expect(operations().openLink(bad, ['acknowledge', 'silence'])).rejects.toThrow('not valid');
    }
    await expect(operations().openLink(silence, ['acknowledge'])).rejects.toThrow('something else');
    await expect(operations().useLink(silence, { silenceMs: 60_000, reason: ' ' })).rejects.toThrow('why');
    await operations().useLink(silence, { silenceMs: 60_000, reason: 'on it' });
    expect(operations().silences()).toMatchObject([{ reason: 'on it', owner: 'told (link in a message)' }]);
    scenario.clock.stepWall(25 * 3600 * 1000);
    await expect(operations().openLink(acknowledge, ['acknowledge'])).rejects.toThrow('expired');
  });
});

describe('a message that was given up', () => {
  test('is shown, and can be sent again', async () => {
    await open('  - { name: told, type: slack, url: "HOOK", allow_internal: true }');
    scenario.receiver.answer = answerWith(404);
    const [one = 0] = hosts(1);
    await scenario.push(1, { [one]: 95 });
    await passUntil(async () => (await operations().deadLetters(10)).length === 1);
    const [dead] = await operations().deadLetters(10);
    expect(dead).toMatchObject({ channel: 'told', rule: 'high', endpoint: 'node0000', attempts: 5 });
    expect(dead?.reason).toMatch(/answered 404/);
    scenario.receiver.answer = (response) => response.end('ok');
    await operations().resend(dead?.sequence ?? -1);
    await passUntil(async () => (await operations().deadLetters(10)).length === 0);
    await passUntil(async () => (await scenario.pending()) === 0);
    await expect(operations().resend(dead?.sequence ?? -1)).rejects.toThrow('was not given up');
  });

  test('is one; when the next is refused as well it is the channel, whose messages wait for its repair', async () => {
    await open('  - { name: told, type: slack, url: "HOOK", allow_internal: true }');
    scenario.receiver.answer = answerWith(403);
    const [one = 0, two = 0] = hosts(2);
    await scenario.push(1, { [one]: 95 });
    await scenario.push(2, { [two]: 95 });
    await pass(120);
    expect(await operations().deadLetters(10)).toHaveLength(1);
    expect(await scenario.pending()).toBe(1);
    expect(operations().channels()).toMatchObject([{ name: 'told', state: 'open' }]);
    scenario.receiver.answer = (response) => response.end('ok');
    await passUntil(async () => (await scenario.pending()) === 0);
    expect(operations().channels()).toMatchObject([{ state: 'closed', failures: 0 }]);
  });
});

test('a sign of life leaves as often as the channel says, and stays away when no samples arrive', async () => {
  await open('  - { name: told, type: webhook, url: "HOOK", allow_internal: true, heartbeat: 60s }');
  const [one = 0] = hosts(1);
  for (let at = 1; at <= 130; at += 1) await scenario.push(at, { [one]: 5 });
  await scenario.settled();
  const sent = kinds().length;
  expect(kinds()).toEqual(Array(sent).fill('heartbeat OK'));
  expect(sent).toBeGreaterThanOrEqual(2);
  await pass(200);
  expect(bodies().length).toBeLessThanOrEqual(sent + 1);
  expect(scenario.alerting.metrics().heartbeatsWithheld).toBeGreaterThanOrEqual(1);
});

test('a test of a channel shows every hop, and a preview what a template makes of a real event', async () => {
  await open(WEBHOOK);
  expect(await operations().test('told', 'ann')).toMatchObject({
    delivered: true,
    hops: [
      { hop: 'age' },
      { hop: 'silences' },
      { hop: 'channel' },
      { hop: 'people' },
      { hop: 'words' },
      { hop: 'receiver' },
    ],
  });
  scenario.receiver.answer = answerWith(500);
  const failed = await operations().test('told', 'ann');
  expect(failed.delivered).toBe(false);
  expect(failed.hops.at(-1)).toMatchObject({ hop: 'receiver', passed: false, detail: expect.stringContaining('500') });
  await expect(operations().preview({ title: '{rule}' })).rejects.toThrow('no event yet');
  const [one = 0] = hosts(1);
  await scenario.push(1, { [one]: 95 });
  expect(
    await operations().preview({ title: '{rule} on {endpoint}', text: 'is {value}\nfor {condition}' }),
  ).toMatchObject({
    title: 'high on node0000',
    lines: ['is 95 %', 'for all(#1) > 80'],
  });
  await expect(operations().preview({ text: '{endpont}' })).rejects.toThrow('did you mean {endpoint}?');
});
