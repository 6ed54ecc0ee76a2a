import { describe, expect, test } from 'vitest';
import { Deciding, type Input, planOf } from '../../testing/deciding.ts';
import type { Verdict } from '../decide.ts';

/** 2026-03-02T00:00:00Z, a Monday. */
const MONDAY = Date.parse('2026-03-02T00:00:00Z') / 1000;

const all = (count: number, value: number | null): Input[] =>
  Array.from({ length: count }, (_, index) => ({ endpoint: `web.${index + 1}`, value, ageMs: 100, warming: false }));

const quiet = 'stabilise: { down: 0s }\ncooldown: { remove: 0s }\nflaps: 999/1m';

/** One policy in a group of 1 to 100 with neither stabilisation nor cooldown. */
const deciding = (policy: string, fields = quiet): Deciding =>
  new Deciding(planOf(`min: 1\nmax: 100\n${fields}\npolicies:\n  - ${policy}`));

/** The verdict after so many seconds of the same. */
function verdictAfter(
  subject: Deciding,
  seconds: number,
  inputs: readonly Input[],
  from = MONDAY,
): Verdict | undefined {
  let verdict: Verdict | undefined;
  for (let second = 0; second < seconds; second++) verdict = subject.at(from + second, inputs);
  return verdict;
}

describe('threshold', () => {
  test('speaks the rule language, over several metrics, and steps by a share', () => {
    const policy = `{ kind: threshold, metric: cpu.busy, add: { when: "avg(#3) > 80 and max(pids.current,#2) > 10", by: 25% } }`;
    const verdict = verdictAfter(deciding(policy), 3, all(10, 90));
    expect(verdict).toMatchObject({ kind: 'add', wanted: 12, winner: 'threshold' });
    expect(verdict?.reason).toContain('avg(#3) > 80 and max(pids.current,#2) > 10 of cpu.busy');
  });

  test('goes to a count where the step says so', () => {
    const policy = '{ kind: threshold, metric: cpu.busy, add: { above: 80, by: "=40" } }';
    expect(verdictAfter(deciding(policy), 3, all(10, 90))).toMatchObject({ kind: 'add', wanted: 40 });
  });
});

describe('bands', () => {
  const bands =
    '{ kind: bands, metric: cpu.busy, bands: [{ from: 70, to: 90, by: 10% }, { from: 90, by: 50% }, { to: 30, by: -20% }] }';

  test('step by how far the mean is out, and not before it was there three seconds', () => {
    expect(verdictAfter(deciding(bands), 2, all(10, 95))).toMatchObject({ kind: 'hold' });
    expect(verdictAfter(deciding(bands), 3, all(10, 95))).toMatchObject({ kind: 'add', wanted: 15 });
    expect(verdictAfter(deciding(bands), 3, all(10, 75))).toMatchObject({ kind: 'add', wanted: 11 });
    expect(verdictAfter(deciding(bands), 3, all(10, 20))).toMatchObject({ kind: 'remove', wanted: 8 });
    expect(verdictAfter(deciding(bands), 3, all(10, 50))).toMatchObject({ kind: 'hold', code: 'steady' });
  });

  test('take the mildest of the last seconds', () => {
    const subject = deciding(bands);
    subject.at(MONDAY, all(10, 75));
    subject.at(MONDAY + 1, all(10, 95));
    expect(subject.at(MONDAY + 2, all(10, 99))).toMatchObject({ kind: 'add', wanted: 11 });
  });
});

describe('target, work and occupancy', () => {
  test('follow HPA’s formula outside of the tolerance and stay within it', () => {
    const target = () =>
      deciding('{ kind: target, metric: cpu.busy, target: 60, tolerance: { up: 10%, down: 10% }, over: 0 }');
    expect(verdictAfter(target(), 1, all(10, 90))).toMatchObject({ kind: 'add', wanted: 15 });
    expect(verdictAfter(target(), 1, all(10, 66))).toMatchObject({ kind: 'hold', code: 'steady' });
    expect(verdictAfter(target(), 1, all(10, 54))).toMatchObject({ kind: 'hold', code: 'steady' });
    expect(verdictAfter(target(), 1, all(10, 30))).toMatchObject({ kind: 'remove', wanted: 5 });
  });

  test('count what is missing as nothing when more is wanted, and never remove beside it', () => {
    const subject = () => deciding('{ kind: target, metric: cpu.busy, target: 60, over: 0 }');
    expect(verdictAfter(subject(), 1, [...all(3, 100), ...all(1, null)])).toMatchObject({ kind: 'add', wanted: 5 });
    expect(verdictAfter(subject(), 1, [...all(3, 90), ...all(1, null)])).toMatchObject({ kind: 'hold' });
    expect(verdictAfter(subject(), 1, [...all(3, 5), ...all(1, null)])).toMatchObject({
      kind: 'hold',
      code: 'missing-data',
    });
  });

  test('share the sum of the work', () => {
    const subject = deciding('{ kind: work, metric: pids.current, each: 200, over: 0 }');
    expect(verdictAfter(subject, 1, all(4, 500))).toMatchObject({ kind: 'add', wanted: 10 });
  });

  test('keep instances busy for a share of their time, as Hive does', () => {
    const subject = deciding('{ kind: occupancy, metric: cpu.throttled.ms, busy: 60%, over: 0 }');
    expect(verdictAfter(subject, 1, all(10, 900))).toMatchObject({ kind: 'add', wanted: 15 });
  });

  test('the most that any policy asks for goes, and fewer only where all agree', () => {
    const both = (cpu: number, pids: number) => {
      const plan = planOf(
        `min: 1\nmax: 100\n${quiet}\npolicies:\n  - { kind: target, metric: cpu.busy, target: ${cpu}, over: 0 }\n  - { kind: work, metric: pids.current, each: ${pids}, over: 0 }`,
      );
      return verdictAfter(new Deciding(plan), 1, all(10, 60));
    };
    expect(both(30, 20)).toMatchObject({ kind: 'add', wanted: 30, winner: 'work', stages: { raw: 30 } });
    expect(both(100, 60)).toMatchObject({ kind: 'hold' });
    expect(both(100, 120)).toMatchObject({ kind: 'remove', wanted: 6, winner: 'target' });
  });
});

describe('panic', () => {
  const panicky = () => deciding('{ kind: target, metric: cpu.busy, target: 50, over: 60s, panic: {} }');

  test('follows six seconds where a minute would be slow, and takes nothing back for a minute', () => {
    const subject = panicky();
    verdictAfter(subject, 60, all(2, 20));
    const leap = verdictAfter(subject, 5, all(2, 100), MONDAY + 60);
    expect(leap).toMatchObject({ kind: 'add', code: 'panic', wanted: 4 });
    expect(verdictAfter(subject, 50, all(4, 10), MONDAY + 67)?.kind).not.toBe('remove');
    expect(verdictAfter(subject, 60, all(4, 10), MONDAY + 117)?.kind).toBe('remove');
  });

  test('does not begin for less than twice what runs', () => {
    const subject = panicky();
    verdictAfter(subject, 60, all(4, 40));
    expect(verdictAfter(subject, 6, all(4, 80), MONDAY + 60)).toMatchObject({ kind: 'hold', code: 'steady' });
  });
});

describe('schedule', () => {
  const ocean = `{ kind: schedule, name: night, zone: Asia/Shanghai, rows: [{ cron: "0 2 * * *", min: 2, max: 2 }, { cron: "0 7 * * *", min: 4 }] }`;

  test('holds floor and ceiling from each row to the next', () => {
    const at = (time: string, count: number) => deciding(ocean).at(Date.parse(time) / 1000, all(count, 50));
    expect(at('2026-03-02T02:00:00+08:00', 4)).toMatchObject({ kind: 'remove', code: 'above-max', wanted: 2 });
    expect(at('2026-03-02T06:59:59+08:00', 2)).toMatchObject({ kind: 'hold' });
    expect(at('2026-03-02T07:00:00+08:00', 2)).toMatchObject({ kind: 'add', code: 'below-min', wanted: 4 });
    expect(at('2026-03-03T01:59:59+08:00', 2)).toMatchObject({ kind: 'add', wanted: 4 });
  });

  test('follows daylight saving: a skipped time comes at the change, a doubled one once', () => {
    const subject = deciding(
      '{ kind: schedule, zone: Europe/Berlin, rows: [{ cron: "30 2 * * *", min: 3 }, { cron: "0 12 * * *", min: 1 }] }',
    );
    const at = (time: string) => subject.at(Date.parse(time) / 1000, all(1, 50)).kind;
    expect([at('2026-03-29T00:59:59Z'), at('2026-03-29T01:00:00Z')]).toEqual(['hold', 'add']);
    expect([at('2026-10-25T00:29:59Z'), at('2026-10-25T00:30:00Z'), at('2026-10-25T11:00:00Z')]).toEqual([
      'hold',
      'add',
      'hold',
    ]);
  });

  test('an event goes before the rows and ends', () => {
    const subject = deciding(
      '{ kind: schedule, rows: [{ cron: "0 0 * * *", min: 1 }], events: [{ from: 2026-03-02T10:00:00Z, until: 2026-03-02T12:00:00Z, min: 20 }] }',
    );
    const at = (time: string) => subject.at(Date.parse(time) / 1000, all(1, 50));
    expect(at('2026-03-02T09:59:59Z').kind).toBe('hold');
    expect(at('2026-03-02T10:00:00Z')).toMatchObject({ kind: 'add', wanted: 20 });
    expect(at('2026-03-02T12:00:00Z').kind).toBe('hold');
  });

  test('never leaves the group’s own bounds', () => {
    const plan = planOf(
      `min: 2\nmax: 5\npolicies:\n  - { kind: schedule, rows: [{ cron: "0 0 * * *", min: 9, max: 1 }] }`.replace(
        'max: 1 }',
        '}',
      ),
    );
    expect(new Deciding(plan).at(MONDAY, all(2, 50))).toMatchObject({ kind: 'add', wanted: 5 });
  });
});

describe('forecast', () => {
  test('sets a floor for what a rising load will be when an instance is up', () => {
    const subject = deciding('{ kind: forecast, metric: cpu.busy, each: 60, lead: 60s }');
    let verdict: Verdict | undefined;
    // The group does 100 a second, and 2 more with each second that passes.
    for (let second = 0; second < 120; second++) verdict = subject.at(MONDAY + second, all(4, (100 + 2 * second) / 4));
    expect(verdict?.kind).toBe('add');
    // 338 by now, 458 in a minute: 8 instances of 60.
    expect(verdict?.wanted).toBeGreaterThanOrEqual(8);
    expect(verdict?.wanted).toBeLessThanOrEqual(9);
  });

  test('takes the measured start-up time where no lead is written', () => {
    const floorWith = (startMs: number) => {
      const subject = deciding('{ kind: forecast, metric: cpu.busy, each: 60 }');
      let floor = 0;
      for (let second = 0; second < 120; second++) {
        floor = subject.at(MONDAY + second, all(4, (100 + 2 * second) / 4), { startMs }).proposals[0]?.floor ?? 0;
      }
      return floor;
    };
    expect(floorWith(300_000)).toBeGreaterThan(floorWith(5000));
  });

  test('says nothing before it has seen enough', () => {
    const verdict = verdictAfter(deciding('{ kind: forecast, metric: cpu.busy, each: 1 }'), 5, all(4, 90));
    expect(verdict?.proposals[0]).toMatchObject({ floor: null, reason: 'forecast of cpu.busy: 5 of 20 samples seen' });
  });
});

describe('triggers', () => {
  const open = { alerts: new Set(['latency']) };

  test('an alert steps at once, and again while it stays open', () => {
    const subject = deciding('{ kind: alert, rule: latency, by: 2, every: 1m }');
    expect(subject.at(MONDAY, all(3, 50))).toMatchObject({ kind: 'hold' });
    expect(subject.at(MONDAY + 1, all(3, 50), open)).toMatchObject({ kind: 'add', code: 'alert', wanted: 5 });
    expect(subject.at(MONDAY + 30, all(5, 50), open)).toMatchObject({ kind: 'hold' });
    expect(subject.at(MONDAY + 62, all(5, 50), open)).toMatchObject({ kind: 'add', wanted: 7 });
    expect(subject.at(MONDAY + 130, all(7, 50))).toMatchObject({ kind: 'hold' });
  });

  test('a call holds bounds until its end', () => {
    const subject = deciding('{ kind: webhook, name: sale }');
    const hooks = new Map([['sale', { floor: 6, ceiling: null, untilMs: (MONDAY + 60) * 1000 }]]);
    expect(subject.at(MONDAY, all(2, 50), { hooks })).toMatchObject({ kind: 'add', wanted: 6 });
    expect(subject.at(MONDAY + 60, all(6, 50), { hooks })).toMatchObject({ kind: 'remove', wanted: 1 });
  });

  test('a plan of the capacity sets a floor', () => {
    const planned = { floor: 7, reason: 'the plan expects 400 requests/s at 21:00' };
    const verdict = deciding('{ kind: target, metric: cpu.busy, target: 60 }').at(MONDAY, all(2, 60), { planned });
    expect(verdict).toMatchObject({ kind: 'add', wanted: 7, reason: `2 running, ${planned.reason}` });
  });
});
