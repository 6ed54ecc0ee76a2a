import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type Condition, functionNames, operators } from '../rules/rule.ts';
import { judge } from './judge.ts';
import { type AlertState, quiet, transition } from './transition.ts';
import { Window, WindowTable } from './window.ts';

type Vector = {
  readonly id: number;
  readonly rule: {
    readonly func: string;
    readonly op: string;
    readonly right_value: number;
    readonly max_step: number;
    readonly min_interval_s: number;
  };
  readonly counterType: 'GAUGE' | 'COUNTER';
  readonly points: readonly (readonly [number, number])[];
  readonly events: readonly { status: string; ts: number; step: number; leftValue: number }[];
};

/** Open-Falcon's `remain`: 11 raw points, which are 10 rates of a counter. */
const REMAIN = 11;

const file = new URL('../../test/fixtures/falcon-vectors/vectors.jsonl', import.meta.url);
const vectors: readonly Vector[] = readFileSync(file, 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line));

describe('vectors of the Open-Falcon judge', () => {
  test('are all here', () => expect(vectors.length).toBe(100));

  test.each(vectors)('vector $id: $rule.func $rule.op $rule.right_value on a $counterType', (vector) => {
    expect(replay(vector)).toEqual(vector.events);
  });
});

function replay({ rule, counterType, points }: Vector): Vector['events'] {
  const condition = conditionOf(rule);
  const isCounter = counterType === 'COUNTER';
  const table = new WindowTable([{ capacity: isCounter ? REMAIN - 1 : REMAIN, isCounter }]);
  const window = new Window(table);
  const strategy = { maxStep: rule.max_step, minIntervalSeconds: rule.min_interval_s };
  const events: Vector['events'][number][] = [];
  let state: AlertState = quiet;
  for (const [second, value] of points) {
    if (!table.append(0, second, value)) continue;
    window.moveTo(0);
    const next = transition(state, judge(condition, window), strategy, second);
    if (next.kind === 'none') continue;
    state = next.next;
    events.push({ leftValue: next.leftValue, status: next.status, step: next.step, ts: next.second });
  }
  return events;
}

function conditionOf(rule: Vector['rule']): Condition {
  const [, name = '', first = '', second = ''] = /^(\w+)\(#(\d+)(?:,(\d+))?\)$/.exec(rule.func) ?? [];
  const func = functionNames.find((known) => known === name);
  const operator = operators.find((known) => known === rule.op);
  if (func === undefined || operator === undefined) throw new Error(`vector with ${rule.func} ${rule.op}`);
  const args = second === '' ? { limit: Number(first), atLeast: 0 } : { limit: Number(second), atLeast: Number(first) };
  return { func, ...args, operator, rightValue: rule.right_value };
}
