export * from './condition.ts';
export {
  type Alignment,
  type Compiled,
  compileExpression,
  explainExpression,
  judgeExpression,
  type PointsOf,
  UNKNOWN,
} from './expression.ts';
export { formatNumber, formatValue } from './format-number.ts';
export { compare, type JudgeFunction, judgeFunctions, type Points } from './functions.ts';
export { explain, type Judgement, judge, limitOf, pointsNeeded } from './judge.ts';
export { listOf, nearestName } from './near-names.ts';
export { readExpression } from './read-expression.ts';
export type { Reader, Written } from './read-test.ts';
