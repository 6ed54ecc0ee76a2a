/** What one side of an aggregate makes of its endpoints: a row holds the newest value of each operand on one of them. */
import { compare, noTags, type Tags } from '../../../core/index.ts';
import type { Aggregate, Measure } from '../../rules/rule.ts';

export type Operand = { readonly metric: string; readonly tags: Tags };
type Rows = readonly Float64Array[];

/** In the order in which rows have them. */
export const operandsOf = ({ numerator, denominator }: Aggregate): readonly Operand[] =>
  [numerator, denominator].flatMap((measure) => (measure === null ? [] : operandsOfMeasure(measure)));

function operandsOfMeasure(measure: Measure): readonly Operand[] {
  if (measure.kind === 'sum') return measure.terms;
  return measure.kind === 'fold' ? [{ metric: measure.metric, tags: noTags }] : [];
}

/** Undefined where no endpoint has a part, or the denominator is 0. */
export function valueOfAggregate({ numerator, denominator }: Aggregate, rows: Rows): number | undefined {
  if (rows.length === 0) return undefined;
  const top = valueOfMeasure(numerator, rows, 0);
  if (denominator === null) return top;
  const bottom = valueOfMeasure(denominator, rows, operandsOfMeasure(numerator).length);
  return bottom === 0 ? undefined : top / bottom;
}

/** `first` is where the measure's operands begin in each row. */
function valueOfMeasure(measure: Measure, rows: Rows, first: number): number {
  switch (measure.kind) {
    case 'count':
      return rows.length;
    case 'constant':
      return measure.value;
    case 'sum':
      return rows.reduce((total, row) => total + termsOf(measure, row, first), 0);
    case 'fold':
      return fold(
        measure,
        rows.map((row) => row[first] ?? 0),
      );
  }
}

function termsOf(
  { terms, compare: test }: Extract<Measure, { kind: 'sum' }>,
  row: Float64Array,
  first: number,
): number {
  let total = 0;
  for (const [index, { sign }] of terms.entries()) total += sign * (row[first + index] ?? 0);
  if (test === null) return total;
  return compare(total, test.operator, test.rightValue) ? 1 : 0;
}

function fold({ fold: name, share }: Extract<Measure, { kind: 'fold' }>, values: readonly number[]): number {
  const sum = () => values.reduce((total, value) => total + value, 0);
  switch (name) {
    case 'sum':
      return sum();
    case 'avg':
      return sum() / values.length;
    case 'min':
      return values.reduce((lowest, value) => Math.min(lowest, value), Number.POSITIVE_INFINITY);
    case 'max':
      return values.reduce((highest, value) => Math.max(highest, value), Number.NEGATIVE_INFINITY);
    case 'quantile': {
      // The nearest rank: always a value that was measured.
      const sorted = Float64Array.from(values).sort();
      return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
    }
  }
}
