/** Reads one test, `all(#3) > 80`: a function of the newest points, an operator and a number. */

import type { Operator } from '../../api/alerts.ts';
import type { Unit } from '../../catalogue/metric.ts';
import {
  type Condition,
  type FunctionName,
  formatSeconds,
  functionNames,
  operators,
  readSeconds,
  type Test,
  WINDOW_POINTS_MAX,
} from './condition.ts';
import { listOf, nearestName } from './near-names.ts';

/** A text as it was written, with the offset of its first character. */
export type Written = { readonly text: string; readonly offset: number };

/** What reading a condition asks of whoever has the file. */
export type Reader = {
  /** The metric that a test without one is about; undefined where it is not known (any unit then goes). */
  readonly metric: string | undefined;
  /** False when there is no such metric; the reader has said so. */
  readonly knowsMetric: (metric: Written) => boolean;
  readonly unitOf: (metric: string) => Unit | undefined;
  readonly fault: (offset: number, message: string) => undefined;
};

type Fault = Reader['fault'];

const slips: Readonly<Record<string, Operator>> = {
  '=<': '<=',
  '=>': '>=',
  '<>': '!=',
  '=!': '!=',
  '===': '==',
  '!==': '!=',
};

const shape = /^(?<name>[^\s(]+)(?<gap>\s*\(\s*)(?<args>[^)]*)\)(?<space>\s*)(?<operator>[<>=!~]*)(?<rest>.*)$/s;
const example = 'write FUNCTION(#POINTS) OPERATOR NUMBER, for example all(#3) > 80';

/** Decimal and binary prefixes that a number of bytes may carry. */
const byteFactors: Readonly<Record<string, number>> = {
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};

const notA = ({ text }: Written, advice: string): string => `"${text}" is not a condition; ${advice}`;

/** The test, or undefined after its faults were told. */
export function readTest(written: Written, reader: Reader): Test | undefined {
  const { fault } = reader;
  const parts = shape.exec(written.text)?.groups;
  if (parts === undefined) {
    // YAML takes a # after a space for the beginning of a comment.
    if (written.text.endsWith('(')) {
      return fault(written.offset, notA(written, 'write no space before the #, as in all(#3) > 80'));
    }
    const isCut = written.text.endsWith(',');
    return fault(written.offset, notA(written, isCut ? 'put it in quotes: YAML takes " #" for a comment' : example));
  }
  const { name = '', gap = '', args = '', space = '', operator = '', rest = '' } = parts;
  const argsOffset = written.offset + name.length + gap.length;
  const operatorOffset = argsOffset + args.length + 1 + space.length;

  const func = readFunction({ text: name, offset: written.offset }, fault);
  const { metric, look } = splitMetric({ text: args, offset: argsOffset });
  const window = func && readArguments(func, look, fault);
  const isKnown = metric === null || reader.knowsMetric(metric);
  if (func === 'nodata')
    return readNodata({ text: `${operator}${rest}`, offset: operatorOffset }, window, metric, fault);
  const known = readOperator({ text: operator, offset: operatorOffset }, func, fault);
  if (operator === '') return undefined;
  const number = {
    text: rest.trim(),
    offset: operatorOffset + operator.length + (rest.length - rest.trimStart().length),
  };
  const rightValue = readNumber(number, unitOf(metric?.text ?? reader.metric, reader), fault);
  if (func === undefined || window === undefined || known === undefined || rightValue === undefined) return undefined;
  if (!isKnown) return undefined;
  return { metric: metric?.text ?? null, condition: { func, ...window, operator: known, rightValue } };
}

const unitOf = (metric: string | undefined, reader: Reader): Unit | undefined =>
  metric === undefined ? undefined : reader.unitOf(metric);

/** `nodata(30s)` holds or does not; there is nothing to compare. */
function readNodata(rest: Written, window: Window | undefined, metric: Written | null, fault: Fault): Test | undefined {
  if (rest.text !== '') return fault(rest.offset, 'nodata compares with nothing; write "nodata(30s)" alone');
  if (metric !== null) {
    return fault(metric.offset, 'nodata watches the metric of its rule; remove the metric between the brackets');
  }
  if (window === undefined) return undefined;
  return { metric: null, condition: { func: 'nodata', ...window, operator: '>', rightValue: window.limit } };
}

const metricArgument = /^(\s*)([A-Za-z_][A-Za-z0-9_.:-]*)\s*,\s*/;

/** `cpu.busy, #3` is a metric and a look back; `#3` is a look back. */
function splitMetric(args: Written): { metric: Written | null; look: Written } {
  const found = metricArgument.exec(args.text);
  const skipped = found?.[0].length ?? 0;
  const look = { text: args.text.slice(skipped).trim(), offset: args.offset + skipped };
  if (found === null) return { metric: null, look };
  return { metric: { text: found[2] ?? '', offset: args.offset + (found[1]?.length ?? 0) }, look };
}

/** What people from elsewhere write. */
const otherNames: Readonly<Record<string, FunctionName>> = {
  average: 'avg',
  mean: 'avg',
  total: 'sum',
  any: 'lookup',
  last: 'all',
  std: 'stddev',
};

function readFunction(name: Written, fault: Fault): FunctionName | undefined {
  const found = functionNames.find((known) => known === name.text);
  if (found !== undefined) return found;
  const near = otherNames[name.text.toLowerCase()] ?? nearestName(name.text, functionNames);
  const advice = near === undefined ? `write ${listOf(functionNames)}` : `did you mean "${near}"?`;
  return fault(name.offset, `unknown function "${name.text}"; ${advice}`);
}

type Window = Pick<Condition, 'limit' | 'isTime' | 'atLeast' | 'spanSeconds'>;

const pairFunctions: readonly FunctionName[] = ['lookup', 'kdiff', 'kpdiff'];

function readArguments(func: FunctionName, args: Written, fault: Fault): Window | undefined {
  if (func === 'forecast') return readForecast(args, fault);
  if (func === 'seasonal') return readSeasonal(args, fault);
  const isPair = pairFunctions.includes(func);
  const form = isPair ? /^#(\d{1,9})\s*,\s*(#?\d{1,9}|\d{1,7}[smhd])$/ : /^(#\d{1,9}|\d{1,7}[smhd])$/;
  const found = form.exec(args.text);
  const look = found?.[isPair ? 2 : 1];
  if (look === undefined) return fault(args.offset, argumentAdvice(func, args.text));
  const seconds = readSeconds(look);
  const limit = seconds ?? Number(look.replace('#', ''));
  const atLeast = isPair ? Number(found?.[1]) : 0;
  const isTime = seconds !== undefined;
  const wrong = argumentFault(func, { limit, atLeast, isTime });
  if (wrong !== undefined) return fault(args.offset, wrong);
  return { limit, isTime, atLeast, spanSeconds: 0 };
}

/** Silences of more than a week are better asked of an inventory. */
const NODATA_SECONDS_MIN = 3;
const NODATA_SECONDS_MAX = 7 * 86_400;

function argumentFault(func: FunctionName, look: Pick<Window, 'limit' | 'atLeast' | 'isTime'>): string | undefined {
  const { limit, atLeast, isTime } = look;
  if (func === 'nodata') {
    if (!isTime) return `nodata takes a time, not points; write nodata(30s)`;
    if (limit >= NODATA_SECONDS_MIN && limit <= NODATA_SECONDS_MAX) return undefined;
    return `nodata waits ${limit} s; write a time from ${NODATA_SECONDS_MIN}s to ${formatSeconds(NODATA_SECONDS_MAX)}`;
  }
  if ((func === 'kdiff' || func === 'kpdiff') && isTime) return `${func} takes points, not a time; write ${func}(#3,3)`;
  const points = func === 'kdiff' || func === 'kpdiff' ? limit + atLeast : limit;
  if (limit < 1 || points > WINDOW_POINTS_MAX) {
    if (isTime) return `${func} looks back ${limit} s; write a time from 1s to ${formatSeconds(WINDOW_POINTS_MAX)}`;
    return `${func} looks back ${points} points; write a number from 1 to ${WINDOW_POINTS_MAX}`;
  }
  if (func === 'lookup' && (atLeast < 1 || atLeast > limit)) {
    return `lookup wants ${atLeast} of ${limit} points; write a number from 1 to ${limit} after the #`;
  }
  if ((func === 'kdiff' || func === 'kpdiff') && atLeast < 1)
    return `${func} compares with 0 points; write ${func}(#3,3)`;
  return undefined;
}

const FORECAST_SECONDS_MAX = 30 * 86_400;

function readForecast(args: Written, fault: Fault): Window | undefined {
  const [, look = '', ahead = ''] = /^(\d{1,7}[smhd])\s*,\s*(\d{1,7}[smhd])$/.exec(args.text) ?? [];
  const limit = readSeconds(look) ?? 0;
  const spanSeconds = readSeconds(ahead) ?? 0;
  if (limit >= 10 && limit <= WINDOW_POINTS_MAX && spanSeconds >= 1 && spanSeconds <= FORECAST_SECONDS_MAX) {
    return { limit, isTime: true, atLeast: 0, spanSeconds };
  }
  return fault(
    args.offset,
    `forecast takes two times, not "${args.text}"; write forecast(30m,4h) for "the line through the last 30 min, 4 h on" (10s to 1h back, 30d ahead at most)`,
  );
}

const SEASONAL_DAYS_MAX = 28;

function readSeasonal(args: Written, fault: Fault): Window | undefined {
  const days = Number(/^(\d{1,2})d$/.exec(args.text)?.[1] ?? 0);
  if (days >= 2 && days <= SEASONAL_DAYS_MAX)
    return { limit: 1, isTime: false, atLeast: 0, spanSeconds: days * 86_400 };
  return fault(
    args.offset,
    `seasonal takes a number of days, not "${args.text}"; write seasonal(7d) for "the same time on the last 7 days" (2d to ${SEASONAL_DAYS_MAX}d)`,
  );
}

function argumentAdvice(func: FunctionName, args: string): string {
  if (func === 'lookup') {
    return `lookup takes two numbers, not "${args}"; write lookup(#2,3) for "at least 2 of the last 3 points"`;
  }
  if (func === 'kdiff' || func === 'kpdiff') {
    return `${func} takes two numbers, not "${args}"; write ${func}(#3,2) for "each of the last 2 points against the 3 before"`;
  }
  if (func === 'nodata') return `nodata takes a time, not "${args}"; write nodata(30s)`;
  return /^\d+$/.test(args)
    ? `the # is missing; write ${func}(#${args})`
    : `${func} takes a number of points, not "${args}"; write ${func}(#3) for the last 3 points`;
}

function readOperator(written: Written, func: FunctionName | undefined, fault: Fault): Operator | undefined {
  const found = operators.find((known) => known === written.text);
  if (found === undefined) {
    if (written.text === '') return fault(written.offset, `the operator is missing; write ${listOf(operators)}`);
    const slip = slips[written.text];
    const advice = slip === undefined ? `write ${listOf(operators)}` : `write "${slip}"`;
    return fault(written.offset, `unknown operator "${written.text}"; ${advice}`);
  }
  if (func === 'stddev' && found !== '>') {
    return fault(
      written.offset,
      `stddev compares a distance from the mean; write "stddev(#N) > R" for "more than R standard deviations away"`,
    );
  }
  return found;
}

function readNumber(written: Written, unit: Unit | undefined, fault: Fault): number | undefined {
  const found = /^([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*([A-Za-z%]*)$/.exec(written.text);
  const value = Number(found?.[1] ?? Number.NaN);
  if (!Number.isFinite(value)) {
    const what = written.text === '' ? 'the number is missing' : `"${written.text}" is not a number`;
    return fault(written.offset, `${what}; write one after the operator, for example 80 or -1.5`);
  }
  const suffix = found?.[2] ?? '';
  if (suffix === '') return value;
  if (suffix === '%' && (unit === 'percent' || unit === undefined)) return value;
  const factor = unit === 'bytes' || unit === 'bytes/s' || unit === undefined ? byteFactors[suffix] : undefined;
  if (factor !== undefined) return value * factor;
  const advice = unit?.startsWith('bytes') ? `write ${listOf(Object.keys(byteFactors))}` : 'write the bare number';
  return fault(
    written.offset,
    `unit "${suffix}" does not fit the metric${unit ? `, which is in ${unit}` : ''}; ${advice}`,
  );
}
