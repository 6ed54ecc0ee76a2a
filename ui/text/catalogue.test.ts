import { describe, expect, test } from 'vitest';
import { catalogues } from './catalogue.ts';

/** Words that are the same in both languages: names, units and marks. */
const sameInBoth = /^(CPU|Docker|cgroup|P71 · 72|P71|71 → 72|71 = 72|TIME_WAIT|CLOSE_WAIT)$/;

function sentences(value: unknown, path: string): [string, string][] {
  if (typeof value === 'string') return [[path, value]];
  // Every sentence with a gap is filled by numbers or names: any three stand for them.
  if (typeof value === 'function') return [[path, String(value(71, 72, 73))]];
  return Object.entries(Object(value)).flatMap(([key, each]) => sentences(each, `${path}.${key}`));
}

describe('the words of the console', () => {
  test('nothing is left in English in the Chinese console', () => {
    const english = new Map(sentences(catalogues.en, ''));
    const left = sentences(catalogues['zh-CN'], '').filter(
      ([path, text]) => text === english.get(path) && !sameInBoth.test(text),
    );
    expect(left).toEqual([]);
  });

  test('no sentence leaves out in Chinese what it says in English', () => {
    const given = (text: string) => [...text.matchAll(/7[123]/g)].map(String).sort();
    const chinese = new Map(sentences(catalogues['zh-CN'], ''));
    for (const [path, text] of sentences(catalogues.en, '')) {
      expect(text, path).not.toBe('');
      expect(given(chinese.get(path) ?? ''), path).toEqual(given(text));
    }
  });
});
