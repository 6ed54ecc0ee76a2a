import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { checkRules } from '../rules/read/check.ts';
import { formatFault } from '../rules/read/source.ts';

const text = readFileSync(new URL('../../docs/channels/channels.md', import.meta.url), 'utf8');
const examples = [...text.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, yaml = '']) => yaml);

describe('an example of docs/channels/channels.md', () => {
  test.each(examples)('reads without a fault: %s', (yaml) => {
    const checked = checkRules(yaml, 'example.yaml');
    expect(checked.kind === 'invalid' ? checked.errors.map(formatFault) : []).toEqual([]);
  });

  test('is there for every type of channel', () => {
    const fault = checkRules('channels: [{ name: x, type: none }]', 'x');
    const message = fault.kind === 'invalid' ? (fault.errors[0]?.message ?? '') : '';
    const types = message.replace(/^.*write /, '').split(/, | or /);
    expect(types.length).toBeGreaterThan(15);
    for (const type of types) expect(text).toMatch(new RegExp(`(type: ${type}\\b|${type} is another word)`));
  });
});
