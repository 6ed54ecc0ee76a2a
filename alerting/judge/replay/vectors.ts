/**
 * Replays recorded cases of a judge: a rule, points in the order of their arrival, and the events
 * that came of them. What `saker rules replay` runs, and the test of the given vectors.
 */

import { type Static, Type } from 'typebox';
import {
  type Condition,
  judge,
  operators,
  parserOf,
  pointsNeeded,
  type Reader,
  readExpression,
} from '../../../core/index.ts';
import { Window, WindowTable } from '../plan/window.ts';
import { type AlertState, quiet, transition } from '../transition.ts';

const vectorSchema = Type.Object({
  id: Type.Union([Type.Number(), Type.String()]),
  rule: Type.Object({
    func: Type.String({ maxLength: 64 }),
    op: Type.String({ maxLength: 8 }),
    right_value: Type.Number(),
    max_step: Type.Optional(Type.Integer({ minimum: 0 })),
    min_interval_s: Type.Optional(Type.Number({ minimum: 0 })),
  }),
  counterType: Type.Optional(Type.String()),
  points: Type.Array(Type.Tuple([Type.Number(), Type.Number()]), { maxItems: 1_000_000 }),
});

export type Vector = Static<typeof vectorSchema>;

/** Throws `BAD_REQUEST` with the field at fault. */
export const parseVector = parserOf(vectorSchema, 'BAD_REQUEST', 'a vector');

export type VectorEvent = {
  readonly status: string;
  readonly ts: number;
  readonly step: number;
  readonly leftValue: number;
};

/**
 * The events of a vector. `fault` says why its rule can not be judged; Open-Falcon, too, passes over
 * such a rule (or, with `lookup(#1)`, panics), and no other rule is touched by it.
 */
export type Replayed = { readonly events: readonly VectorEvent[]; readonly fault: string | null };

const MAX_STEP_DEFAULT = 3;
const MIN_INTERVAL_DEFAULT_SECONDS = 300;

export function replayVector({ rule, counterType = 'GAUGE', points }: Vector): Replayed {
  const condition = conditionOf(rule);
  if (typeof condition === 'string') return { events: [], fault: condition };
  // As in Open-Falcon, whatever does not begin with a G is a counter.
  const isCounter = !/^g/i.test(counterType);
  const table = new WindowTable([{ capacity: Math.max(1, pointsNeeded(condition)), isCounter }]);
  const window = new Window(table);
  const { max_step: maxStep = MAX_STEP_DEFAULT, min_interval_s: minIntervalSeconds = MIN_INTERVAL_DEFAULT_SECONDS } =
    rule;
  const events: VectorEvent[] = [];
  let state: AlertState = quiet;
  for (const [second, value] of points) {
    if (second <= 0 || !table.append(0, second, value)) continue;
    window.moveTo(0);
    const next = transition(state, judge(condition, window), { maxStep, minIntervalSeconds }, second);
    if (next.kind === 'none') continue;
    state = next.next;
    events.push({ status: next.status, ts: next.second, step: next.step, leftValue: next.leftValue });
  }
  return { events, fault: null };
}

/**
 * A string says what is wrong. The function is read as in a rules file, but for two ways of Open-Falcon's: a space
 * is a fault, and arguments beyond those of the function are passed over. So is the operator of `stddev`, whatever it is.
 */
function conditionOf({ func: text, op, right_value: rightValue }: Vector['rule']): Condition | string {
  const operator = text.startsWith('stddev(') ? '>' : operators.find((known) => known === op);
  if (operator === undefined) return `"${op}" is not an operator`;
  let fault = `"${text}" is not a function of the judge`;
  if (/\s/.test(text)) return fault;
  const reader: Reader = {
    metric: undefined,
    knowsMetric: () => false,
    unitOf: () => undefined,
    fault: (_, message) => {
      fault = message;
      return undefined;
    },
  };
  const read = readExpression({ text: `${withoutSurplus(text)} > 0`, offset: 0 }, reader);
  if (read?.kind !== 'test') return fault;
  const { condition } = read.test;
  return condition.func === 'seasonal' ? 'seasonal can not be replayed' : { ...condition, operator, rightValue };
}

function withoutSurplus(text: string): string {
  const [, name, numbers = ''] = /^(\w+)\(#(\+?\d+(?:,\+?\d+)*)\)$/.exec(text) ?? [];
  if (name === undefined) return text;
  const count = name === 'lookup' || name === 'kdiff' || name === 'kpdiff' ? 2 : 1;
  return `${name}(#${numbers.split(',').slice(0, count).map(Number).join(',')})`;
}
