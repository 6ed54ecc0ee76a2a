import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Condition, judge, UNKNOWN } from '../../../core/index.ts';
import { Folds, isFoldable } from './folds.ts';
import { Window, WindowTable } from './window.ts';

const number = fc.oneof(
  fc.constantFrom(0, -0, 1, 0.1, 0.3, -2.5, 80, Number.MAX_VALUE, -Number.MAX_VALUE, Number.MIN_VALUE),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);
const condition = (limitMax: number): fc.Arbitrary<Condition> =>
  fc.record({
    func: fc.constantFrom('all', 'max', 'min', 'avg', 'sum'),
    limit: fc.integer({ min: 1, max: limitMax }),
    isTime: fc.constant(false),
    atLeast: fc.constant(0),
    spanSeconds: fc.constant(0),
    operator: fc.constantFrom('>', '>=', '<', '<='),
    rightValue: number,
  });

describe('one pass for all rules on a series', () => {
  test('says of each rule what its function says', () => {
    fc.assert(
      fc.property(
        fc.array(number, { maxLength: 20 }),
        fc.array(condition(8), { minLength: 1, maxLength: 6 }),
        (values, given) => {
          // Numbers that are exactly what a function returns are where the operators part.
          const conditions = given.map((one, index) =>
            index % 2 === 0 ? one : { ...one, rightValue: values.at(-1) ?? one.rightValue },
          );
          const table = new WindowTable([{ capacity: 8, isCounter: false }]);
          for (const [index, value] of values.entries()) table.append(0, 1000 + index, value);
          const window = new Window(table);
          window.moveTo(0);
          const folds = new Folds(conditions);
          const any = folds.judge(table, 0);
          const expected = conditions.map((one) => {
            const judgement = judge(one, window);
            return judgement.kind === 'judged' ? Number(judgement.triggered) : UNKNOWN;
          });
          expect([...folds.verdicts]).toEqual(expected);
          expect(any).toBe(expected.includes(1));
        },
      ),
      { numRuns: 500 },
    );
  });

  test('is for numbers of points and ordering operators only', () => {
    const plain: Condition = {
      func: 'max',
      limit: 3,
      isTime: false,
      atLeast: 0,
      spanSeconds: 0,
      operator: '>',
      rightValue: 1,
    };
    expect(isFoldable(plain)).toBe(true);
    for (const other of [
      { isTime: true },
      { operator: '==' as const },
      { operator: '!=' as const },
      { func: 'stddev' as const },
      { limit: 65 },
    ]) {
      expect(isFoldable({ ...plain, ...other })).toBe(false);
    }
  });

  test('knows nothing of a rule while it is paused', () => {
    const table = new WindowTable([{ capacity: 1, isCounter: false }]);
    table.append(0, 1000, 5);
    const folds = new Folds([
      { func: 'max', limit: 1, isTime: false, atLeast: 0, spanSeconds: 0, operator: '>', rightValue: 1 },
    ]);
    folds.pause(0, true);
    expect([folds.judge(table, 0), folds.verdicts[0]]).toEqual([false, UNKNOWN]);
    folds.pause(0, false);
    expect([folds.judge(table, 0), folds.verdicts[0]]).toEqual([true, 1]);
  });
});
