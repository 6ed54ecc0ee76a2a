/**
 * The words of the condition language, which alerts and scaling share: a test is a function of the
 * newest points of one series, an operator and a number; an expression is tests joined by and, or, not.
 */
import type { Operator } from '../../api/alerts.ts';

/** Most points that one test looks back on: an hour of seconds. */
export const WINDOW_POINTS_MAX = 3600;

/** Most tests of one expression. */
export const TESTS_MAX = 16;

export const functionNames = [
  'all',
  'max',
  'min',
  'avg',
  'sum',
  'diff',
  'pdiff',
  'lookup',
  'stddev',
  'kdiff',
  'kpdiff',
  'forecast',
  'seasonal',
  'nodata',
] as const;
export type FunctionName = (typeof functionNames)[number];

export const operators = ['==', '=', '!=', '<=', '>=', '<', '>'] as const satisfies readonly Operator[];

/** One test: `func operator rightValue`, as in `all(#3) > 80`. */
export type Condition = {
  readonly func: FunctionName;
  /** How much the function looks at, the newest point first: points, or seconds where `isTime`. */
  readonly limit: number;
  /** True for `all(30s)`: the points of the last `limit` seconds. */
  readonly isTime: boolean;
  /** `lookup`: so many of the points must satisfy the operator. `kdiff`, `kpdiff`: so many older points. 0 elsewhere. */
  readonly atLeast: number;
  /** `forecast`: seconds ahead. `seasonal`: seconds of the past that it compares with. 0 elsewhere. */
  readonly spanSeconds: number;
  readonly operator: Operator;
  readonly rightValue: number;
};

/** A test in an expression: of the rule's own series, or of another metric beside it. */
export type Test = {
  /** Null for the metric of whoever asks. */
  readonly metric: string | null;
  readonly condition: Condition;
};

export type Expression =
  | { readonly kind: 'test'; readonly test: Test }
  | { readonly kind: 'not'; readonly operand: Expression }
  | { readonly kind: 'and' | 'or'; readonly operands: readonly Expression[] };

/** The tests of an expression in the order in which they stand there. */
export function testsOf(expression: Expression): readonly Test[] {
  if (expression.kind === 'test') return [expression.test];
  if (expression.kind === 'not') return testsOf(expression.operand);
  return expression.operands.flatMap(testsOf);
}

const SECONDS_OF = { d: 86_400, h: 3600, m: 60, s: 1 } as const;

/** `90s`, `5m`, `4h`, `7d`: in the largest unit that leaves a whole number. */
export function formatSeconds(seconds: number): string {
  for (const [unit, size] of Object.entries(SECONDS_OF)) {
    if (seconds >= size && seconds % size === 0) return `${seconds / size}${unit}`;
  }
  return `${seconds}s`;
}

/** Seconds of `30s`, `5m`, `4h`, `7d`; undefined for anything else. */
export function readSeconds(text: string): number | undefined {
  const [, amount, unit] = /^(\d{1,7})(s|m|h|d)$/.exec(text) ?? [];
  if (amount === undefined) return undefined;
  return Number(amount) * (unit === 'd' || unit === 'h' || unit === 'm' ? SECONDS_OF[unit] : 1);
}

/** `all(#3)`, `lookup(#2,3)`, `avg(30s)`: as Open-Falcon writes it, and as it was written but for spaces. */
export function formatFunction(condition: Condition, metric: string | null = null): string {
  const { func, limit, isTime, atLeast, spanSeconds } = condition;
  if (func === 'seasonal') return `seasonal(${metric === null ? '' : `${metric},`}${formatSeconds(spanSeconds)})`;
  const look = isTime ? formatSeconds(limit) : `#${limit}`;
  const pairs = func === 'lookup' || func === 'kdiff' || func === 'kpdiff';
  const args = pairs ? `#${atLeast},${isTime ? look : limit}` : look;
  const ahead = func === 'forecast' ? `,${formatSeconds(spanSeconds)}` : '';
  return `${func}(${metric === null ? '' : `${metric},`}${args}${ahead})`;
}

export function formatCondition(condition: Condition, metric: string | null = null): string {
  const left = formatFunction(condition, metric);
  return condition.func === 'nodata' ? left : `${left} ${condition.operator} ${condition.rightValue}`;
}

export function formatExpression(expression: Expression): string {
  switch (expression.kind) {
    case 'test':
      return formatCondition(expression.test.condition, expression.test.metric);
    case 'not':
      return `not ${formatOperand(expression.operand, 'not')}`;
    default:
      return expression.operands.map((operand) => formatOperand(operand, expression.kind)).join(` ${expression.kind} `);
  }
}

/** `and` binds closer than `or`, `not` closer than both. */
function formatOperand(operand: Expression, parent: 'and' | 'or' | 'not'): string {
  const isLoose = operand.kind === 'or' || (operand.kind === 'and' && parent === 'not');
  return isLoose && parent !== 'or' ? `(${formatExpression(operand)})` : formatExpression(operand);
}
