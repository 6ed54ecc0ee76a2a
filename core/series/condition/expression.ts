/**
 * An expression judged over the windows of several series. Logic is Kleene's: a test that can not be
 * judged is neither true nor false, and the whole is known as soon as the rest decides it.
 */
import { type Condition, type Expression, formatCondition, testsOf } from './condition.ts';
import { judgeFunctions, type Points } from './functions.ts';
import { explain, type Judgement, judge, limitOf } from './judge.ts';

/** The window of the n-th test of an expression; undefined where there is no such series. */
export type PointsOf = (test: number) => Points | undefined;

export type Alignment = {
  /** The second that is judged. */
  readonly second: number;
  /** A window whose newest point is older than this says nothing about that second. */
  readonly staleSeconds: number;
};

export function judgeExpression(expression: Expression, pointsOf: PointsOf, alignment: Alignment): Judgement {
  const judgements = testsOf(expression).map(({ condition }, index) =>
    judgeAligned(condition, pointsOf(index), alignment),
  );
  const [lead] = judgements;
  const verdict = truth(expression, judgements, { next: 0 });
  const known = judgements.filter((one) => one.kind === 'judged');
  const shown = lead?.kind === 'judged' ? lead : known[0];
  if (verdict === undefined || shown === undefined) return { kind: 'too-few-points' };
  return {
    kind: 'judged',
    triggered: verdict,
    leftValue: shown.leftValue,
    newestSecond: alignment.second,
    // The window that reaches back furthest: the next event must rest on points that are all newer.
    oldestSecond: Math.min(...known.map((one) => one.oldestSecond)),
  };
}

function judgeAligned(condition: Condition, points: Points | undefined, alignment: Alignment): Judgement {
  if (points === undefined || points.count === 0) return { kind: 'too-few-points' };
  if (points.second(0) < alignment.second - alignment.staleSeconds) return { kind: 'too-few-points' };
  return judge(condition, points);
}

/** Walks the tests in the order of `testsOf`. */
function truth(
  expression: Expression,
  judgements: readonly Judgement[],
  cursor: { next: number },
): boolean | undefined {
  if (expression.kind === 'test') {
    const judgement = judgements[cursor.next++];
    return judgement?.kind === 'judged' ? judgement.triggered : undefined;
  }
  if (expression.kind === 'not') {
    const operand = truth(expression.operand, judgements, cursor);
    return operand === undefined ? undefined : !operand;
  }
  const decisive = expression.kind === 'or';
  const operands = expression.operands.map((operand) => truth(operand, judgements, cursor));
  if (operands.includes(decisive)) return decisive;
  return operands.includes(undefined) ? undefined : !decisive;
}

/** Why the expression holds or does not: a sentence for each test. */
export function explainExpression(expression: Expression, pointsOf: PointsOf, alignment: Alignment): string {
  const sentences = testsOf(expression).map(({ condition, metric }, index) => {
    const points = pointsOf(index);
    if (points === undefined) return `${formatCondition(condition, metric)} has no series`;
    if (points.count > 0 && points.second(0) < alignment.second - alignment.staleSeconds) {
      const age = alignment.second - points.second(0);
      return `${formatCondition(condition, metric)} is unknown: its newest point is ${age} s old`;
    }
    return explain(condition, points, metric);
  });
  return sentences.join('; ');
}

/** Whether an expression holds; `UNKNOWN` where its windows do not say. */
export type Verdict = 0 | 1 | 2;
export const UNKNOWN: Verdict = 2;

/** Windows in the order of `testsOf`, and the second that is judged. Allocates nothing. */
export type Compiled = (windows: readonly Points[], second: number) => Verdict;

/** The expression as a function, for loops that run for every series in every second. */
export function compileExpression(expression: Expression, staleSeconds: number): Compiled {
  let next = 0;
  const build = (part: Expression): Compiled => {
    switch (part.kind) {
      case 'test':
        return compileTest(part.test.condition, next++, staleSeconds);
      case 'not': {
        const operand = build(part.operand);
        return (windows, second) => {
          const verdict = operand(windows, second);
          return verdict === UNKNOWN ? UNKNOWN : verdict === 1 ? 0 : 1;
        };
      }
      default:
        return compileJoined(part.operands.map(build), part.kind === 'or' ? 1 : 0);
    }
  };
  return build(expression);
}

function compileTest(condition: Condition, index: number, staleSeconds: number): Compiled {
  const { triggered } = judgeFunctions[condition.func];
  return (windows, second) => {
    const points = windows[index];
    if (points === undefined || points.count === 0 || points.second(0) < second - staleSeconds) return UNKNOWN;
    const limit = limitOf(condition, points);
    if (limit === 0) return UNKNOWN;
    return triggered(points, condition, limit) ? 1 : 0;
  };
}

/** One operand that is `decisive` decides; else one that is unknown leaves it open. */
function compileJoined(operands: readonly Compiled[], decisive: 0 | 1): Compiled {
  const otherwise = decisive === 1 ? 0 : 1;
  return (windows, second) => {
    let verdict: Verdict = otherwise;
    for (const operand of operands) {
      const found = operand(windows, second);
      if (found === decisive) return decisive;
      if (found === UNKNOWN) verdict = UNKNOWN;
    }
    return verdict;
  };
}
