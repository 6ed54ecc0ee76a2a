import { describe, expect, test } from 'vitest';
import { Deciding, type Input, planOf } from '../../testing/deciding.ts';

const START = Date.parse('2026-03-02T00:00:00Z') / 1000;

const all = (count: number, value: number | null): Input[] =>
  Array.from({ length: count }, (_, index) => ({ endpoint: `web.${index + 1}`, value, ageMs: 100, warming: false }));

const deciding = (guards: string, target = 60): Deciding =>
  new Deciding(
    planOf(
      `min: 1\nmax: 100\ncooldown: { remove: 0s }\n${guards}\npolicies:\n  - { kind: target, metric: cpu.busy, target: ${target}, over: 0 }`,
    ),
  );

describe('stabilisation', () => {
  test('removes to the most that was wanted in its window, not before it was watched in full', () => {
    const subject = deciding('stabilise: { down: 60s }');
    for (let second = 0; second < 60; second++) {
      const verdict = subject.at(START + second, all(10, second === 20 ? 42 : 12));
      expect(verdict).toMatchObject({ kind: 'hold', code: 'stabilising' });
    }
    // The 7 that were wanted at the 20th second are still in the window.
    expect(subject.at(START + 61, all(10, 12))).toMatchObject({
      kind: 'remove',
      wanted: 7,
      stages: { raw: 2, stabilised: 7 },
    });
    expect(subject.at(START + 90, all(7, 17))).toMatchObject({ kind: 'remove', wanted: 2 });
  });

  test('adds the least that was wanted in its window', () => {
    const subject = deciding('stabilise: { up: 10s, down: 0s }');
    for (let second = 0; second < 10; second++) expect(subject.at(START + second, all(10, 90)).kind).toBe('hold');
    expect(subject.at(START + 10, all(10, 120))).toMatchObject({ kind: 'add', wanted: 15 });
  });

  test('a second without data is no second of calm', () => {
    const subject = deciding('stabilise: { down: 30s }');
    for (let second = 0; second < 60; second++) {
      const inputs = second === 50 ? all(10, null) : all(10, 12);
      const verdict = subject.at(START + second, inputs);
      if (second > 50) expect(verdict.kind).toBe('hold');
    }
  });
});

describe('rate limits', () => {
  test('count what was changed within the period, and the most generous goes', () => {
    const subject = deciding('stabilise: { down: 0s }\nlimits: { add: [100%/1m, 4/1m] }');
    expect(subject.at(START, all(2, 600))).toMatchObject({
      kind: 'add',
      wanted: 6,
      guards: ['limits.add: 100% in 60 s, 4 in 60 s allows 6 for now'],
    });
    expect(subject.at(START + 10, all(6, 200))).toMatchObject({ kind: 'hold', code: 'rate-limit' });
    expect(subject.at(START + 61, all(6, 200))).toMatchObject({ kind: 'add', wanted: 12 });
  });

  test('of removals leave at least what they say', () => {
    const subject = deciding('stabilise: { down: 0s }\nlimits: { remove: [10%/10m] }');
    expect(subject.at(START, all(50, 6))).toMatchObject({ kind: 'remove', wanted: 45 });
    expect(subject.at(START + 300, all(45, 6))).toMatchObject({ kind: 'hold', code: 'rate-limit' });
    expect(subject.at(START + 601, all(45, 6))).toMatchObject({ kind: 'remove', wanted: 40 });
  });
});

test('a group that has turned round too often stays large for the rest of the period', () => {
  const subject = deciding('stabilise: { down: 0s }\nflaps: 2/1h');
  expect(subject.at(START, all(10, 90)).kind).toBe('add');
  expect(subject.at(START + 10, all(15, 30)).kind).toBe('remove');
  expect(subject.at(START + 20, all(8, 90)).kind).toBe('add');
  expect(subject.at(START + 30, all(12, 30))).toMatchObject({ kind: 'hold', code: 'flap-budget' });
  expect(subject.at(START + 40, all(12, 90)).kind).toBe('add');
  expect(subject.at(START + 3700, all(18, 30)).kind).toBe('remove');
});

describe('all zero at once', () => {
  test('is taken for a fault of measuring, until some instance measures again', () => {
    const subject = deciding('stabilise: { down: 0s }');
    subject.at(START, all(4, 55));
    for (let second = 1; second < 100; second++) {
      expect(subject.at(START + second, all(4, 0))).toMatchObject({ kind: 'hold', code: 'zero-at-once' });
    }
    subject.at(START + 100, [...all(3, 0), ...all(1, 2)]);
    expect(subject.at(START + 101, all(4, 0)).kind).toBe('remove');
  });

  test('is believed where the instances became idle one by one', () => {
    const subject = deciding('stabilise: { down: 10s }');
    for (const busy of [4, 3, 2, 1]) subject.at(START - busy, [...all(busy, 55), ...all(4 - busy, 0)]);
    expect(subject.at(START + 30, all(4, 0)).kind).toBe('remove');
  });
});

test('a quorum asks for more instances with a sample before anything is added', () => {
  const inputs = [...all(3, 99), ...all(2, null)];
  expect(deciding('quorum: 60%').at(START, inputs).kind).toBe('hold');
  expect(deciding('quorum: 60%', 30).at(START, inputs).kind).toBe('add');
  expect(deciding('quorum: 80%', 30).at(START, inputs)).toMatchObject({ kind: 'hold', code: 'no-data' });
});

describe('a freeze', () => {
  test('of every week stops changes from its cron time on, for as long as it says', () => {
    const guards = 'stabilise: { down: 0s }\nfreeze: [{ cron: "0 22 * * 5", for: 10h, zone: Asia/Shanghai }]';
    const at = (time: string) => deciding(guards).at(Date.parse(time) / 1000, all(10, 90));
    expect(at('2026-03-06T21:59:59+08:00').kind).toBe('add');
    expect(at('2026-03-06T22:00:00+08:00')).toMatchObject({
      kind: 'hold',
      code: 'freeze',
      gates: ['changes are frozen until 2026-03-07T00:00:00.000Z'],
    });
    expect(at('2026-03-07T08:00:00+08:00').kind).toBe('add');
  });

  test('of one time ends with it', () => {
    const subject = deciding('freeze: [{ from: 2026-03-02T00:00:00Z, until: 2026-03-02T01:00:00Z }]');
    expect(subject.at(START, all(10, 90)).code).toBe('freeze');
    expect(subject.at(START + 3600, all(10, 90)).kind).toBe('add');
  });
});
