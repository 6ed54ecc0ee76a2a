import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Endpoint, metrics, nearestName } from '../../core/index.ts';
import { checkRules } from './read/check.ts';
import { renderNote } from './read/note.ts';
import { formatRuleCondition, noRules, slugOf } from './rule.ts';
import { serviceOf } from './service.ts';
import { matchesPattern, matchesWhere } from './where.ts';

const docs = new URL('../../docs/', import.meta.url);

function conditionOf(text: string, metric = 'cpu.busy'): string | undefined {
  const checked = checkRules(`rules: [{ name: r, metric: ${metric}, condition: ${JSON.stringify(text)} }]`, 'r.yaml');
  const rule = checked.kind === 'valid' ? checked.rules[0] : undefined;
  return rule && formatRuleCondition(rule);
}

describe('a rules file', () => {
  test('of the documentation is valid', () => {
    const checked = checkRules(readFileSync(new URL('examples/rules.yaml', docs), 'utf8'), 'rules.yaml');
    expect(checked.kind === 'invalid' ? checked.errors : []).toEqual([]);
    expect(checked.kind === 'valid' && checked.rules.length).toBe(7);
  });

  test('may be empty, and a rule needs no more than a name, a metric and a condition', () => {
    expect(checkRules('', 'r.yaml')).toEqual({ kind: 'valid', ...noRules });
    expect(checkRules('# nothing yet\n', 'r.yaml')).toEqual({ kind: 'valid', ...noRules });
    const checked = checkRules(
      'rules:\n  - name: CPU high!\n    metric: cpu.busy\n    condition: all(#3) > 80',
      'r.yaml',
    );
    expect(checked.kind === 'valid' && checked.rules).toEqual([
      {
        name: 'CPU high!',
        slug: 'cpu-high',
        metric: 'cpu.busy',
        where: { nodes: [], tags: {}, labels: {} },
        condition: {
          func: 'all',
          limit: 3,
          isTime: false,
          atLeast: 0,
          spanSeconds: 0,
          operator: '>',
          rightValue: 80,
        },
        expression: null,
        recovery: null,
        aggregate: null,
        hours: null,
        dependsOn: [],
        template: null,
        enabled: true,
        written: expect.anything(),
        priority: 3,
        maxStep: 3,
        minIntervalSeconds: 300,
        note: '',
        notify: [],
      },
    ]);
  });

  test('may use anchors for what several rules share', () => {
    const text = `channels: [{ name: a, type: webhook, url: "https://x.example/" }]
rules:
  - { name: one, metric: cpu.busy, condition: all(#3) > 80, where: &web { service: web }, notify: [a] }
  - { name: two, metric: cpu.busy, condition: all(#3) > 90, where: *web, notify: a }`;
    const checked = checkRules(text, 'r.yaml');
    expect(checked.kind === 'valid' && checked.rules.map((rule) => [rule.where.service, ...rule.notify])).toEqual([
      ['web', 'a'],
      ['web', 'a'],
    ]);
  });

  test('of more than a mebibyte, or with any bytes in it, is an answer and not an exception', () => {
    expect(checkRules(`# ${'x'.repeat(1024 * 1024)}`, 'r.yaml').kind).toBe('invalid');
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.json()), (text) => {
        const { kind } = checkRules(text, 'r.yaml');
        return kind === 'valid' || kind === 'invalid';
      }),
    );
  });

  test('with every rule at fault names the first fifty faults', () => {
    const checked = checkRules(`rules:\n${'  - name: x\n'.repeat(200)}`, 'r.yaml');
    expect(checked.kind === 'invalid' && checked.errors.length).toBe(50);
  });
});

describe('a condition', () => {
  test.each([
    ['all(#3) > 80', 'all(#3) > 80'],
    ['all( #3 )>80', 'all(#3) > 80'],
    ['lookup(#2, 3) >= -1.5', 'lookup(#2,3) >= -1.5'],
    ['avg(#600) != 1e3', 'avg(#600) != 1000'],
    ['pdiff(#1) = +.5', 'pdiff(#1) = 0.5'],
    ['max(#2) == 80 %', 'max(#2) == 80'],
  ])('%s reads as %s', (text, meaning) => expect(conditionOf(text)).toBe(meaning));

  test('on bytes may carry a decimal or a binary prefix', () => {
    expect(conditionOf('max(#2) > 1.5GiB', 'mem.rss.bytes')).toBe(`max(#2) > ${1.5 * 2 ** 30}`);
    expect(conditionOf('max(#2) > 10 MB', 'net.if.in.bytes')).toBe('max(#2) > 10000000');
  });
});

describe('where', () => {
  const endpoint: Endpoint = {
    name: 'node1/shop.web.1',
    kind: 'container',
    host: 'node1',
    state: 'running',
    labels: { 'com.docker.compose.service': 'web', team: 'payments' },
    container: { id: 'c0ffee', name: 'web', image: 'registry.example/shop/web:1.2', startedAtMs: 0 },
  };
  const none = { nodes: [], tags: {}, labels: {} };

  test('without a word matches everything', () => expect(matchesWhere(none, endpoint, {})).toBe(true));

  test.each([
    [{ ...none, kind: 'container' as const }, true],
    [{ ...none, kind: 'host' as const }, false],
    [{ ...none, endpoint: '*/shop.web.*' }, true],
    [{ ...none, host: 'node2' }, false],
    [{ ...none, image: '*/web:*' }, true],
    [{ ...none, image: 'web' }, false],
    [{ ...none, service: 'web' }, true],
    [{ ...none, service: 'w' }, false],
    [{ ...none, tags: { iface: 'eth*' } }, true],
    [{ ...none, tags: { device: '*' } }, false],
    [{ ...none, labels: { team: 'pay*' } }, true],
    [{ ...none, labels: { team: 'shop' } }, false],
  ])('%j matches: %s', (where, matches) => {
    expect(matchesWhere(where, endpoint, { iface: 'eth0' })).toBe(matches);
  });

  test('service and image match no host', () => {
    const host: Endpoint = { name: 'node1', kind: 'host', host: 'node1', state: 'running', labels: {} };
    expect(matchesWhere({ ...none, service: '*' }, host, {})).toBe(false);
    expect(matchesWhere({ ...none, image: '*' }, host, {})).toBe(false);
  });

  test('service believes our own label before those of orchestrators', () => {
    expect(serviceOf({ ...endpoint, labels: { ...endpoint.labels, 'saker.service': 'front' } })).toBe('front');
  });

  test('a pattern matches as the regular expression with .* for each star does', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', '*', '.'), maxLength: 8 });
    const values = fc.string({ unit: fc.constantFrom('a', 'b', '.'), maxLength: 12 });
    fc.assert(
      fc.property(letters, values, (pattern, value) => {
        const regular = new RegExp(`^${pattern.replaceAll('.', '\\.').replaceAll('*', '.*')}$`);
        expect(matchesPattern(pattern, value)).toBe(regular.test(value));
      }),
    );
  });
});

describe('names', () => {
  test('become ASCII slugs, and scripts that ASCII can not tell apart stay apart', () => {
    expect(slugOf('Container CPU > 80%')).toBe('container-cpu-80');
    expect(slugOf('CPU 高')).toMatch(/^cpu-[0-9a-f]{8}$/);
    expect(slugOf('CPU 高')).not.toBe(slugOf('CPU 低'));
    expect(slugOf('高')).toMatch(/^[0-9a-f]{8}$/);
  });

  test('that are near are found, names that are far are not', () => {
    const known = metrics.map((metric) => metric.name);
    expect(nearestName('cpu.buzy', known)).toBe('cpu.busy');
    expect(nearestName('mem.memfree.precent', known)).toBe('mem.memfree.percent');
    expect(nearestName('queue.length', known)).toBeUndefined();
  });

  test('every metric of the catalogue is in docs/collector/metrics.md, with its unit and who has it', () => {
    const text = readFileSync(new URL('collector/metrics.md', docs), 'utf8');
    const row = ({ name, unit, on }: (typeof metrics)[number]): string => `| \`${name}\` | ${unit} | ${on} |`;
    expect(metrics.map(row).filter((start) => !text.includes(start))).toEqual([]);
  });
});

test('a note has its placeholders filled, and a dash for what the series has not', () => {
  expect(renderNote('{endpoint}: {value}, {labels.team}', (name) => (name === 'labels.team' ? undefined : name))).toBe(
    'endpoint: value, -',
  );
});
