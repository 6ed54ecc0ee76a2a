import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { second } from '../../core/index.ts';
import type { KillPoint } from '../testing/lifeline.ts';
import { Scenario, START_SECOND } from '../testing/scenario.ts';

const rules = `channels: [{ name: oncall, type: webhook, url: "HOOK", allow_internal: true }]
rules:
  - { name: high, metric: cpu.busy, condition: all(#2) > 80, max_step: 3, min_interval: 3s, notify: [oncall] }
`;

let scenario: Scenario;
let column: number;
/** What realtime holds. */
let ring: { readonly second: number; readonly value: number }[];

beforeEach(open);
afterEach(() => scenario.close());

async function open(): Promise<void> {
  scenario = await Scenario.open(rules);
  column = scenario.feed.series(scenario.feed.host('node1'), 'cpu.busy');
  ring = [];
  scenario.lastPoints = (_, count, before) =>
    ring
      .map((point) => ({ second: second(START_SECOND + point.second), value: point.value }))
      .filter((point) => point.second < before)
      .slice(-count);
}

/** Pushes one value a second, each room dying at its kill point and the next one taking over. Returns the deaths. */
async function live(values: readonly number[], killPoints: readonly KillPoint[]): Promise<number> {
  const waiting = [...killPoints];
  let deaths = 0;
  await scenario.restart(waiting.shift());
  const settle = async () => {
    await scenario.settled();
    while (!scenario.lifeline.isAlive) {
      deaths++;
      await scenario.restart(waiting.shift());
      await scenario.settled();
    }
  };
  for (const [at, value] of values.entries()) {
    await settle();
    ring.push({ second: at, value });
    await scenario.push(at, { [column]: value });
  }
  await settle();
  return deaths;
}

const keysOf = () => scenario.receiver.received.map(({ body }) => String(body.key));

describe('killed at any write', () => {
  test.each(['before', 'after'] as const)('%s the event is durable: it is told once', async (side) => {
    // Write 1 of each life is the removal of old rows, 2 the event, 3 the mark of its delivery.
    expect(await live([90, 90, 90], [{ write: 2, side }])).toBe(1);
    expect(keysOf()).toHaveLength(1);
  });

  test('after a message was sent and before that is noted: it is sent once more, with the same key', async () => {
    expect(await live([90, 90, 90], [{ write: 3, side: 'before' }])).toBe(1);
    const keys = keysOf();
    expect(keys).toHaveLength(2);
    expect(keys[0]).toBe(keys[1]);
  });

  test('any number of times: nothing durable is lost, and duplicates have the key of their first', async () => {
    const values = fc.array(fc.constantFrom(10, 90, 90), { minLength: 5, maxLength: 25 });
    const killPoint = fc.record({
      write: fc.integer({ min: 1, max: 6 }),
      side: fc.constantFrom('before' as const, 'after' as const),
    });
    await fc.assert(
      fc.asyncProperty(values, fc.array(killPoint, { maxLength: 6 }), async (given, killPoints) => {
        await scenario.close();
        await open();
        const deaths = await live(given, killPoints);
        await checkOutcome(given, deaths);
      }),
      { numRuns: 40 },
    );
  }, 60_000);
});

async function checkOutcome(values: readonly number[], deaths: number): Promise<void> {
  const stored = await scenario.store.read({ sql: 'SELECT key FROM alerting_event ORDER BY event_time_ms' });
  const storedKeys = stored.map((row) => String(row.key));
  const held = await scenario.store.read({ sql: `SELECT event_key FROM alerting_delivery WHERE state = 'held'` });
  const heldKeys = new Set(held.map((row) => String(row.event_key)));
  const received = keysOf();
  // Everything durable was told, in order, or is kept back because the alert flaps; and nothing else was told.
  const firstTimes = received.filter((key, index) => received.indexOf(key) === index);
  expect(firstTimes).toEqual(storedKeys.filter((key) => !heldKeys.has(key)));
  expect(received.length - firstTimes.length).toBeLessThanOrEqual(deaths);
  // An incident counts up from 1 and ends with one OK.
  let step = 0;
  for (const key of storedKeys) {
    const [, status, number] = /_(PROBLEM|OK)_(\d+)$/.exec(key) ?? [];
    if (status === 'OK') expect(step).toBeGreaterThan(0);
    else expect(Number(number)).toBe(step + 1);
    step = status === 'OK' ? 0 : step + 1;
    expect(step).toBeLessThanOrEqual(3);
  }
  // What is open at the end is what the samples say. The last room lives.
  await scenario.restart();
  const isHigh = values.slice(-2).every((value) => value > 80);
  await scenario.push(values.length, { [column]: isHigh ? 90 : 10 });
  expect(await scenario.alerting.alerts({ status: 'open', limit: 10 })).toHaveLength(isHigh ? 1 : 0);
}
