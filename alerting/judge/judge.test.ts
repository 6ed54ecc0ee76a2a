import { describe, expect, test } from 'vitest';
import { type Condition, compare, explain, formatNumber, formatValue, judge } from '../../core/index.ts';
import { checkRules } from '../rules/read/check.ts';
import { benchJudge } from './judge.bench.ts';
import { Window, WindowTable } from './plan/window.ts';

/** A window with values a second apart, the oldest first. */
function windowOf(values: readonly number[], capacity = 20, isCounter = false): Window {
  const table = new WindowTable([{ capacity, isCounter }]);
  for (const [index, value] of values.entries()) table.append(0, 1000 + index * 60, value);
  const window = new Window(table);
  window.moveTo(0);
  return window;
}

function conditionOf(text: string): Condition {
  const checked = checkRules(`rules: [{ name: r, metric: cpu.busy, condition: ${JSON.stringify(text)} }]`, 'r.yaml');
  const rule = checked.kind === 'valid' ? checked.rules[0] : undefined;
  if (rule === undefined) throw new Error(`a condition that is refused: ${text}`);
  return rule.condition;
}

/** `T` or `F` with the left value, `—` when there are too few points: the notation of the reference. */
function verdict(text: string, values: readonly number[], isCounter = false): string {
  const judgement = judge(conditionOf(text), windowOf(values, 20, isCounter));
  return judgement.kind === 'judged' ? `${judgement.triggered ? 'T' : 'F'} ${judgement.leftValue}` : '—';
}

describe('a judge function', () => {
  test.each([
    ['all(#3) > 0', [1, 2], '—'],
    ['all(#3) > 4', [5, 1, 9], 'F 9'],
    ['max(#3) > 8', [5, 1, 9], 'T 9'],
    ['min(#3) < 2', [5, 1, 9], 'T 1'],
    ['sum(#3) == 15', [5, 1, 9], 'T 15'],
    ['avg(#3) >= 5', [5, 1, 9], 'T 5'],
    ['diff(#3) > 75', [10, 20, 30, 100], 'T 80'],
    ['diff(#3) > 95', [10, 20, 30, 100], 'F 90'],
    ['diff(#4) > 95', [10, 20, 30, 100], '—'],
    ['pdiff(#3) > 50', [50, 0, 80, 100], 'T 100'],
    ['pdiff(#3) > 50', [0, 0, 0, 100], 'F 0'],
    ['lookup(#3,5) > 80', [90, 10, 95, 10, 99], 'T 99'],
    ['lookup(#3,5) > 80', [90, 10, 95, 10, 10], 'F 10'],
    ['stddev(#10) > 2', [10, 10, 10, 10, 10, 10, 10, 10, 10, 100], 'T 100'],
    ['stddev(#10) > 3', [10, 10, 10, 10, 10, 10, 10, 10, 10, 100], 'F 100'],
    ['stddev(#10) > 3', Array.from({ length: 10 }, () => 10), 'F 10'],
    ['all(#1) == 1', [1.00005], 'T 1.00005'],
    ['all(#1) != 1', [1.00005], 'F 1.00005'],
    ['all(#1) != 1', [1.0002], 'T 1.0002'],
  ])('%s on %j is %s, as in Open-Falcon', (text, values, expected) => expect(verdict(text, values)).toBe(expected));

  test('judges the rate of a counter, and none across its reset', () => {
    expect(verdict('all(#2) >= 1', [100, 160, 280], true)).toBe('T 2');
    expect(verdict('all(#1) > 0', [100], true)).toBe('—');
    expect(verdict('all(#2) < 0', [100, 160, 40], true)).toBe('—');
    expect(verdict('all(#2) > 0', [100, 160, 40, 100], true)).toBe('T 1');
  });

  test('never gives a left value that JSON can not hold', () => {
    expect(verdict('sum(#2) > 0', [1.7e308, 1.7e308])).toBe(`T ${Number.MAX_VALUE}`);
  });

  test('compares with the tolerance of Open-Falcon for equality only', () => {
    expect(compare(1, '>=', 1.00001)).toBe(false);
    expect(compare(1, '=', 1.00001)).toBe(true);
    expect(compare(Number.NaN, '!=', 1)).toBe(false);
  });
});

describe('a window', () => {
  test('drops what is not newer than its newest point, and what is no number', () => {
    const table = new WindowTable([{ capacity: 3, isCounter: false }]);
    expect([10, 10, 9, 11].map((second) => table.append(0, second, second))).toEqual([true, false, false, true]);
    expect(table.append(0, 12, Number.NaN)).toBe(false);
    expect(table.append(0, 12, Number.POSITIVE_INFINITY)).toBe(false);
    expect(table.append(0, 2 ** 33, 1)).toBe(false);
    expect(table.counts[0]).toBe(2);
  });

  test('keeps the newest points in order when it is full, each row its own', () => {
    const table = new WindowTable([
      { capacity: 3, isCounter: false },
      { capacity: 2, isCounter: false },
    ]);
    for (let second = 1; second <= 7; second++) {
      table.append(0, second, second * 10);
      table.append(1, second, -second);
    }
    const window = new Window(table);
    window.moveTo(0);
    expect([0, 1, 2].map((back) => `${window.second(back)}:${window.value(back)}`)).toEqual(['7:70', '6:60', '5:50']);
    window.moveTo(1);
    expect([0, 1].map((back) => window.value(back))).toEqual([-7, -6]);
  });

  test('is copied into a smaller and into a larger one', () => {
    const from = new WindowTable([{ capacity: 3, isCounter: false }]);
    for (const second of [1, 2, 3, 4]) from.append(0, second, second);
    for (const [capacity, expected] of [
      [2, [4, 3]],
      [5, [4, 3, 2]],
    ] as const) {
      const to = new WindowTable([{ capacity, isCounter: false }]);
      to.copyRow(0, from, 0);
      const window = new Window(to);
      window.moveTo(0);
      expect(Array.from({ length: window.count }, (_, back) => window.value(back))).toEqual(expected);
    }
  });
});

describe('the reason of a judgement', () => {
  test('is a sentence with the points that led to it', () => {
    expect(explain(conditionOf('all(#3) > 80'), windowOf([79, 91.25, 88, 93.2]))).toBe(
      'all(#3) > 80 holds: the value is 93.2; points, newest first: 93.2, 88, 91.25',
    );
    expect(explain(conditionOf('avg(#2) > 80'), windowOf([10, 20]))).toBe(
      'avg(#2) > 80 does not hold: the value is 15; points, newest first: 20, 10',
    );
    expect(explain(conditionOf('avg(#12) > 80'), windowOf(Array.from({ length: 12 }, () => 1)))).toContain(
      '1, 1 … (12 in all)',
    );
    expect(explain(conditionOf('avg(#3) > 80'), windowOf([1]))).toBe('avg(#3) > 80 needs 3 points; there are 1');
  });

  test('writes numbers as Open-Falcon does, and values with their unit', () => {
    expect([1.1, 100, 0.123456789, -0.000001, 1e6].map(formatNumber)).toEqual([
      '1.1',
      '100',
      '0.12346',
      '0',
      '1000000',
    ]);
    expect(formatValue(93.2, 'percent')).toBe('93.2 %');
    expect(formatValue(1.5 * 2 ** 30, 'bytes')).toBe('1.5 GiB');
    expect(formatValue(0, 'bytes/s')).toBe('0 B/s');
    expect(formatValue(12.5, 'ms')).toBe('12.5 ms');
    expect(formatValue(3, 'count')).toBe('3');
  });
});

test('the benchmark judges every series by every rule, and the same in each run', () => {
  const size = { series: 50, rules: 10, ticks: 12, breaching: 0.1 };
  expect(benchJudge(size).checksum).toBe(benchJudge(size).checksum);
  expect(benchJudge(size).checksum).toBe('3900/35');
});
