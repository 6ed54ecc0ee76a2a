import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Scenario } from '../../testing/scenario.ts';

const file = `channels: [{ name: oncall, type: webhook, url: "HOOK", allow_internal: true }]
rules: [{ name: of the file, metric: load.1min, condition: "all(#1) > 5", notify: [oncall] }]
`;
const high = { metric: 'cpu.busy', condition: 'all(#1) > 80', max_step: 1, notify: ['oncall'] };

let scenario: Scenario;
let column: number;

beforeEach(async () => {
  scenario = await Scenario.open(file);
  column = scenario.feed.series(scenario.feed.host('node1'), 'cpu.busy');
});
afterEach(() => scenario.close());

const names = () => scenario.alerting.rules().rules.map(({ name }) => name);
const stored = () => scenario.alerting.storedRules;

describe('a rule that is made through the API', () => {
  test('holds at once, after a restart, and until it is removed, which ends its alert', async () => {
    await stored().put('high', high, 'ada');
    expect(names()).toEqual(['of the file', 'high']);
    await scenario.push(0, { [column]: 90 });
    await scenario.settled();
    await scenario.restart();
    expect(names()).toEqual(['of the file', 'high']);
    expect(stored().bodyOf('high')).toEqual({ ...high, name: 'high' });
    await scenario.push(1, { [column]: 91 });
    await scenario.push(2, { [column]: 92 });
    await stored().remove('high');
    await scenario.settled();
    expect(names()).toEqual(['of the file']);
    expect(scenario.messages).toEqual(['PROBLEM#1@0', 'OK#1@2']);
  });

  test('is changed by giving it again, and keeps its alert where it watches the same', async () => {
    await stored().put('high', high, 'ada');
    await scenario.push(0, { [column]: 90 });
    await stored().put('high', { ...high, condition: 'all(#1) > 95' }, 'bob');
    await scenario.push(1, { [column]: 90 });
    await scenario.settled();
    expect(scenario.messages).toEqual(['PROBLEM#1@0', 'OK#1@1']);
  });

  test('is refused with every fault, and nothing changes', async () => {
    await stored().put('high', high, 'ada');
    const bad = { ...high, metric: 'cpu.bussy', notify: ['nobody'] };
    await expect(stored().put('high', bad, 'ada')).rejects.toThrow(
      'high: unknown metric "cpu.bussy"; did you mean "cpu.busy"?\nhigh: unknown channel "nobody"; the file has oncall',
    );
    await expect(stored().put('Of the file!', high, 'ada')).rejects.toMatchObject({ code: 'CONFLICT' });
    await expect(stored().remove('of the file')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(names()).toEqual(['of the file', 'high']);
  });

  test('goes on when its channel leaves the file, and says so', async () => {
    await stored().put('high', high, 'ada');
    await scenario.changeRules('rules: []\n');
    expect(names()).toEqual(['high']);
    expect(scenario.alerting.rules().error).toContain('high: unknown channel "oncall"');
  });

  test('is judged while the file is away, and no alert of the file ends for that', async () => {
    await stored().put('high', high, 'ada');
    const load = scenario.feed.series(scenario.feed.host('node2'), 'load.1min');
    await scenario.push(0, { [load]: 9 });
    await scenario.settled();
    await scenario.removeRules();
    await scenario.restart();
    await scenario.push(1, { [load]: 9, [column]: 90 });
    await scenario.stored();
    const open = await scenario.alerting.alerts({ status: 'open', limit: 10 });
    expect(open.map(({ rule }) => rule).sort()).toEqual(['high', 'of the file']);
    await stored().remove('high');
    await scenario.stored();
    expect((await scenario.alerting.alerts({ status: 'open', limit: 10 })).map(({ rule }) => rule)).toEqual([
      'of the file',
    ]);
  });
});
