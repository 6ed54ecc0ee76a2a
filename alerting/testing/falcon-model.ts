/**
 * Open-Falcon's judge as its reference describes it (functions, A8; state machine, A9), written down as plainly as
 * it goes and for tests only: what `saker rules replay` is held against. Raw points are kept, the newest 11, and
 * everything is worked out anew for each of them. A left value that JSON can not hold is the largest that it can: there
 * Open-Falcon loses the event, and Saker does not.
 */
export type ModelRule = {
  readonly func: string;
  readonly op: string;
  readonly right_value: number;
  readonly max_step: number;
  readonly min_interval_s: number;
};

export type ModelEvent = {
  readonly status: 'PROBLEM' | 'OK';
  readonly ts: number;
  readonly step: number;
  readonly leftValue: number;
};

type Point = { readonly ts: number; readonly value: number };
type Verdict = { readonly isTriggered: boolean; readonly leftValue: number; readonly oldestTs: number };

const REMAIN = 11;

export function falconJudge(
  rule: ModelRule,
  counterType: string,
  points: readonly (readonly [number, number])[],
): ModelEvent[] {
  const events: ModelEvent[] = [];
  let raw: Point[] = [];
  for (const [ts, value] of points) {
    if (ts <= 0 || (raw[0] !== undefined && ts <= raw[0].ts)) continue;
    raw = [{ ts, value }, ...raw].slice(0, REMAIN);
    const verdict = compute(rule, history(raw, counterType));
    const event = verdict && nextEvent(rule, verdict, events.at(-1), ts);
    if (event !== undefined) events.push(event);
  }
  return events;
}

/** Newest first: the values themselves, or the rates between them with the time of the newer one. */
function history(raw: readonly Point[], counterType: string): readonly Point[] {
  if (/^[Gg]/.test(counterType)) return raw;
  return raw.slice(0, -1).map(({ ts, value }, index) => {
    const older = raw[index + 1] ?? { ts: 0, value: 0 };
    return { ts, value: (value - older.value) / (ts - older.ts) };
  });
}

function nextEvent(
  rule: ModelRule,
  verdict: Verdict,
  last: ModelEvent | undefined,
  ts: number,
): ModelEvent | undefined {
  const { isTriggered, leftValue, oldestTs } = verdict;
  if (!isTriggered) return last?.status === 'PROBLEM' ? { status: 'OK', ts, step: 1, leftValue } : undefined;
  if (last === undefined || last.status === 'OK') {
    return rule.max_step === 0 ? undefined : { status: 'PROBLEM', ts, step: 1, leftValue };
  }
  if (last.step >= rule.max_step || oldestTs <= last.ts || ts - last.ts < rule.min_interval_s) return undefined;
  return { status: 'PROBLEM', ts, step: last.step + 1, leftValue };
}

function compute({ func, op, right_value: right }: ModelRule, points: readonly Point[]): Verdict | undefined {
  const [, name = '', args = ''] = /^(.*)\(#(.*)\)$/.exec(func) ?? [];
  if (!/^[+-]?\d+(,[+-]?\d+)*$/.test(args)) return undefined;
  const [first = 0, second = 0] = args.split(',').map(Number);
  const isPair = ['lookup', 'kdiff', 'kpdiff'].includes(name);
  const limit = isPair ? second : first;
  const needed = { diff: limit + 1, pdiff: limit + 1, kdiff: first + second, kpdiff: first + second }[name] ?? limit;
  if (needed < 1 || points.length < needed) return undefined;
  const v = points.slice(0, needed).map(({ value }) => value);
  const found = functionOf(name, v, { first, limit, right, holds: (left) => compare(left, op, right) });
  if (found === undefined) return undefined;
  const leftValue = Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, found.leftValue || 0));
  return { ...found, leftValue, oldestTs: points[needed - 1]?.ts ?? 0 };
}

type Asked = {
  readonly first: number;
  readonly limit: number;
  readonly right: number;
  readonly holds: (left: number) => boolean;
};
type Answer = Pick<Verdict, 'isTriggered' | 'leftValue'>;

function functionOf(name: string, v: readonly number[], { first, limit, right, holds }: Asked): Answer | undefined {
  const [newest = 0] = v;
  const once = (leftValue: number): Answer => ({ isTriggered: holds(leftValue), leftValue });
  switch (name) {
    case 'all':
      return { isTriggered: v.every(holds), leftValue: newest };
    case 'max':
      return once(Math.max(...v));
    case 'min':
      return once(Math.min(...v));
    case 'sum':
      return once(total(v));
    case 'avg':
      return once(total(v) / limit);
    case 'lookup':
      return { isTriggered: first > 0 && v.filter(holds).length >= first, leftValue: newest };
    case 'stddev': {
      const mean = total(v) / limit;
      const sigma = Math.sqrt(total(v.map((one) => (one - mean) * (one - mean))) / limit);
      return { isTriggered: newest < mean - right * sigma || newest > mean + right * sigma, leftValue: newest };
    }
    case 'diff':
      return firstOf(
        v.slice(1).map((older) => newest - older),
        holds,
      );
    case 'pdiff': {
      const older = v.slice(1).filter((one) => one !== 0);
      return firstOf(
        older.map((one) => ((newest - one) / one) * 100),
        holds,
      );
    }
    case 'kdiff':
    case 'kpdiff':
      return everyPair(v, first, limit, { isPercent: name === 'kpdiff', holds });
    default:
      return undefined;
  }
}

/** The first difference that satisfies, else the last that there is, else 0. */
function firstOf(differences: readonly number[], holds: (left: number) => boolean): Answer {
  const hit = differences.find(holds);
  return { isTriggered: hit !== undefined, leftValue: hit ?? differences.at(-1) ?? 0 };
}

function everyPair(
  v: readonly number[],
  stable: number,
  changed: number,
  { isPercent, holds }: { readonly isPercent: boolean; readonly holds: (left: number) => boolean },
): Answer {
  let leftValue = 0;
  for (let i = 0; i < stable; i++) {
    if (v[i] === 0) return { isTriggered: false, leftValue };
    const old = v[changed + stable - 1 - i] ?? 0;
    for (let j = 0; j < changed; j++) {
      const newer = v[j] ?? 0;
      leftValue = isPercent ? ((newer - old) / newer) * 100 : newer - old;
      if (!holds(leftValue)) return { isTriggered: false, leftValue };
    }
    if (changed === 0) return { isTriggered: false, leftValue };
  }
  return { isTriggered: stable > 0, leftValue };
}

const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

function compare(left: number, op: string, right: number): boolean {
  switch (op) {
    case '=':
    case '==':
      return Math.abs(left - right) < 0.0001;
    case '!=':
      return Math.abs(left - right) > 0.0001;
    case '<':
      return left < right;
    case '<=':
      return left <= right;
    case '>':
      return left > right;
    case '>=':
      return left >= right;
    default:
      return false;
  }
}
