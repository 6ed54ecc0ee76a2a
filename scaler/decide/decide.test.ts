import { describe, expect, test } from 'vitest';
import { Deciding, type Input, planOf } from '../testing/deciding.ts';
import type { Verdict } from './decide.ts';
import type { Gate } from './signal.ts';
import { initialState, type PolicyState } from './state.ts';

type Shape = {
  readonly min?: number;
  readonly max?: number;
  readonly step?: number;
  readonly cooldownMs?: { readonly add: number; readonly remove: number };
};

const plan = ({ min = 1, max = 5, step = 1, cooldownMs = { add: 0, remove: 0 } }: Shape = {}) =>
  planOf(`
min: ${min}
max: ${max}
step: ${step}
cooldown: { add: ${cooldownMs.add}ms, remove: ${cooldownMs.remove}ms }
policy:
  metric: cpu.busy
  add: { above: 80, consecutive: 3 }
  remove: { below: 60, consecutive: 3 }`);

const START = 1_000_000;

const warm = (value: number | null, ageMs: number | null = 100): Input => ({
  endpoint: 'web',
  value,
  ageMs,
  warming: false,
});
const young: Input = { endpoint: 'web.new', value: 1, ageMs: 100, warming: true };

/** Runs one evaluation a second and returns the verdicts; `null` in the list is a missing sample. */
function run(
  seconds: readonly (readonly (number | null)[])[],
  options: { policy?: Shape; gates?: readonly Gate[]; state?: PolicyState } = {},
): Verdict[] {
  const deciding = new Deciding(plan(options.policy));
  deciding.state = options.state ?? initialState;
  return seconds.map((values, index) => {
    const inputs = values.map((value) => warm(value));
    return deciding.at(START + index, inputs, { gates: options.gates ?? [] });
  });
}

const kinds = (verdicts: readonly Verdict[]) => verdicts.map((verdict) => verdict.kind);

describe('load', () => {
  test('above the threshold for three seconds adds one', () => {
    const verdicts = run([[81], [90], [99]]);
    expect(kinds(verdicts)).toEqual(['hold', 'hold', 'add']);
    expect(verdicts[1]?.reason).toBe('cpu.busy mean 90 of 1 instance: 2 of 3 seconds above 80');
    expect(verdicts[2]).toMatchObject({
      wanted: 2,
      code: 'load-high',
      reason: 'cpu.busy above 80 for 3 seconds in a row, mean 99 of 1 instance',
    });
  });

  test('at the threshold exactly is not above it, and interrupts the count', () => {
    expect(kinds(run([[81], [81], [80], [81], [81]]))).toEqual(Array(5).fill('hold'));
  });

  test('below the threshold for three seconds removes one', () => {
    const verdicts = run([
      [20, 30, 10],
      [20, 30, 10],
      [20, 30, 10],
    ]);
    expect(kinds(verdicts)).toEqual(['hold', 'hold', 'remove']);
    expect(verdicts[2]).toMatchObject({ wanted: 2, code: 'load-low' });
  });

  test('is the mean over the instances, not the worst of them', () => {
    expect(kinds(run(Array(4).fill([100, 100, 100, 10])))).toEqual(Array(4).fill('hold'));
  });

  test('counts anew after acting', () => {
    expect(kinds(run(Array(6).fill([90])))).toEqual(['hold', 'hold', 'add', 'hold', 'hold', 'add']);
  });

  test('counts a second once, however often it is evaluated', () => {
    const deciding = new Deciding(plan());
    for (let again = 0; again < 5; again++) {
      expect(deciding.at(START, [warm(99)])).toMatchObject({
        kind: 'hold',
        reason: 'cpu.busy mean 99 of 1 instance: 1 of 3 seconds above 80',
      });
    }
  });
});

describe('missing data', () => {
  test('neither counts nor resets', () => {
    expect(kinds(run([[81], [null], [81], [null], [81]]))).toEqual(['hold', 'hold', 'hold', 'hold', 'add']);
  });

  test('of one instance keeps every instance', () => {
    const verdicts = run(Array(9).fill([1, 1, null]));
    expect(kinds(verdicts)).toEqual(Array(9).fill('hold'));
    expect(verdicts[8]).toMatchObject({ code: 'missing-data' });
    expect(verdicts[8]?.reason).toContain('nothing is removed without a fresh sample of web');
  });

  test('at the very second of removal holds it back', () => {
    const verdicts = run([
      [1, 1],
      [1, 1],
      [1, null],
      [1, 1],
    ]);
    expect(kinds(verdicts)).toEqual(['hold', 'hold', 'hold', 'remove']);
  });

  test('of up to half of the instances does not keep the others from asking for more', () => {
    expect(run(Array(3).fill([95, null])).at(-1)?.kind).toBe('add');
    expect(run(Array(3).fill([95, null, null])).at(-1)).toMatchObject({ kind: 'hold', code: 'no-data' });
  });

  test('is what NaN, an infinity, an old sample and one from the future are', () => {
    for (const input of [
      warm(Number.NaN),
      warm(Number.POSITIVE_INFINITY),
      warm(1, 2001),
      warm(1, -2001),
      warm(1, null),
    ]) {
      const deciding = new Deciding(plan());
      for (let second = START; second < START + 5; second++) {
        expect(deciding.at(second, [warm(1), input]).kind).toBe('hold');
      }
    }
  });

  test('for longer than half a minute makes what was counted before it void', () => {
    const hole = (length: number) => [[99], [99], ...Array(length).fill([null]), [99]];
    expect(run(hole(29)).at(-1)?.kind).toBe('add');
    expect(run(hole(30)).at(-1)?.kind).toBe('hold');
  });
});

describe('bounds', () => {
  test('bring a group up to its minimum without any sample', () => {
    expect(run([[]])[0]).toMatchObject({ kind: 'add', wanted: 1, code: 'below-min', reason: '0 running, min is 1' });
    expect(run([[null]], { policy: { min: 3 } })[0]).toMatchObject({ kind: 'add', wanted: 3 });
  });

  test('bring a group down to a lowered maximum without any sample', () => {
    expect(run([[null, null, null]], { policy: { max: 2 } })[0]).toMatchObject({
      kind: 'remove',
      wanted: 2,
      code: 'above-max',
    });
  });

  test('stop load at the maximum and at the minimum, and say so', () => {
    expect(run(Array(3).fill([99]), { policy: { max: 1 } })[2]).toMatchObject({
      kind: 'hold',
      code: 'at-max',
      wanted: 1,
    });
    expect(run(Array(3).fill([1]))[2]).toMatchObject({ kind: 'hold', code: 'at-min', wanted: 1 });
  });

  test('leave the last instance to serve even where min is 0', () => {
    expect(run(Array(3).fill([1]), { policy: { min: 0 } })[2]).toMatchObject({
      kind: 'hold',
      reason: 'cpu.busy below 60 for 3 seconds in a row, mean 1 of 1 instance, but the last instance stays',
    });
    expect(run([[]], { policy: { min: 0 } })[0]).toMatchObject({ kind: 'hold', code: 'steady' });
  });

  test('shorten a step that would pass them', () => {
    const up = run(Array(3).fill([99, 99, 99]), { policy: { step: 4 } })[2];
    expect(up).toMatchObject({ kind: 'add', wanted: 5, guards: ['max 5 limits the step'] });
    const down = run(Array(3).fill([1, 1, 1]), { policy: { step: 4, min: 2 } })[2];
    expect(down).toMatchObject({ kind: 'remove', wanted: 2, guards: ['min 2 limits the step'] });
  });
});

describe('guards', () => {
  test('projection keeps the group where one fewer would call for one more', () => {
    const verdict = run(Array(3).fill([50, 50]))[2];
    expect(verdict).toMatchObject({ kind: 'hold', code: 'projection' });
    expect(verdict?.reason).toBe('with one fewer the mean would be 100, above 80, and one would be added again');
    expect(run(Array(3).fill([40, 40]))[2]?.kind).toBe('remove');
  });

  test('projection shortens a step before it forbids it', () => {
    const verdict = run(Array(3).fill([50, 50, 50, 50]), { policy: { step: 3 } })[2];
    expect(verdict).toMatchObject({
      kind: 'remove',
      wanted: 3,
      guards: ['with 1 the mean would pass 80: only down to 3'],
    });
  });

  test('cooldown of removal counts from the last change in either direction', () => {
    const removal = (state: Partial<PolicyState>) =>
      run(Array(3).fill([1, 1]), {
        policy: { cooldownMs: { add: 0, remove: 60_000 } },
        state: { ...initialState, ...state },
      })[2];
    expect(removal({ lastAddMs: START * 1000 - 10_000 })).toMatchObject({
      kind: 'hold',
      code: 'cooldown',
      reason: 'cooldown.remove: 48 s to wait since the last change',
    });
    expect(removal({ lastRemoveMs: START * 1000 - 10_000 })?.code).toBe('cooldown');
    expect(removal({ lastAddMs: START * 1000 - 60_000 })?.kind).toBe('remove');
  });

  test('cooldown of addition counts from the last addition only', () => {
    const addition = (state: Partial<PolicyState>) =>
      run(Array(3).fill([99]), {
        policy: { cooldownMs: { add: 60_000, remove: 0 } },
        state: { ...initialState, ...state },
      })[2];
    expect(addition({ lastRemoveMs: START * 1000 })?.kind).toBe('add');
    expect(addition({ lastAddMs: START * 1000 })?.code).toBe('cooldown');
  });

  test('a cooldown that began in the future, by a clock set back, does not last for ever', () => {
    const state = { ...initialState, lastAddMs: START * 1000 + 86_400_000 };
    const verdicts = run(Array(70).fill([1, 1]), { policy: { cooldownMs: { add: 0, remove: 60_000 } }, state });
    expect(kinds(verdicts).indexOf('remove')).toBe(60);
  });

  test('an instance that is warming up counts as capacity, and keeps the others', () => {
    const evaluate = (values: readonly number[]) => {
      const deciding = new Deciding(plan({ max: 9 }));
      const inputs = [...values.map((value) => warm(value)), young];
      return [0, 1, 2].map((second) => deciding.at(START + second, inputs)).at(-1);
    };
    expect(evaluate([90])).toMatchObject({
      kind: 'hold',
      code: 'warming',
      guards: [expect.stringContaining('45')],
    });
    expect(evaluate([99, 99, 99, 99])?.code).toBe('warming');
    expect(evaluate([99, 99, 99, 99, 99])).toMatchObject({ kind: 'add', wanted: 7 });
    expect(evaluate([1, 1])).toMatchObject({ kind: 'hold', code: 'warming' });
  });

  test('a group of warming instances alone is not judged', () => {
    const verdict = new Deciding(plan()).at(START, [young]);
    expect(verdict).toMatchObject({ kind: 'hold', code: 'warming', mean: null });
  });
});

describe('a step of several instances', () => {
  const started = (value: number, count: number) => {
    const deciding = new Deciding(plan({ step: 3 }));
    for (const second of [0, 1, 2]) deciding.at(START + second, Array(count).fill(warm(value)));
    return deciding;
  };

  test('goes on, one action at a time, until it is done', () => {
    const deciding = started(99, 1);
    expect(deciding.state.target).toMatchObject({ kind: 'add', wanted: 4 });
    expect(deciding.at(START + 3, [warm(99), warm(null)])).toMatchObject({ kind: 'add', code: 'going-on', wanted: 4 });
    const reached = deciding.at(
      START + 4,
      [90, 70, 70, 70].map((value) => warm(value)),
    );
    expect(reached).toMatchObject({ kind: 'hold', newState: { target: null } });
  });

  test('downwards stops at once when data is missing or load returns', () => {
    const later = (values: readonly (number | null)[]) => {
      const deciding = started(10, 5);
      expect(deciding.state.target).toMatchObject({ kind: 'remove', wanted: 2 });
      return deciding.at(
        START + 3,
        values.map((value) => warm(value)),
      );
    };
    expect(later([12, 12, 12, 12])).toMatchObject({ kind: 'remove', wanted: 2 });
    expect(later([12, 12, 12, null])?.kind).toBe('hold');
    expect(later([70, 70, 70, 70])).toMatchObject({ kind: 'hold', newState: { target: null } });
  });
});

describe('gates', () => {
  const gate: Gate = { code: 'docker', stops: 'all', reason: 'Docker does not answer' };

  test('turn a change into a hold that says what was wanted, and spend nothing', () => {
    const verdicts = run(Array(4).fill([99]), { gates: [gate] });
    expect(verdicts[3]).toMatchObject({ kind: 'hold', code: 'docker', gates: ['Docker does not answer'] });
    expect(verdicts[3]?.reason).toContain('more wanted (cpu.busy above 80');
    expect(verdicts[3]?.stages).toEqual({ raw: 2, stabilised: 2, limited: 2 });
    expect(verdicts[3]?.newState.lastAddMs).toBeNull();
  });

  test('for removals leave additions alone', () => {
    const removal: Gate = { ...gate, stops: 'remove' };
    expect(run(Array(3).fill([99]), { gates: [removal] })[2]?.kind).toBe('add');
    expect(run(Array(3).fill([1, 1]), { gates: [removal] })[2]?.kind).toBe('hold');
  });

  test('are silent while nothing is wanted', () => {
    expect(run([[70]], { gates: [gate] })[0]).toMatchObject({ code: 'steady', guards: [], gates: [] });
  });
});

test('a wall clock that was set back far starts the counts anew instead of waiting for it', () => {
  const deciding = new Deciding(plan());
  deciding.at(START, [warm(99)]);
  deciding.at(START + 1, [warm(99)]);
  const after = [0, 1, 2].map((second) => deciding.at(START - 3600 + second, [warm(99)]));
  expect(kinds(after)).toEqual(['hold', 'hold', 'add']);
});
