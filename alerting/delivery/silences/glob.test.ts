import fc from 'fast-check';
import { expect, test } from 'vitest';
import { globMatcher } from './glob.ts';

test('a star stands for any run of characters, also for none', () => {
  const cases = [
    ['node1/*', 'node1/web', true],
    ['node1/*', 'node12', false],
    ['*', '', true],
    ['a*b*c', 'a-b-c', true],
    ['a*b*c', 'acb', false],
    ['ab*ba', 'aba', false],
    ['exact', 'exactly', false],
  ] as const;
  for (const [pattern, text, expected] of cases)
    expect(globMatcher(pattern)(text), `${pattern} ${text}`).toBe(expected);
});

test('agrees with the regular expression that says the same', () => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'b', '*'), maxLength: 6 });
  const text = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 8 });
  fc.assert(
    fc.property(letters, text, (pattern, given) => {
      const expression = new RegExp(`^${pattern.replaceAll('*', '.*')}$`);
      expect(globMatcher(pattern)(given)).toBe(expression.test(given));
    }),
  );
});
