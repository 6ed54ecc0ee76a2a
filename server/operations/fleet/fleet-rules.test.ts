import { describe, expect, test } from 'vitest';
import type { Endpoint, InventoryItems } from '../../../core/index.ts';
import { compareHosts, type Expectation } from './consistency.ts';
import { checkFleetFile } from './fleet-file.ts';
import { filterInWords, matchesHost } from './host-filter.ts';
import { isMadeForRules, monitorsOfRules } from './rule-monitors.ts';

const rule = (metric: string, tags: Record<string, string>) => ({ rule: `rule on ${metric}`, metric, tags });

describe('monitors that rules ask for', () => {
  test('are those that their tags describe', () => {
    const { wanted, refused } = monitorsOfRules([
      rule('net.port.listen', { port: '8080' }),
      rule('net.port.listen', { port: '53', protocol: 'udp' }),
      rule('proc.num', { name: 'nginx', cmdline: 'worker process' }),
      rule('url.check.health', { url: 'https://shop.example/health', timeout: '5' }),
    ]);
    expect(refused).toEqual([]);
    expect(wanted).toMatchObject([
      { name: 'port/8080', type: 'port', port: 8080, protocol: 'tcp', connect: null, everySeconds: 10 },
      { name: 'port/udp/53', protocol: 'udp' },
      { type: 'process', process: 'nginx', cmdline: 'worker process' },
      { name: 'http/https://shop.example/health/5', type: 'http', timeoutMs: 5000, tags: { timeout: '5' } },
    ]);
    expect(wanted[2]?.name).toMatch(/^process\/nginx\/worker_process~[0-9a-f]{8}$/);
    expect(['net.port.listen', 'proc.num', 'cpu.busy', 'proc.total', 'log.rate'].map(isMadeForRules)).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
  });

  test.each([
    [rule('net.port.listen', {}), 'its tags name no single port'],
    [rule('net.port.listen', { port: '80*' }), 'its tags name no single port'],
    [rule('proc.num', { name: 'ngin*' }), 'its tags name no process'],
    [rule('url.check.health', { url: 'shop.example' }), 'its tags name no address'],
    [rule('url.check.health', { url: 'http://x/?a=b' }), 'an address in a tag has no ='],
    [rule('url.check.health', { url: 'http://x/', timeout: 'long' }), 'its tag timeout is "long"'],
  ])('are refused with a reason: %j', (one, reason) => {
    const { wanted, refused } = monitorsOfRules([one]);
    expect(wanted).toEqual([]);
    expect(refused).toMatchObject([{ rule: one.rule, reason: expect.stringContaining(reason) }]);
  });

  test('are one where several rules ask for the same', () => {
    const rules = ['net.port.listen', 'net.port.connect.ms', 'net.port.listen'].map((metric) =>
      rule(metric, { port: '80' }),
    );
    expect(monitorsOfRules(rules).wanted).toMatchObject([{ name: 'port/80', connect: '127.0.0.1' }]);
  });
});

const endpoint = (name: string, kind: Endpoint['kind'], labels: Record<string, string>): Endpoint => ({
  name,
  kind,
  host: 'web-1',
  state: 'running',
  labels,
});
const webOne = {
  collector: 'web-1',
  endpoint: endpoint('web-1', 'host', { cluster: 'shop-eu' }),
  containers: [endpoint('shop.1', 'container', { service: 'shop', owt: 'sales' })],
};

test('a host is of a node when its labels say so, or those of a container on it', () => {
  const fits = (host: string | null, labels: Record<string, string>) =>
    matchesHost({ host, nodes: [], labels }, webOne);
  const below = (service: string) =>
    matchesHost({ host: null, nodes: [[{ key: 'service', value: service }]], labels: {} }, webOne);
  expect([below('shop'), below('bank')]).toEqual([true, false]);
  expect([fits(null, {}), fits('web-*', {}), fits('db-*', {})]).toEqual([true, true, false]);
  expect([fits(null, { cluster: 'shop-*' }), fits(null, { service: 'shop' })]).toEqual([true, true]);
  // Both labels on one thing, not one here and one there.
  expect(fits(null, { cluster: 'shop-eu', service: 'shop' })).toBe(false);
  expect(filterInWords({ host: 'web-*', nodes: [[{ key: 'owt', value: 'sales' }]], labels: { a: 'b' } })).toBe(
    'hosts web-* below owt=sales with a=b',
  );
});

describe('hosts that should be alike', () => {
  const hosts = (...items: InventoryItems[]) => items.map((one, index) => ({ host: `h${index + 1}`, items: one }));
  const compare = (
    compared: ReturnType<typeof hosts>,
    baseline: Record<string, string | null> = {},
    pattern: string | null = null,
  ) =>
    compareHosts(
      {
        hosts: compared,
        baselineItems: Object.keys(baseline),
        expectationOf: (_, item): Expectation | undefined =>
          item in baseline ? { baseline: 'web', value: baseline[item] ?? null } : undefined,
        pattern,
      },
      ['h9'],
    );

  test('differ from what most of them have', () => {
    const answer = compare(
      hosts(
        { 'kernel.release': '6.1', 'sysctl.vm.swappiness': '10' },
        { 'kernel.release': '6.1', 'sysctl.vm.swappiness': '10', 'package.nginx': '1.2' },
        { 'kernel.release': '5.4', 'sysctl.vm.swappiness': '10' },
      ),
    );
    expect(answer).toEqual({
      hosts: ['h1', 'h2', 'h3'],
      silent: ['h9'],
      items: 3,
      inconsistent: 2,
      summary: '3 items, 2 inconsistent',
      differences: [
        {
          item: 'kernel.release',
          expected: '6.1',
          from: 'majority',
          baseline: null,
          agreeing: 2,
          hosts: [{ host: 'h3', value: '5.4' }],
        },
        {
          item: 'package.nginx',
          expected: null,
          from: 'majority',
          baseline: null,
          agreeing: 2,
          hosts: [{ host: 'h2', value: '1.2' }],
        },
      ],
    });
  });

  test('are all listed where there is no majority', () => {
    const { differences } = compare(hosts({ 'time.zone': 'UTC' }, { 'time.zone': 'CET' }));
    expect(differences).toMatchObject([{ from: 'none', expected: null, hosts: [{ value: 'UTC' }, { value: 'CET' }] }]);
  });

  test('differ from a baseline, also when all of them do', () => {
    const all = hosts({ 'time.zone': 'CET', 'package.telnet': '1' }, { 'time.zone': 'CET' });
    const answer = compare(all, { 'time.zone': 'UTC', 'package.telnet': null, 'kernel.release': '6.1' });
    expect(answer.summary).toBe('3 items, 3 inconsistent');
    expect(answer.differences).toMatchObject([
      { item: 'kernel.release', from: 'baseline', agreeing: 0, hosts: [{ value: null }, { value: null }] },
      { item: 'package.telnet', expected: null, agreeing: 1, hosts: [{ host: 'h1', value: '1' }] },
      { item: 'time.zone', expected: 'UTC', baseline: 'web', agreeing: 0 },
    ]);
    expect(compare(all, {}, 'time.*').summary).toBe('1 item, 0 inconsistent');
  });
});

describe('the server’s monitors.yaml', () => {
  test('says what is watched where, and how hosts should be', async () => {
    const checked = await checkFleetFile(
      `monitors:
  - { name: web, type: port, port: 80, where: { host: web-*, labels: { cluster: shop } } }
inventory:
  - { where: { host: web-* }, packages: [nginx] }
baselines:
  - { name: web, where: { host: web-* }, items: { sysctl.vm.swappiness: 10, package.telnet: absent } }
`,
      'm.yaml',
    );
    expect(checked).toMatchObject({
      kind: 'valid',
      file: {
        monitors: [{ monitor: { port: 80 }, where: { host: 'web-*', nodes: [], labels: { cluster: 'shop' } } }],
        wishes: [{ wish: { packages: ['nginx'] } }],
        baselines: [
          {
            name: 'web',
            items: new Map([
              ['sysctl.vm.swappiness', '10'],
              ['package.telnet', null],
            ]),
          },
        ],
      },
    });
  });

  test.each([
    [
      'monitors: [{ name: a, type: port, port: 80, where: { hosts: x } }]',
      'm.yaml:1:54: unknown key "hosts" in "where"; the keys are host, node, labels',
    ],
    ['baselines: [{ name: a }]', 'm.yaml:1:15: a baseline lacks "items"; add "items: { ITEM: VALUE }"'],
    [
      'baselines: [{ name: a, items: { swappiness: 1 } }]',
      'm.yaml:1:33: "swappiness" is no item; write one like kernel.release or package.nginx',
    ],
    ['labels: {}', 'm.yaml:1:1: unknown key "labels" in the file; the keys are monitors, inventory, baselines'],
  ])('is refused: %s', async (text, fault) => {
    const checked = await checkFleetFile(text, 'm.yaml');
    const faults = checked.kind === 'invalid' ? checked.faults : [];
    expect(faults.map(({ file, line, column, message }) => `${file}:${line}:${column}: ${message}`)).toEqual([fault]);
  });
});
