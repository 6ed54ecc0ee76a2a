/** Reads `all(#3) > 80`: a function of the newest points, an operator and a number, in one line. */
import { findMetric, type Unit } from '../../core/index.ts';
import type { Written } from './fields.ts';
import { listOf } from './fields.ts';
import { nearestName } from './near-names.ts';
import {
  type Condition,
  type FunctionName,
  functionNames,
  type Operator,
  operators,
  WINDOW_POINTS_MAX,
} from './rule.ts';

type Fault = (offset: number, message: string) => undefined;

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

/** The condition, or undefined after its faults were told to `fault`. */
export function readCondition(written: Written, metric: string | undefined, fault: Fault): Condition | undefined {
  const parts = shape.exec(written.text)?.groups;
  if (parts === undefined) {
    // YAML takes a # after a space for the beginning of a comment.
    const advice = written.text.endsWith('(') ? 'write no space before the #, as in all(#3) > 80' : example;
    return fault(written.offset, `"${written.text}" is not a condition; ${advice}`);
  }
  const { name = '', gap = '', args = '', space = '', operator = '', rest = '' } = parts;
  const argsOffset = written.offset + name.length + gap.length;
  const operatorOffset = argsOffset + args.length + 1 + space.length;

  const func = readFunction({ text: name, offset: written.offset }, fault);
  const window = func && readArguments(func, { text: args.trim(), offset: argsOffset }, fault);
  const known = readOperator({ text: operator, offset: operatorOffset }, func, fault);
  if (operator === '') return undefined;
  const number = {
    text: rest.trim(),
    offset: operatorOffset + operator.length + (rest.length - rest.trimStart().length),
  };
  const rightValue = readNumber(number, metric === undefined ? undefined : findMetric(metric)?.unit, fault);
  if (func === undefined || window === undefined || known === undefined || rightValue === undefined) return undefined;
  return { func, ...window, operator: known, rightValue };
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

function readArguments(
  func: FunctionName,
  args: Written,
  fault: Fault,
): Pick<Condition, 'limit' | 'atLeast'> | undefined {
  const form = func === 'lookup' ? /^#(\d{1,9})\s*,\s*#?(\d{1,9})$/ : /^#(\d{1,9})$/;
  const found = form.exec(args.text);
  if (found === null) return fault(args.offset, argumentAdvice(func, args.text));
  const limit = Number(func === 'lookup' ? found[2] : found[1]);
  const atLeast = func === 'lookup' ? Number(found[1]) : 0;
  if (limit < 1 || limit > WINDOW_POINTS_MAX) {
    return fault(args.offset, `${func} looks back ${limit} points; write a number from 1 to ${WINDOW_POINTS_MAX}`);
  }
  if (func === 'lookup' && (atLeast < 1 || atLeast > limit)) {
    return fault(
      args.offset,
      `lookup wants ${atLeast} of ${limit} points; write a number from 1 to ${limit} after the #`,
    );
  }
  return { limit, atLeast };
}

function argumentAdvice(func: FunctionName, args: string): string {
  const all = /^\d+$/.test(args);
  if (func === 'lookup') {
    return `lookup takes two numbers, not "${args}"; write lookup(#2,3) for "at least 2 of the last 3 points"`;
  }
  return all
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
