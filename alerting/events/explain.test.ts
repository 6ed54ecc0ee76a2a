import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ExplainAnswer } from '../../core/index.ts';
import { Scenario } from '../testing/scenario.ts';

const rules = `channels: [{ name: oncall, type: webhook, url: "HOOK", allow_internal: true }]
rules:
  - { name: high, metric: cpu.busy, condition: "all(#2) > 80", where: { kind: container }, notify: [oncall] }
  - { name: quiet, metric: cpu.busy, condition: "all(#2) > 80", where: { kind: host }, hours: ["00:00-00:01"] }
  - { name: load, metric: load.1min, condition: "all(#1) > 5", max_step: 0 }
  - { name: silent, metric: cpu.busy, condition: nodata(5s) }
`;

let scenario: Scenario;
let host: number;
let web: number;
let load: number;

beforeEach(async () => {
  scenario = await Scenario.open(rules);
  const node = scenario.feed.host('node1');
  host = scenario.feed.series(node, 'cpu.busy');
  load = scenario.feed.series(node, 'load.1min');
  web = scenario.feed.series(scenario.feed.container('node1/web'), 'cpu.busy');
});
afterEach(() => scenario.close());

const ask = (rule: string, endpoint: string): Promise<ExplainAnswer> => scenario.alerting.explain({ rule, endpoint });

describe('why was I told', () => {
  test('is answered with the points, the state before, and who was told how', async () => {
    await scenario.push(0, { [web]: 70 });
    await scenario.push(1, { [web]: 90 });
    await scenario.push(2, { [web]: 95 });
    await scenario.settled();
    const { answer, series, events, condition } = await ask('high', 'node1/web');
    expect(condition).toBe('all(#2) > 80');
    expect(answer).toContain('There is an open alert, delivered to oncall');
    expect(series).toMatchObject([
      {
        series: 'node1/web/cpu.busy',
        verdict: 'holds',
        state: 'PROBLEM, step 1',
        reason: 'all(#2) > 80 holds: the value is 95; points, newest first: 95, 90',
        keptBack: ['the points overlap those of the last event'],
      },
    ]);
    expect(events).toMatchObject([
      {
        status: 'PROBLEM',
        previous: 'well',
        host: 'node1',
        points: [
          [expect.any(Number), 90],
          [expect.any(Number), 95],
        ],
      },
    ]);
    expect(events[0]?.deliveries).toMatchObject([{ channel: 'oncall', state: 'delivered' }]);
  });
});

describe('why was I not told', () => {
  beforeEach(async () => {
    for (let at = 0; at < 3; at++) await scenario.push(at, { [host]: 99, [web]: 10, [load]: 9 });
  });

  test.each([
    ['high', 'node1/web', 'The condition does not hold; it never did in the last 30 days.'],
    ['quiet', 'node1', 'the rule is in effect 00:00-00:01 UTC only'],
    ['load', 'node1', 'max_step is 0: the rule is muted'],
    ['high', 'node1', 'node1 does not fulfil {"kind":"container"} of the rule\'s where'],
    ['load', 'node1/web', 'node1/web has no load.1min'],
    ['high', 'node9', 'no collector has told of an endpoint "node9"'],
    ['silent', 'node1', 'The condition does not hold'],
  ])('%s on %s: %s', async (rule, endpoint, words) => {
    expect((await ask(rule, endpoint)).answer).toContain(words);
  });

  test('and while there are too few points, that is said', async () => {
    await scenario.restart();
    await scenario.push(3, { [web]: 99 });
    expect((await ask('high', 'node1/web')).answer).toBe(
      'Nothing can be said yet: all(#2) > 80 needs 2 points; there are 1.',
    );
  });

  test('a rule that there is not is refused with the nearest one', async () => {
    await expect(ask('hihg', 'node1')).rejects.toMatchObject({ code: 'NOT_FOUND', hint: 'did you mean "high"?' });
  });
});
