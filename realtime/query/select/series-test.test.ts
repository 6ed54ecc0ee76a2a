import { describe, expect, test } from 'vitest';
import type { Endpoint, LabelMatcher } from '../../../core/index.ts';
import { SeriesTest } from './series-test.ts';

const web: Endpoint = {
  name: 'shop.web.1',
  kind: 'container',
  host: 'h1',
  state: 'running',
  labels: { service: 'web', team: 'shop\ncheckout' },
};
const series = { metric: 'net.if.in.bytes', tags: { iface: 'eth0', team: 'network' } };

const takes = (...matchers: [string, LabelMatcher['op'], string][]): boolean =>
  new SeriesTest({ matchers: matchers.map(([label, op, value]) => ({ label, op, value })) }).takes(series, web);

describe('label matchers', () => {
  test.each<[string, LabelMatcher['op'], string, boolean]>([
    ['metric', '=', 'net.if.in.bytes', true],
    ['metric', '=~', 'net\\.if\\..*', true],
    ['host', '=', 'h1', true],
    ['kind', '!=', 'host', true],
    ['endpoint', '=~', 'shop\\.(web|api)\\.[0-9]+', true],
    ['service', '=', 'web', true],
    ['iface', '=', 'eth0', true],
    // The tag of the series comes before the label of its endpoint.
    ['team', '=', 'network', true],
    // Patterns match the whole of a label.
    ['service', '=~', 'we', false],
    ['service', '=~', 'we.', true],
    ['service', '!~', 'we', true],
    ['service', '=~', 'db|web', true],
    ['service', '=~', '(?i)WEB', true],
    // A label that is not there is empty.
    ['owner', '=', '', true],
    ['owner', '!=', '', false],
    ['owner', '=~', '.*', true],
    ['owner', '=~', '.+', false],
    ['owner', '!~', '.+', true],
    ['__proto__', '=', '', true],
    ['constructor', '=', '', true],
  ])('%s %s "%s": %s', (label, op, value, expected) => {
    expect(takes([label, op, value])).toBe(expected);
  });

  test('all have to pass', () => {
    expect(takes(['service', '=', 'web'], ['iface', '=', 'eth0'], ['host', '!~', 'h[2-9]'])).toBe(true);
    expect(takes(['service', '=', 'web'], ['iface', '=', 'eth1'])).toBe(false);
  });

  test('see newlines as any other character', () => {
    const alone = new SeriesTest({ matchers: [{ label: 'team', op: '=~', value: 'shop.checkout' }] });
    expect(alone.takes({ metric: 'm', tags: {} }, web)).toBe(true);
  });

  test('answer a pattern that would take an eternity elsewhere', () => {
    const evil = { label: 'service', op: '=~' as const, value: '(a+)+b' };
    const endpoint = { ...web, labels: { service: 'a'.repeat(1000) } };
    expect(new SeriesTest({ matchers: [evil] }).takes(series, endpoint)).toBe(false);
  });

  test('that are no patterns are refused with the place and the reason', () => {
    const refused = (value: string) => () => new SeriesTest({ matchers: [{ label: 'service', op: '!~', value }] });
    expect(refused('web(')).toThrow(/not an RE2 pattern.*missing closing/);
    expect(refused('(?=web)')).toThrow(/not an RE2 pattern/);
    expect(refused(`${'a'.repeat(1025)}`)).toThrow(/1025 characters, at most 1024/);
    try {
      refused('[')();
    } catch (error) {
      expect(error).toMatchObject({ code: 'BAD_REQUEST', where: 'select/matchers/0/value' });
    }
  });

  test('a selection that names nothing is refused with an example', () => {
    expect(() => new SeriesTest({})).toThrow(/names nothing/);
    expect(() => new SeriesTest({ tags: { core: '0' } })).toThrow(/names nothing/);
  });
});
