/** One test for each entry of docs/falcon-differences.md that can be shown on one series; the others say where theirs is. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { formatNumber } from '../../../core/index.ts';
import { checkRules } from '../../rules/read/check.ts';
import { replayVector } from './vectors.ts';

type Case = { func: string; op?: string; limit?: number; values: readonly number[]; type?: string; maxStep?: number };

function replay({ func, op = '>', limit = 0, values, type = 'GAUGE', maxStep = 3 }: Case): string {
  const { events, fault } = replayVector({
    id: 1,
    rule: { func, op, right_value: limit, max_step: maxStep, min_interval_s: 0 },
    counterType: type,
    points: values.map((value, index): [number, number] => [1000 + index * 60, value]),
  });
  return fault ?? events.map(({ status, ts, leftValue }) => `${status}@${(ts - 1000) / 60}=${leftValue}`).join(' ');
}

describe('where Saker differs from Open-Falcon', () => {
  test('1: there is no rate across the reset of a counter', () => {
    expect(replay({ func: 'all(#1)', op: '<', values: [100, 160, 40, 100], type: 'COUNTER' })).toBe('');
    expect(replay({ func: 'all(#2)', values: [100, 160, 40, 100], type: 'COUNTER' })).toBe('PROBLEM@3=1');
  });

  test('2: lookup(#1) is passed over, and refused in a file, where it stops no other rule', () => {
    expect(replay({ func: 'lookup(#1)', values: [1, 2, 3] })).toMatch(/^lookup takes two numbers, not "#1"/);
    const file = `rules:
  - { name: bad, metric: cpu.busy, condition: "lookup(#1) > 80" }
  - { name: good, metric: cpu.busy, condition: "all(#1) > 80" }`;
    const checked = checkRules(file, 'r.yaml');
    expect(checked.kind === 'invalid' && checked.errors.map(({ line }) => line)).toEqual([2]);
    expect(checked.kind === 'invalid' && checked.usable?.rules.map(({ name }) => name)).toEqual(['good']);
  });

  test('3: more points than the 11 that Open-Falcon remembers', () => {
    const values = Array.from({ length: 20 }, () => 5);
    expect(replay({ func: 'all(#12)', values })).toBe('PROBLEM@11=5');
    expect(replay({ func: 'all(#11)', op: '>=', values: values.map((_, index) => index), type: 'COUNTER' })).toMatch(
      /^PROBLEM@11=0.0166/,
    );
  });

  test('7: an operator that there is not is passed over', () => {
    expect(replay({ func: 'all(#1)', op: '=<', values: [1] })).toBe('"=<" is not an operator');
  });

  test('8: max_step 0 mutes', () => expect(replay({ func: 'all(#1)', values: [1, 2], maxStep: 0 })).toBe(''));

  test('9: a quotient by zero is an event like others, with the largest double', () => {
    const values = [100, 0, 5, 50];
    expect(replay({ func: 'kpdiff(#1,3)', op: '<', limit: 1000, values })).toBe(`PROBLEM@3=${-Number.MAX_VALUE}`);
  });

  test('10: no minus before a zero', () => expect(formatNumber(-0.000001)).toBe('0'));

  test('every entry has a test here or names where it is', () => {
    const docs = readFileSync(new URL('../../../docs/falcon-differences.md', import.meta.url), 'utf8');
    const entries = [...docs.matchAll(/^\| (\d+) \|/gm)].map((found) => found[1]);
    expect(entries).toEqual(Array.from({ length: 12 }, (_, index) => String(index + 1)));
    // 4, 5 and 12: judging.test.ts, language.test.ts and alerting.test.ts; 11: delivery.test.ts, `a silence`; 6: crash.test.ts.
  });
});

describe('kdiff and kpdiff, as recorded from Open-Falcon', () => {
  const older = [100, 102, 98];
  test.each([
    ['kdiff(#3,3)', 90, [200, 210, 205], 'PROBLEM@5=102'],
    ['kdiff(#3,3)', 105, [200, 210, 205], ''],
    ['kpdiff(#3,3)', 45, [200, 210, 205], 'PROBLEM@5=51'],
    ['kpdiff(#3,3)', 55, [200, 210, 205], ''],
  ])('%s > %d on %j', (func, limit, newer, expected) => {
    expect(replay({ func, limit, values: [...older, ...newer] })).toBe(expected);
  });

  test('end with a zero among the newest points', () => {
    expect(replay({ func: 'kdiff(#3,3)', op: '<', limit: 1000, values: [...older, 0, 210, 205] })).toBe('');
    expect(replay({ func: 'kpdiff(#3,3)', op: '<', limit: 1000, values: [...older, 200, 0, 205] })).toBe('');
  });
});
