import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Delivery } from '../../../core/index.ts';
import { answerWith, eventually, Receiver } from '../../testing/receiver.ts';
import { Scenario } from '../../testing/scenario.ts';

const rulesFor = (notify: string) => `channels:
  - { name: oncall, type: webhook, url: "HOOK", allow_internal: true }
  - { name: other, type: webhook, url: "OTHER", allow_internal: true }
  - { name: guarded, type: webhook, url: "http://localhost:1/" }
rules:
  - { name: high, metric: cpu.busy, condition: all(#1) > 80, max_step: 1, min_interval: 0s, notify: [${notify}] }
`;

let scenario: Scenario;
let other: Receiver;
let column: number;

beforeEach(async () => {
  other = await Receiver.open();
  scenario = await Scenario.open(rulesFor('oncall').replace('OTHER', other.url));
  column = scenario.feed.series(scenario.feed.host('node1'), 'cpu.busy');
});

afterEach(async () => {
  await scenario.close();
  await other.close();
});

const notify = (channels: string) => scenario.changeRules(rulesFor(channels).replace('OTHER', other.url));

async function deliveries(): Promise<readonly Delivery[]> {
  const [alert] = await scenario.alerting.alerts({ status: 'all', limit: 1 });
  return alert?.deliveries ?? [];
}

/** The attempt under way has ended badly and was noted. */
async function noted(attempts: number): Promise<Delivery | undefined> {
  await eventually(async () => (await deliveries())[0]?.attempts === attempts);
  return (await deliveries())[0];
}

describe('a message', () => {
  test('that is not taken is tried again after 1, 2, 4, 8, 10, 10 … seconds, and waits no longer than that', async () => {
    scenario.receiver.answer = answerWith(500);
    await scenario.push(1, { [column]: 95 });
    let attempts = 0;
    for (const waitSeconds of [1, 2, 4, 8, 10, 10]) {
      attempts++;
      await scenario.receiver.got(attempts);
      expect(await noted(attempts)).toMatchObject({
        state: 'pending',
        lastError: `127.0.0.1:${scenario.receiver.port} answered 500`,
      });
      await scenario.clock.advance(waitSeconds * 1000 - 1);
      expect(scenario.receiver.received).toHaveLength(attempts);
      await scenario.clock.advance(1);
    }
    scenario.receiver.answer = answerWith(204);
    await scenario.clock.advance(10_000);
    await scenario.settled();
    expect(await deliveries()).toMatchObject([{ state: 'delivered', attempts: 7 + 1, lastError: null }]);
    expect(new Set(scenario.receiver.received.map(({ headers }) => headers['idempotency-key'])).size).toBe(1);
  });

  test('after one that was taken waits a second again when it is not', async () => {
    scenario.receiver.answer = (response, count) => response.writeHead(count === 3 ? 200 : 500).end();
    await scenario.push(1, { [column]: 95 });
    await noted(1);
    await scenario.clock.advance(1000);
    await noted(2);
    await scenario.clock.advance(2000);
    await scenario.receiver.got(3);
    await scenario.settled();
    await scenario.push(5, { [column]: 10 });
    await scenario.receiver.got(4);
    await noted(1);
    await scenario.clock.advance(1000);
    await scenario.receiver.got(5);
  });

  test('to a receiver that hangs is tried again, and the end waits behind the beginning', async () => {
    scenario.receiver.answer = () => {};
    await scenario.push(1, { [column]: 95 });
    await scenario.receiver.got(1);
    await scenario.push(2, { [column]: 10 });
    scenario.receiver.answer = answerWith(200);
    await scenario.clock.advance(9000);
    await eventually(() => scenario.alerting.metrics().deliveryRetries === 1);
    await eventually(async () => {
      await scenario.clock.advance(1000);
      return scenario.messages.length === 3;
    });
    expect(scenario.messages).toEqual(['PROBLEM#1@1', 'PROBLEM#1@1', 'OK#1@2']);
  });

  test('that is answered with a redirect goes nowhere else, and says so', async () => {
    scenario.receiver.answer = answerWith(302, { Location: other.url });
    await scenario.push(1, { [column]: 95 });
    const delivery = await noted(1);
    expect(delivery?.lastError).toBe(
      `127.0.0.1:${scenario.receiver.port} answered 302, a redirect, which is not followed`,
    );
    expect(other.received).toEqual([]);
  });

  test('whose answer drips is delivered with the head of the answer', async () => {
    scenario.receiver.answer = (response) => response.writeHead(200).write('d');
    await scenario.push(1, { [column]: 95 });
    await scenario.settled();
    expect(await deliveries()).toMatchObject([{ state: 'delivered', attempts: 1 }]);
  });

  test('that nobody took for 24 h has failed, visibly, and the next one is tried', async () => {
    scenario.receiver.answer = answerWith(503);
    await scenario.push(1, { [column]: 95 });
    await noted(1);
    scenario.clock.stepWall(24 * 3600 * 1000);
    await scenario.clock.advance(1000);
    await eventually(async () => (await deliveries())[0]?.state === 'failed');
    expect(await deliveries()).toMatchObject([
      { state: 'failed', attempts: 1, lastError: 'not delivered within 24 h' },
    ]);
    expect(scenario.alerting.metrics().deliveriesFailed).toBe(1);
    scenario.receiver.answer = answerWith(200);
    await scenario.push(24 * 3600 + 10, { [column]: 10 });
    await eventually(() => scenario.messages.at(-1)?.startsWith('OK') === true);
  });
});

describe('channels', () => {
  test('do not wait for each other', async () => {
    await notify('oncall, other');
    scenario.receiver.answer = () => {};
    await scenario.push(5, { [column]: 95 });
    await scenario.push(6, { [column]: 10 });
    await other.got(2);
    expect(scenario.receiver.received).toHaveLength(1);
  });

  test('to an internal address that were not allowed to say what to set, without a connection', async () => {
    await notify('guarded');
    await scenario.push(5, { [column]: 95 });
    const delivery = await noted(1);
    expect(delivery?.lastError).toBe(
      'localhost:1 is at an internal address, and the channel does not allow that. ' +
        'add "allow_internal: true" to the channel if it is meant',
    );
  });

  test('that are corrected in the file hold for what waits already', async () => {
    await notify('guarded');
    await scenario.push(5, { [column]: 95 });
    await noted(1);
    const corrected = rulesFor('guarded').replace('"http://localhost:1/" }', '"OTHER", allow_internal: true }');
    await scenario.changeRules(corrected.replaceAll('OTHER', other.url));
    await eventually(async () => {
      await scenario.clock.advance(1000);
      return other.received.length === 1;
    });
  });

  test('that are removed from the file fail what waits for them', async () => {
    scenario.receiver.answer = answerWith(500);
    await scenario.push(1, { [column]: 95 });
    await noted(1);
    const renamed = rulesFor('primary').replaceAll('name: oncall', 'name: primary').replace('OTHER', other.url);
    await scenario.changeRules(renamed);
    await eventually(async () => {
      await scenario.clock.advance(1000);
      return (await deliveries())[0]?.state === 'failed';
    });
    expect(await deliveries()).toMatchObject([{ lastError: 'the rules file has no channel "oncall" any more' }]);
  });

  test('send what waited before a restart, in order', async () => {
    scenario.receiver.answer = answerWith(500);
    await scenario.push(1, { [column]: 95 });
    await scenario.push(2, { [column]: 10 });
    await noted(0);
    await scenario.restart();
    scenario.receiver.answer = answerWith(200);
    await eventually(() => scenario.messages.at(-1) === 'OK#1@2');
    await scenario.settled();
    expect(await scenario.pending()).toBe(0);
  });
});

test('closing ends an attempt under way, keeps its message, and does not count it', async () => {
  scenario.receiver.answer = () => {};
  await scenario.push(1, { [column]: 95 });
  await scenario.receiver.got(1);
  await scenario.alerting.close();
  expect(await deliveries()).toMatchObject([{ state: 'pending', attempts: 0 }]);
});
