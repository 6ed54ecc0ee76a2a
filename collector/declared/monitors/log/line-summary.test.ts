import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ContainerLines } from './container-output.ts';
import { LineSummary } from './line-summary.ts';

test('a quantile is at most 1 % off the exact one', () => {
  const number = fc.oneof(fc.double({ min: -1e6, max: 1e6, noNaN: true }), fc.constant(0), fc.integer());
  fc.assert(
    fc.property(
      fc.array(number, { minLength: 1, maxLength: 200 }),
      fc.double({ min: 0.01, max: 0.99, noNaN: true }),
      (values, q) => {
        const summary = new LineSummary();
        for (const value of values) summary.add(value);
        const sorted = [...values].sort((a, b) => a - b);
        const exact = sorted[Math.max(1, Math.ceil(q * sorted.length)) - 1] ?? Number.NaN;
        expect(Math.abs(summary.quantile(q) - exact)).toBeLessThanOrEqual(Math.abs(exact) * 0.0101 + 1e-9);
      },
    ),
  );
});

test('of nothing there is no quantile', () => {
  expect(new LineSummary().quantile(0.5)).toBeNaN();
});

test('output of a container is put together from its pieces', () => {
  const lines = new ContainerLines();
  const entry = (log: string): string => JSON.stringify({ log, stream: 'stdout', time: '2026-01-01T00:00:00Z' });
  expect(
    [entry('one\n'), entry('tw'), entry('o\r\n'), 'garbage', '{"log":7}', entry('three\n')].map((text) =>
      lines.add(text),
    ),
  ).toEqual(['one', null, 'two', null, null, 'three']);
  expect(lines.notJson).toBe(2);
});
