/** Rules for samples that are further apart than seconds: points and times become as many of those. */
import type { Condition, Expression } from '../../../core/index.ts';
import type { Rule, RuleSet } from '../../rules/rule.ts';

/** With one sample in `step` seconds, `all(#90)` and `all(90s)` look at the last two minutes. */
export function coarsen(set: RuleSet, step: number): RuleSet {
  const coarse = (rule: Rule): Rule => ({
    ...rule,
    condition: coarseCondition(rule.condition, step),
    expression: rule.expression && coarseExpression(rule.expression, step),
    recovery: rule.recovery && coarseExpression(rule.recovery, step),
  });
  const templates = set.templates.map((template) => ({ ...template, rules: template.rules.map(coarse) }));
  return { ...set, rules: set.rules.map(coarse), templates };
}

function coarseExpression(expression: Expression, step: number): Expression {
  switch (expression.kind) {
    case 'test': {
      const { metric, condition } = expression.test;
      return { kind: 'test', test: { metric, condition: coarseCondition(condition, step) } };
    }
    case 'not':
      return { kind: 'not', operand: coarseExpression(expression.operand, step) };
    default:
      return { kind: expression.kind, operands: expression.operands.map((operand) => coarseExpression(operand, step)) };
  }
}

function coarseCondition(condition: Condition, step: number): Condition {
  // A silence is told by seconds, and never shorter than two of the samples.
  if (condition.func === 'nodata') return { ...condition, limit: Math.max(condition.limit, 2 * step) };
  const limit = Math.max(1, Math.ceil(condition.limit / step));
  const atLeast = condition.atLeast === 0 ? 0 : Math.min(limit, Math.max(1, Math.ceil(condition.atLeast / step)));
  return { ...condition, limit, atLeast, isTime: false };
}
