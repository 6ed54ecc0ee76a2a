import { readdir, readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { checkGroups, formatProblem } from './check-groups.ts';
import { policyWords } from './policies/words.ts';

const full = `
groups:
  - name: web
    match: { saker.service: web }
    image: shop/web:1
    command: [httpd, -f, -p, 8080]
    env: { MODE: prod, PORT: 8080, VERSION: 1.10, DEBUG: true }
    labels: { team: shop }
    resources: { cpus: 0.5, memory: 64MiB, pids: 100 }
    min: 1
    max: 5
    step: 2
    cooldown: { add: 10s, remove: 1m }
    warm_up: 0
    policy:
      metric: cpu.busy
      add:    { above: 80, consecutive: 4 }
      remove: { below: 60, consecutive: 5 }
`;

describe('a groups file', () => {
  test('is read with units resolved and with text as it is written', () => {
    const check = checkGroups(full, 'groups.yaml');
    expect(check).toMatchObject({
      kind: 'accepted',
      groups: [
        {
          name: 'web',
          match: { 'saker.service': 'web' },
          node: {},
          template: {
            image: 'shop/web:1',
            command: ['httpd', '-f', '-p', '8080'],
            env: { MODE: 'prod', PORT: '8080', VERSION: '1.10', DEBUG: 'true' },
            labels: { team: 'shop' },
            resources: { cpus: 0.5, memoryBytes: 64 * 1024 * 1024, pids: 100 },
          },
          warmUpMs: 0,
          adopt: false,
          step: 2,
          mode: 'act',
          paused: null,
          plan: {
            min: 1,
            max: 5,
            metrics: ['cpu.busy'],
            guards: { cooldownMs: { add: 10_000, remove: 60_000 }, stabiliseMs: { up: 0, down: 0 }, quorum: 0.5 },
            policies: [
              {
                kind: 'threshold',
                metric: 'cpu.busy',
                add: { by: { unit: 'count', value: 2 } },
                remove: { by: { unit: 'count', value: 2 } },
              },
            ],
          },
        },
      ],
    });
    const [group] = check.kind === 'accepted' ? check.groups : [];
    expect(group?.plan.policies.map(policyWords)).toEqual(['cpu.busy: +2 when all(#4) > 80, −2 when all(#5) < 60']);
  });

  test('needs only a name, a match, an image and a max', () => {
    const check = checkGroups('groups: [{name: a, match: {app: a}, image: i, max: 2}]', 'g.yaml');
    if (check.kind !== 'accepted') throw new Error(check.problems.map(formatProblem).join('\n'));
    expect(check.groups[0]).toMatchObject({
      warmUpMs: 5000,
      step: 1,
      plan: {
        min: 1,
        guards: { cooldownMs: { add: 0, remove: 300_000 }, stabiliseMs: { up: 0, down: 600_000 } },
        policies: [
          { kind: 'target', metric: 'cpu.busy', each: 65, tolerance: { up: 0.15, down: 0.1 }, overSeconds: 5 },
        ],
      },
      template: { resources: { cpus: null, memoryBytes: null, pids: 4096 } },
    });
  });

  test('may hold no group at all when it says so', () => {
    expect(checkGroups('groups: []', 'g.yaml')).toMatchObject({ kind: 'accepted', groups: [] });
  });

  test('shares a template through an anchor', () => {
    const text = full
      .replace('resources: {', 'resources: &small {')
      .concat(
        '  - { name: b, match: { app: b }, image: i, max: 1, resources: *small, policy: { metric: cpu.busy, add: { above: 9 }, remove: { below: 1 } } }\n',
      );
    expect(checkGroups(text, 'g.yaml')).toMatchObject({
      kind: 'accepted',
      groups: [{}, { template: { resources: { cpus: 0.5 } } }],
    });
  });

  test('refuses an alias bomb instead of unfolding it', () => {
    const levels = Array.from({ length: 12 }, (_, level) => {
      return `a${level + 1}: &a${level + 1} [${Array.from({ length: 9 }, () => `*a${level}`).join(', ')}]`;
    });
    const check = checkGroups(`a0: &a0 [x]\n${levels.join('\n')}\ngroups: []\n`, 'g.yaml');
    expect(check.kind).toBe('refused');
  });
});

const faulty = new URL('../../test/fixtures/groups/', import.meta.url);

describe('every faulty fixture is refused with the message that it carries', async () => {
  const names = (await readdir(faulty)).filter((name) => name.endsWith('.yaml'));
  test('there are fixtures', () => expect(names.length).toBeGreaterThan(10));
  test.each(names)('%s', async (name) => {
    const text = await readFile(new URL(name, faulty), 'utf8');
    const expected = [...text.matchAll(/^# expect: (.*)$/gm)].map((found) => found[1]);
    const check = checkGroups(text, name);
    expect(check.kind === 'refused' ? check.problems.map(formatProblem) : []).toEqual(expected);
  });
});

test('the example of the documentation is accepted', async () => {
  const text = await readFile(new URL('../../docs/examples/groups.yaml', import.meta.url), 'utf8');
  const check = checkGroups(text, 'groups.yaml');
  expect(check.kind === 'refused' ? check.problems.map(formatProblem) : []).toEqual([]);
});
