import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Plan } from '../groups/policies/policy.ts';
import { Deciding, type Input, planOf } from '../testing/deciding.ts';
import { FRESH_MS } from './signal.ts';

/** Matrices of seconds × instances with holes; `npm run bench -- scaler` runs 10⁶ of them. */
const RUNS = 700;
const SECONDS = 50;

const value = fc.oneof(
  { weight: 6, arbitrary: fc.double({ min: 0, max: 100, noNaN: true }) },
  { weight: 3, arbitrary: fc.constantFrom(0, 5, 60, 80, 99) },
  { weight: 1, arbitrary: fc.constantFrom(null, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY) },
);
const ageMs = fc.oneof(
  { weight: 9, arbitrary: fc.integer({ min: -FRESH_MS, max: FRESH_MS }) },
  { weight: 1, arbitrary: fc.constantFrom(null, FRESH_MS + 1, -FRESH_MS - 1, 60_000, Number.NaN) },
);
const input: fc.Arbitrary<Input> = fc.record({
  endpoint: fc.constant('web'),
  value,
  ageMs,
  warming: fc.oneof({ weight: 9, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
});

/** One of every kind that goes by load, alone or beside another. */
const kinds = (above: number, consecutive: number, step: number) => [
  `{ kind: threshold, metric: cpu.busy, add: { above: ${above}, consecutive: ${consecutive}, by: ${step} }, remove: { below: ${above - 10}, consecutive: ${consecutive}, by: ${step * 10}% } }`,
  `{ kind: threshold, metric: cpu.busy, add: { when: "avg(#${consecutive}) > ${above} or max(#3) >= 99" }, remove: { when: "max(#${consecutive}) < ${above - 10}" } }`,
  `{ kind: bands, metric: cpu.busy, consecutive: ${consecutive}, bands: [{ from: ${above}, by: ${step} }, { from: 95, by: 50% }, { to: ${above - 20}, by: -${step} }] }`.replace(
    `{ from: ${above}, by`,
    `{ from: ${above}, to: 95, by`,
  ),
  `{ kind: target, metric: cpu.busy, target: ${above}, over: ${consecutive}s, panic: {} }`,
  `{ kind: work, metric: cpu.used.cores, each: ${above}, over: 0 }`,
];

const plan: fc.Arbitrary<Plan> = fc
  .record({
    bounds: fc.tuple(fc.nat(6), fc.nat(6)),
    step: fc.integer({ min: 1, max: 4 }),
    above: fc.constantFrom(30, 80),
    consecutive: fc.integer({ min: 1, max: 3 }),
    cooldown: fc.record({ add: fc.constantFrom(0, 5000), remove: fc.constantFrom(0, 5000) }),
    stabilise: fc.constantFrom('0s', '5s'),
    chosen: fc.uniqueArray(fc.nat(4), { minLength: 1, maxLength: 2 }),
    limits: fc.constantFrom('', 'limits: { remove: [50%/10s] }'),
  })
  .map(({ bounds: [min, more], step, above, consecutive, cooldown, stabilise, chosen, limits }) => {
    const policies = chosen.map((which) => `  - ${kinds(above, consecutive, step)[which]}`);
    return planOf(
      `min: ${min}\nmax: ${min + more}\ncooldown: { add: ${cooldown.add}ms, remove: ${cooldown.remove}ms }\nstabilise: { down: ${stabilise} }\n${limits}\npolicies:\n${policies.join('\n')}`,
    );
  });

/** Long stretches of the same load, so that counts are reached, with holes torn into them. */
const matrix = fc.array(
  fc.record({
    repeat: fc.integer({ min: 1, max: 8 }),
    inputs: fc.array(input, { maxLength: 8 }),
    skipSeconds: fc.nat(2),
  }),
  { minLength: 8, maxLength: 25 },
);

/** Written apart from the code under test: evidence about now, for every one. */
function everyOneReports(inputs: readonly Input[]): boolean {
  return inputs.every((one) => {
    return (
      Number.isFinite(one.value) && one.value !== null && one.ageMs !== null && one.ageMs >= -2000 && one.ageMs <= 2000
    );
  });
}

test('no matrix with holes ever removes on missing data, leaves the bounds, or changes during a gate', () => {
  let evaluations = 0;
  let removals = 0;
  let additions = 0;
  fc.assert(
    fc.property(plan, matrix, fc.boolean(), (drawn, stretches, gated) => {
      const deciding = new Deciding(drawn);
      let second = 1_000_000;
      const rows = stretches
        .flatMap(({ repeat, ...row }) => Array.from({ length: repeat }, () => row))
        .slice(0, SECONDS);
      for (const { inputs, skipSeconds } of rows) {
        second += 1 + skipSeconds;
        const current = inputs.length;
        const gates =
          gated && second % 2 === 0 ? [{ code: 'docker' as const, stops: 'all' as const, reason: 'away' }] : [];
        const verdict = deciding.at(second, inputs, { gates });
        evaluations++;
        if (gates.length > 0) expect(verdict.kind).toBe('hold');
        if (verdict.kind === 'hold') expect(verdict.wanted).toBe(current);
        if (verdict.kind === 'add') {
          additions++;
          expect(verdict.wanted).toBeGreaterThan(current);
          expect(verdict.wanted).toBeLessThanOrEqual(drawn.max);
        }
        if (verdict.kind === 'remove') {
          removals++;
          expect(verdict.wanted).toBeLessThan(current);
          expect(verdict.wanted).toBeGreaterThanOrEqual(drawn.min);
          const byLoad = current <= drawn.max;
          if (byLoad) expect(everyOneReports(inputs)).toBe(true);
          if (byLoad) expect(verdict.wanted).toBeGreaterThanOrEqual(1);
        }
        expect(verdict.reason).not.toBe('');
        expect(verdict.reason).not.toMatch(/NaN|undefined|null|Infinity/);
      }
    }),
    { numRuns: RUNS },
  );
  // A property that no run ever tried would hold as well.
  expect(evaluations).toBeGreaterThan(20_000);
  expect(removals).toBeGreaterThan(200);
  expect(additions).toBeGreaterThan(200);
}, 60_000);
