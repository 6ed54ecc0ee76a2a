import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { checkRules } from './check.ts';
import { formatFault } from './source.ts';

const folder = new URL('../../../test/fixtures/rules/', import.meta.url);
const fixtures = readdirSync(folder).filter((name) => name.endsWith('.yaml'));

/** Lines at the end of a fixture, `# 3:13: what is wrong`, one for each fault. */
const expected = /^# (\d+:\d+: .*)$/gm;

describe('a rules file with a fault', () => {
  test.each(fixtures)('%s is refused with the message that it carries', (name) => {
    const text = readFileSync(new URL(name, folder), 'utf8');
    const messages = [...text.matchAll(expected)].map((found) => `${name}:${found[1]}`);
    const checked = checkRules(text, name);
    expect(checked.kind).toBe('invalid');
    expect(checked.kind === 'invalid' ? checked.errors.map(formatFault) : []).toEqual(messages);
  });
});
