/** Cases nobody has recorded: thousands of rules and series, against a model of Open-Falcon's judge. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { falconJudge, type ModelRule } from '../../testing/falcon-model.ts';
import { parseVector, replayVector } from './vectors.ts';

const plain = ['all', 'max', 'min', 'avg', 'sum', 'diff', 'pdiff', 'stddev'];
const pairs = ['lookup', 'kdiff', 'kpdiff'];

/** With 11 points remembered no argument of these is out of reach, of a counter either. */
const func = fc.oneof(
  fc.tuple(fc.constantFrom(...plain), fc.integer({ min: 0, max: 9 })).map(([name, n]) => `${name}(#${n})`),
  fc
    .tuple(fc.constantFrom(...pairs), fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 5 }))
    .map(([name, k, n]) => `${name}(#${k},${n})`),
  fc.constantFrom(
    'all(#3,2)',
    'max(#+2)',
    'lookup(#1,2,3)',
    'all(3)',
    'all(#x)',
    'lookup(#1, 2)',
    'last(#1)',
    'ALL(#1)',
  ),
);

/** Few values, so that they meet thresholds, zeros and each other; some that no binary fraction holds. */
const value = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(0, 0.1, 0.2, 0.3, 1, 1.00005, 1.0001, 1.00015, 2, 5, -1, -0.1, 80, 100) },
  { weight: 1, arbitrary: fc.double({ min: -1e6, max: 1e6, noNaN: true }) },
);

const rule: fc.Arbitrary<ModelRule> = fc.record({
  func,
  op: fc.constantFrom('=', '==', '!=', '<', '<=', '>', '>=', '!', '=<'),
  right_value: fc.oneof(value, fc.integer({ min: -3, max: 10 })),
  max_step: fc.constantFrom(0, 1, 2, 3, 9999),
  min_interval_s: fc.constantFrom(0, 0, 3, 60),
});

/** Steps of 0 and below are points that come twice, or late. */
const step = fc.constantFrom(1, 1, 1, 1, 2, 5, 60, 0, -1, -7);

const pointsOf = (steps: readonly (readonly [number, number])[]): [number, number][] => {
  let at = 1_700_000_000;
  let newest = at;
  return steps.map(([advance, given]) => {
    at = newest + advance;
    newest = Math.max(newest, at);
    return [at, given];
  });
};

/** A counter that only ever grows, in the order in which its points count. */
const grown = (points: readonly [number, number][]): [number, number][] => {
  let newest = 0;
  let total = 1000;
  return points.map(([at, given]) => {
    if (at <= newest) return [at, total - Math.abs(given)];
    newest = at;
    total += Math.abs(given);
    return [at, total];
  });
};

describe('the judge, beside a model of the reference', () => {
  test.each(['GAUGE', 'gauge', 'COUNTER', 'DERIVE'])('says the same of every %s', (counterType) => {
    const series = fc.array(fc.tuple(step, value), { maxLength: 40 }).map(pointsOf);
    fc.assert(
      fc.property(rule, series, (given, steps) => {
        const points = /^g/i.test(counterType) ? steps : grown(steps);
        const vector = parseVector({ id: 1, rule: given, counterType, points });
        expect(replayVector(vector).events).toEqual(falconJudge(given, counterType, points));
      }),
      { numRuns: 3000 },
    );
  });

  test('is itself right: the model agrees with the recorded cases', () => {
    const file = new URL('../../../test/fixtures/falcon-vectors/vectors.jsonl', import.meta.url);
    for (const line of readFileSync(file, 'utf8').trim().split('\n')) {
      const { rule: given, counterType, points, events } = JSON.parse(line);
      expect(falconJudge(given, counterType, points)).toEqual(events);
    }
  });
});
