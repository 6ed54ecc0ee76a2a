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
const editor = () => scenario.alerting.ruleEditor;
const rule = (name: string) => ({ kind: 'rule', name }) as const;
const put = (name: string, written: object, by: string, version?: number) =>
  editor().put(rule(name), { rule: { ...written }, ...(version === undefined ? {} : { version }) }, by);
const remove = (name: string) => editor().remove(rule(name), undefined, 'ada');

describe('a rule that is made through the API', () => {
  test('holds at once, after a restart, and until it is removed, which ends its alert', async () => {
    await put('high', high, 'ada');
    expect(names()).toEqual(['of the file', 'high']);
    await scenario.push(0, { [column]: 90 });
    await scenario.settled();
    await scenario.restart();
    expect(names()).toEqual(['of the file', 'high']);
    expect((await editor().entry(rule('high'))).rule).toEqual({ ...high, name: 'high' });
    await scenario.push(1, { [column]: 91 });
    await scenario.push(2, { [column]: 92 });
    await remove('high');
    await scenario.settled();
    expect(names()).toEqual(['of the file']);
    expect(scenario.messages).toEqual(['PROBLEM#1@0', 'OK#1@2']);
  });

  test('is changed by giving it again, and keeps its alert where it watches the same', async () => {
    await put('high', high, 'ada');
    await scenario.push(0, { [column]: 90 });
    await put('high', { ...high, condition: 'all(#1) > 95' }, 'bob');
    await scenario.push(1, { [column]: 90 });
    await scenario.settled();
    expect(scenario.messages).toEqual(['PROBLEM#1@0', 'OK#1@1']);
  });

  test('is refused with every fault, and nothing changes', async () => {
    await put('high', high, 'ada');
    const bad = { ...high, metric: 'cpu.bussy', notify: ['nobody'] };
    await expect(put('high', bad, 'ada')).rejects.toThrow(
      'high:1:9: unknown metric "cpu.bussy"; did you mean "cpu.busy"?\nhigh:4:11: unknown channel "nobody"; the file has oncall',
    );
    await expect(put('Of the file!', high, 'ada')).rejects.toMatchObject({ code: 'CONFLICT' });
    await expect(remove('of the file')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(names()).toEqual(['of the file', 'high']);
  });

  test('goes on when its channel leaves the file, and says so', async () => {
    await put('high', high, 'ada');
    await scenario.changeRules('rules: []\n');
    expect(names()).toEqual(['high']);
    expect(scenario.alerting.rules().error).toContain('unknown channel "oncall"');
  });

  test('is judged while the file is away, and no alert of the file ends for that', async () => {
    await put('high', high, 'ada');
    const load = scenario.feed.series(scenario.feed.host('node2'), 'load.1min');
    await scenario.push(0, { [load]: 9 });
    await scenario.settled();
    await scenario.removeRules();
    await scenario.restart();
    await scenario.push(1, { [load]: 9, [column]: 90 });
    await scenario.stored();
    const open = await scenario.alerting.alerts({ status: 'open', limit: 10 });
    expect(open.map(({ rule }) => rule).sort()).toEqual(['high', 'of the file']);
    await remove('high');
    await scenario.stored();
    expect((await scenario.alerting.alerts({ status: 'open', limit: 10 })).map(({ rule }) => rule)).toEqual([
      'of the file',
    ]);
  });
});

describe('versions', () => {
  test('a change of what somebody else has changed is refused, and says what; without a version it is not', async () => {
    await put('high', high, 'ada', 0);
    await put('high', { ...high, condition: 'all(#1) > 90' }, 'bob', 1);
    await expect(put('high', { ...high, priority: 0 }, 'ada', 1)).rejects.toThrow(
      /^bob changed rule "high" at .* UTC: it is version 2 now, you changed version 1\ncondition: "all\(#1\) > 80" → "all\(#1\) > 90"$/,
    );
    await expect(put('high', high, 'ada', 0)).rejects.toMatchObject({ code: 'CONFLICT' });
    await put('high', high, 'ada');
    const { version, changes } = await editor().entry(rule('high'));
    expect(version).toBe(3);
    expect(changes.map(({ by, differences }) => [by, differences])).toEqual([
      ['ada', ['condition: "all(#1) > 90" → "all(#1) > 80"']],
      ['bob', ['condition: "all(#1) > 80" → "all(#1) > 90"']],
      ['ada', []],
    ]);
  });

  test('what was removed is made again as it was, and its versions go on', async () => {
    await editor().put(
      rule('high'),
      { text: '# Why.\nname: high\nmetric: cpu.busy\ncondition: all(#1) > 80\n' },
      'ada',
    );
    const { text } = await editor().entry(rule('high'));
    await remove('high');
    await expect(editor().entry(rule('high'))).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await editor().put(rule('high'), { text, version: 0 }, 'ada');
    const { version, changes, text: again } = await editor().entry(rule('high'));
    expect([version, again]).toEqual([3, text]);
    expect(changes.map((change) => change.text === null)).toEqual([false, true, false]);
  });

  test('two changes at once are one after the other', async () => {
    const results = await Promise.allSettled([put('high', high, 'ada', 0), put('high', high, 'bob', 0)]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
  });
});

describe('a template that is made here', () => {
  const base = `channels: [{ name: oncall, type: webhook, url: "HOOK", allow_internal: true }]
templates: [{ name: base, nodes: [cop=shop], rules: [{ name: busy, metric: cpu.busy, condition: "all(#1) > 80", notify: [oncall] }] }]
`;
  const child = (rules: string) => ({
    text: `name: base for web\nparent: base\nnodes: [service=web]\nrules:\n${rules}`,
  });
  const shop = { cop: 'shop', service: 'web' };

  test('overrides a rule of the file below a node, and turns it off there', async () => {
    await scenario.changeRules(base);
    const web = scenario.feed.series(scenario.feed.container('node1/web', shop), 'cpu.busy');
    await editor().put(
      { kind: 'template', name: 'base for web' },
      child('  - { name: busy, metric: cpu.busy, condition: "all(#1) > 95" }'),
      'ada',
    );
    await scenario.push(0, { [web]: 90 });
    await scenario.settled();
    expect(scenario.messages).toEqual([]);
    await editor().remove({ kind: 'template', name: 'base for web' }, undefined, 'ada');
    await scenario.push(1, { [web]: 90 });
    await scenario.settled();
    expect(scenario.messages).toEqual(['PROBLEM#1@1']);
    await editor().put(
      { kind: 'template', name: 'base for web' },
      child('  - { name: busy, metric: cpu.busy, condition: "all(#1) > 80", enabled: false }'),
      'ada',
    );
    await scenario.push(2, { [web]: 90 });
    await scenario.settled();
    expect(scenario.messages).toEqual(['PROBLEM#1@1', 'OK#1@2']);
  });

  test('has rules that are changed one by one, and keeps its comments', async () => {
    await editor().put({ kind: 'template', name: 'mine' }, { text: '# Mine.\nname: mine\nnodes: [cop=shop]\n' }, 'ada');
    const place = { kind: 'rule', name: 'busy', template: 'mine' } as const;
    await editor().put(place, { text: 'name: busy\nmetric: cpu.busy\ncondition: all(#1) > 80\n', version: 1 }, 'ada');
    await expect(
      editor().put(place, { text: 'name: busy\nmetric: cpu.busy\ncondition: all(#1) > 70\n', version: 1 }, 'bob'),
    ).rejects.toMatchObject({ code: 'CONFLICT' });
    expect((await editor().entry({ kind: 'template', name: 'mine' })).text).toBe(
      '# Mine.\nname: mine\nnodes: [ cop=shop ]\nrules:\n  - name: busy\n    metric: cpu.busy\n    condition: all(#1) > 80\n',
    );
    expect(scenario.alerting.rules().rules.at(-1)).toMatchObject({
      name: 'busy',
      template: 'mine',
      version: 2,
      madeInApi: true,
    });
    await editor().remove(place, 2, 'ada');
    expect(names()).toEqual(['of the file']);
  });
});

describe('a check', () => {
  test('tells faults with their line and key, and what the text means and watches', () => {
    const bad = editor().check({ text: 'name: x\nmetric: cpu.bussy\nwhere:\n  kind: hst\ncondition: all(3) > 80\n' });
    expect(bad.faults).toEqual([
      { line: 2, column: 9, field: 'metric', message: 'unknown metric "cpu.bussy"; did you mean "cpu.busy"?' },
      { line: 4, column: 9, field: 'where.kind', message: '"kind" is "hst"; did you mean "host"?' },
      { line: 5, column: 16, field: 'condition', message: 'the # is missing; write all(#3)' },
    ]);
    expect(editor().check({ text: 'metric: cpu.busy\ncondition: all(#1) > 1\n' }).faults).toMatchObject([
      { field: 'name' },
    ]);
    const good = editor().check({ rule: { name: 'x', ...high, condition: 'not (all(#1) > 80 or load.1min(#2) > 3)' } });
    expect(good.faults).toMatchObject([{ field: 'condition' }]);
    const fine = editor().check({
      rule: { name: 'x', ...high, condition: 'all(#1) > 80 and not max(load.1min, #2) > 3' },
    });
    expect(fine).toMatchObject({ faults: [], rule: { name: 'x' }, shown: { metric: 'cpu.busy' } });
    expect(fine.condition.map((piece) => ('word' in piece ? piece.word : `${piece.func} ${piece.metric}`))).toEqual([
      'all cpu.busy',
      'and',
      '(',
      'not',
      'max load.1min',
      ')',
    ]);
  });

  test('finds the series that a rule would watch, once they were told of', async () => {
    await scenario.push(0, { [column]: 90 });
    const { matched, series } = editor().check({ rule: { name: 'x', ...high } });
    expect([matched, series]).toEqual([1, [{ endpoint: 'node1', metric: 'cpu.busy', tags: {} }]]);
  });
});
