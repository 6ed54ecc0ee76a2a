/**
 * Replays recorded cases of a judge: a rule, points in the order of their arrival, and the events
 * that came of them. What `saker rules replay` runs, and the test of the given vectors.
 */

import { type Static, Type } from 'typebox';
import {
  type Condition,
  functionNames,
  judge,
  operators,
  parserOf,
  pointsNeeded,
  WINDOW_POINTS_MAX,
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

/** Open-Falcon's own strictness: no space, no sign missing. A string says what is wrong. */
function conditionOf({ func: text, op, right_value: rightValue }: Vector['rule']): Condition | string {
  const found = /^(\w+)\((?:#(\d{1,9})(?:,(\d{1,9}))?|(\d{1,7})s)\)$/.exec(text);
  const func = functionNames.find((known) => known === found?.[1]);
  const operator = operators.find((known) => known === op);
  if (func === undefined || found === null) return `"${text}" is not a function of the judge`;
  if (operator === undefined) return `"${op}" is not an operator`;
  const [, , first, second, seconds] = found;
  const isPair = func === 'lookup' || func === 'kdiff' || func === 'kpdiff';
  if (isPair !== (second !== undefined)) return `"${text}" has too ${isPair ? 'few' : 'many'} arguments`;
  if (func === 'forecast' || func === 'seasonal' || func === 'nodata') return `"${text}" can not be replayed`;
  const limit = Number(seconds ?? second ?? first);
  if (limit < 1) return `"${text}" looks at no points`;
  if (limit + Number(first ?? 0) > 2 * WINDOW_POINTS_MAX)
    return `"${text}" looks at more than ${WINDOW_POINTS_MAX} points`;
  const atLeast = isPair ? Number(first) : 0;
  return { func, limit, isTime: seconds !== undefined, atLeast, spanSeconds: 0, operator, rightValue };
}
