/** The rule language on time-lines: ticks go in, and what is told at which second is compared. */
import { describe, expect, test } from 'vitest';
import { second, silentLogger, timestampMs } from '../../core/index.ts';
import { OpenAlerts } from '../events/open-alerts.ts';
import type { LastPoints } from '../ports.ts';
import { checkRules } from '../rules/read/check.ts';
import type { Commit } from '../store/alert-rows.ts';
import { CollectorFeed } from '../testing/collector-feed.ts';
import { Judging } from './judging.ts';

/** A Tuesday, 22:13:20 UTC. */
const START = 1_700_000_000;

function judgingOf(text: string, lastPoints?: LastPoints) {
  const commits: Commit[] = [];
  const openAlerts = new OpenAlerts();
  const sink = { hasRoom: true, push: (commit: Commit) => void commits.push(commit) };
  const judging = new Judging({ sink, openAlerts, logger: silentLogger, lastPoints });
  const use = (rules: string, at = 0) => {
    const checked = checkRules(rules, 'r.yaml');
    if (checked.kind === 'invalid') throw new Error(checked.errors.map(({ message }) => message).join('\n'));
    judging.useRules(checked, timestampMs((START + at) * 1000));
  };
  use(text);
  const feed = new CollectorFeed();
  const push = (at: number, values: Readonly<Record<number, number>>) => judging.onTick(feed.tick(START + at, values));
  const sweep = (at: number) => judging.sweep(timestampMs((START + at) * 1000));
  const told = () => commits.map(({ event }) => `${event.rule} ${event.status}@${event.eventTimeMs / 1000 - START}`);
  const reasons = () => commits.map(({ event }) => event.reason);
  return { judging, feed, push, sweep, told, reasons, use, commits };
}

describe('a window of time', () => {
  test('waits until it is covered, whatever the distance of its points', () => {
    const { feed, push, told } = judgingOf('rules: [{ name: r, metric: cpu.busy, condition: "all(30s) > 80" }]');
    const fast = feed.series(feed.host('fast'), 'cpu.busy');
    const slow = feed.series(feed.host('slow'), 'cpu.busy');
    for (let at = 0; at < 40; at++) push(at, at % 10 === 0 ? { [fast]: 90, [slow]: 90 } : { [fast]: 90 });
    expect(told()).toEqual(['r PROBLEM@20', 'r PROBLEM@29']);
  });

  test('starts anew after a hole: one point is no 30 s', () => {
    const { feed, push, told } = judgingOf('rules: [{ name: r, metric: cpu.busy, condition: "avg(30s) > 80" }]');
    const column = feed.series(feed.host('a'), 'cpu.busy');
    for (let at = 0; at < 25; at++) push(at, { [column]: 10 });
    for (let at = 100; at < 131; at++) push(at, { [column]: 90 });
    expect(told()).toEqual(['r PROBLEM@129']);
  });

  test('counts for lookup and diff as well', () => {
    const { feed, push, told } = judgingOf(`rules:
      - { name: often, metric: cpu.busy, condition: "lookup(#2,5s) > 80" }
      - { name: jump, metric: cpu.busy, condition: "diff(5s) > 50" }`);
    const column = feed.series(feed.host('a'), 'cpu.busy');
    for (const [at, value] of [10, 90, 10, 90, 10, 10, 10].entries()) push(at, { [column]: value });
    expect(told()).toEqual(['often PROBLEM@4', 'often OK@6']);
  });
});

describe('a forecast', () => {
  test('is the line through the window, so long after its newest point', () => {
    const { feed, push, told, reasons } = judgingOf(
      'rules: [{ name: full, metric: df.bytes.used.percent, condition: "forecast(10s, 4h) >= 100" }]',
    );
    const column = feed.series(feed.host('a'), 'df.bytes.used.percent', { mount: '/', fstype: 'ext4' });
    // 0.001 a second are 14.4 in four hours.
    for (let at = 0; at < 30; at++) push(at, { [column]: at < 15 ? 80 + at * 0.001 : 86 + at * 0.001 });
    expect(told()[0]).toBe('full PROBLEM@15');
    expect(reasons()[0]).toContain('forecast(10s,4h) >= 100 holds');
    const steady = judgingOf('rules: [{ name: full, metric: cpu.busy, condition: "forecast(10s, 4h) == 94.4" }]');
    const cpu = steady.feed.series(steady.feed.host('a'), 'cpu.busy');
    for (let at = 0; at < 10; at++) steady.push(at, { [cpu]: 79.991 + at * 0.001 });
    expect(steady.told()).toEqual(['full PROBLEM@9']);
  });
});

describe('a composite condition', () => {
  const rules = `rules:
    - name: hot
      metric: cpu.busy
      condition: "all(#2) > 80 and (avg(load.1min, #2) > 4 or not all(load.5min, #1) < 10)"`;

  test('is judged over windows that end together', () => {
    const { feed, push, told, reasons } = judgingOf(rules);
    const host = feed.host('a');
    const [cpu, load, load5] = [
      feed.series(host, 'cpu.busy'),
      feed.series(host, 'load.1min'),
      feed.series(host, 'load.5min'),
    ];
    push(0, { [cpu]: 90, [load]: 5, [load5]: 1 });
    push(1, { [cpu]: 90, [load]: 2, [load5]: 1 });
    push(2, { [cpu]: 90, [load]: 7, [load5]: 1 });
    push(3, { [cpu]: 90, [load]: 0, [load5]: 12 });
    push(4, { [cpu]: 90, [load]: 0, [load5]: 1 });
    expect(told()).toEqual(['hot PROBLEM@2', 'hot OK@4']);
    expect(reasons()[0]).toContain('avg(load.1min,#2) > 4 holds: the value is 4.5');
  });

  test('says nothing while a test that would decide it has no fresh window, and what is known when others decide', () => {
    const { feed, push, told } = judgingOf(rules);
    const host = feed.host('a');
    const cpu = feed.series(host, 'cpu.busy');
    const load = feed.series(host, 'load.1min');
    for (let at = 0; at < 3; at++) push(at, { [cpu]: 90, [load]: 1 });
    expect(told()).toEqual([]);
    push(3, { [cpu]: 90, [load]: 20 });
    expect(told()).toEqual(['hot PROBLEM@3']);
    // Load falls silent: its last points say nothing a minute later, the CPU still decides.
    for (let at = 4; at < 70; at++) push(at, { [cpu]: 90 });
    expect(told()).toEqual(['hot PROBLEM@3']);
    push(70, { [cpu]: 10 });
    expect(told()).toEqual(['hot PROBLEM@3', 'hot OK@70']);
  });

  test('takes the series whose tags agree', () => {
    const { feed, push, told } = judgingOf(
      'rules: [{ name: slow, condition: "all(disk.io.util, #1) > 90 and all(disk.io.await, #1) > 20" }]',
    );
    const host = feed.host('a');
    const series = (device: string) => [
      feed.series(host, 'disk.io.util', { device }),
      feed.series(host, 'disk.io.await', { device }),
    ];
    const [utilA = 0, awaitA = 0] = series('sda');
    const [utilB = 0, awaitB = 0] = series('sdb');
    push(0, { [utilA]: 95, [awaitA]: 1, [utilB]: 1, [awaitB]: 99 });
    push(1, { [utilA]: 95, [awaitA]: 30, [utilB]: 1, [awaitB]: 99 });
    expect(told()).toEqual(['slow PROBLEM@1']);
  });
});

describe('a separate recovery condition', () => {
  test('keeps the alert open until it holds', () => {
    const { feed, push, told, reasons } = judgingOf(
      'rules: [{ name: r, metric: cpu.busy, condition: "all(#1) > 80", recovery: "all(#2) < 60" }]',
    );
    const column = feed.series(feed.host('a'), 'cpu.busy');
    for (const [at, value] of [90, 70, 59, 70, 59, 58, 70].entries()) push(at, { [column]: value });
    expect(told()).toEqual(['r PROBLEM@0', 'r OK@5']);
    expect(reasons()[1]).toContain('recovery: all(#2) < 60 holds');
  });
});

describe('hours', () => {
  test('end an open alert with the reason, keep the window filled, and judge again when they begin', () => {
    const { feed, push, told, reasons } = judgingOf(
      'rules: [{ name: r, metric: cpu.busy, condition: "all(#3) > 80", hours: ["Tue 22:00-22:14", "22:16-23:00"] }]',
    );
    const column = feed.series(feed.host('a'), 'cpu.busy');
    for (let at = 0; at < 170; at++) push(at, { [column]: 90 });
    // 22:14:00 is 40 s after the start, 22:16:00 is 160 s.
    expect(told()).toEqual(['r PROBLEM@2', 'r OK@40', 'r PROBLEM@160']);
    expect(reasons()[1]).toBe('the rule is in effect Tue 22:00-22:14, 22:16-23:00 UTC only');
  });
});

describe('a dependency', () => {
  test('holds an alert back while the other is open on the same host, and lets it go afterwards', () => {
    const { judging, feed, push, told } = judgingOf(`rules:
      - { name: host hot, metric: load.1min, condition: "all(#1) > 10" }
      - { name: container hot, metric: cpu.busy, where: { kind: container }, condition: "all(#1) > 80", depends_on: [host hot] }`);
    const load = feed.series(feed.host('node1'), 'load.1min');
    const cpu = feed.series(feed.container('node1/web'), 'cpu.busy');
    push(0, { [load]: 20, [cpu]: 95 });
    push(1, { [load]: 20, [cpu]: 95 });
    push(2, { [load]: 1, [cpu]: 95 });
    push(3, { [load]: 1, [cpu]: 95 });
    expect(told()).toEqual(['host hot PROBLEM@0', 'host hot OK@2', 'container hot PROBLEM@2']);
    expect(judging.incidents.counts.eventsInhibited).toBe(2);
  });
});

describe('nodata', () => {
  const rules = 'rules: [{ name: silent, metric: cpu.busy, condition: nodata(5s) }]';

  test('tells within a second after its time, and the end with the next sample', () => {
    const { feed, push, sweep, told, reasons } = judgingOf(rules);
    const host = feed.host('node1');
    const cpu = feed.series(host, 'cpu.busy');
    const load = feed.series(host, 'load.1min');
    push(0, { [cpu]: 1, [load]: 1 });
    for (let at = 1; at <= 7; at++) {
      push(at, { [load]: 1 });
      sweep(at);
    }
    expect(told()).toEqual(['silent PROBLEM@6']);
    expect(reasons()[0]).toContain('no sample for 6 s: its collector reports');
    push(8, { [cpu]: 1, [load]: 1 });
    sweep(8);
    expect(told()).toEqual(['silent PROBLEM@6', 'silent OK@8']);
  });

  test('says nothing of a container that was stopped, and ends what it had said', () => {
    const { feed, push, sweep, told, reasons } = judgingOf(rules);
    const load = feed.series(feed.host('node1'), 'load.1min');
    const container = feed.container('node1/web');
    const cpu = feed.series(container, 'cpu.busy');
    push(0, { [cpu]: 1, [load]: 1 });
    for (let at = 1; at <= 8; at++) {
      push(at, { [load]: 1 });
      sweep(at);
    }
    feed.describe(container, { state: 'gone' });
    push(9, { [load]: 1 });
    sweep(9);
    expect(told()).toEqual(['silent PROBLEM@6', 'silent OK@9']);
    expect(reasons()[1]).toBe('the container was stopped or removed');
    sweep(60);
    expect(told()).toHaveLength(2);
  });

  test('of a host tells a dead collector from a dead host, and says nothing of its containers', () => {
    for (const [leftAt, words] of [
      [1, 'the collector has stopped'],
      [20, 'the host is down, or cut off'],
    ] as const) {
      const { judging, feed, push, sweep, told, reasons } = judgingOf(rules);
      const cpu = feed.series(feed.host('node1'), 'cpu.busy');
      const web = feed.series(feed.container('node1/web'), 'cpu.busy');
      push(0, { [cpu]: 1, [web]: 1 });
      for (let at = 1; at <= 30; at++) {
        if (at === leftAt) judging.left('node1', timestampMs((START + at) * 1000));
        sweep(at);
      }
      expect(told()).toEqual(['silent PROBLEM@6']);
      expect(reasons()[0]).toContain(leftAt === 1 ? words : 'the host is down, or cut off');
    }
  });
});

describe('a server that starts anew', () => {
  test('notices a host that did not come back, counted from the start, and none that did', () => {
    const rules = 'rules: [{ name: silent, metric: cpu.busy, condition: nodata(5s) }]';
    const { judging, feed, push, sweep, told, reasons } = judgingOf(rules, (_, count, before) =>
      [{ second: second(before - 1), value: 1 }].slice(-count),
    );
    const away = new CollectorFeed();
    away.series(away.host('away'), 'cpu.busy');
    const back = feed.series(feed.host('node1'), 'cpu.busy');
    judging.remember('away', away.dictionary, second(START - 300), timestampMs(START * 1000));
    judging.remember('node1', feed.dictionary, second(START - 300), timestampMs(START * 1000));
    for (let at = 1; at <= 10; at++) {
      if (at > 3) push(at, { [back]: 1 });
      sweep(at);
    }
    expect(told()).toEqual(['silent PROBLEM@6']);
    expect(reasons()[0]).toContain('its collector has not come back since the server started');
  });
});

describe('a template', () => {
  const rules = `channels:
  - { name: all, type: webhook, url: "https://x.example/a" }
  - { name: shop, type: webhook, url: "https://x.example/b" }
templates:
  - name: base
    nodes: [cop=acme]
    notify: [all]
    rules:
      - { name: cpu, metric: cpu.busy, condition: "all(#1) > 90" }
      - { name: load, metric: load.1min, condition: "all(#1) > 10" }
  - name: shop
    parent: base
    nodes: [cop=acme/service=shop]
    notify: [shop]
    rules:
      - { name: cpu of the shop, metric: cpu.busy, condition: "all(#1) > 50" }`;

  test('holds below its nodes, is inherited, overridden by metric and tags, and told by the youngest', () => {
    const { feed, push, commits } = judgingOf(rules);
    const containers = [
      feed.container('other', { cop: 'acme', service: 'pay' }),
      feed.container('shop', { cop: 'acme', service: 'shop' }),
      feed.container('nobody', {}),
    ];
    const values: Record<number, number> = {};
    for (const container of containers) {
      values[feed.series(container, 'cpu.busy')] = 95;
      values[feed.series(container, 'load.1min')] = 20;
    }
    push(0, values);
    const told = commits.map(({ event, channels, slug }) => `${event.endpoint} ${slug} ${channels.join()}`);
    expect(told.sort()).toEqual([
      'other base.cpu all',
      'other base.load all',
      'shop base.load shop',
      'shop shop.cpu-of-the-shop shop',
    ]);
  });
});

describe('an aggregate', () => {
  test('is judged as a series of its own: Open-Falcon’s numerator and denominator, and values across a node', () => {
    const { feed, push, told, commits } = judgingOf(`rules:
      - { name: half hot, aggregate: { node: service=web, numerator: "$(cpu.busy)>80", denominator: "$#" }, condition: "all(#1) >= 0.5" }
      - { name: p50, aggregate: { node: service=web, value: p50(cpu.busy) }, condition: "all(#1) > 84" }
      - { name: few, aggregate: { node: service=web, value: count }, condition: "all(#2) < 3" }`);
    const containers = [1, 2, 3].map((slot) => feed.container(`web.${slot}`, { service: 'web' }));
    const columns = containers.map((container) => feed.series(container, 'cpu.busy'));
    const other = feed.series(feed.container('db'), 'cpu.busy');
    const at = (second: number, values: readonly number[]) =>
      push(second, Object.fromEntries([[other, 99], ...values.map((value, index) => [columns[index], value])]));
    at(0, [90, 10, 10]);
    at(1, [90, 85, 10]);
    at(2, [10, 10, 10]);
    expect(told()).toEqual(['half hot PROBLEM@1', 'p50 PROBLEM@1', 'half hot OK@2', 'p50 OK@2']);
    expect(commits[0]?.series).toBe('service=web/aggregate.half-hot');
    feed.describe(containers[2] ?? 0, { state: 'gone' });
    at(3, [10, 10]);
    at(4, [10, 10]);
    expect(told().at(-1)).toBe('few PROBLEM@4');
  });
});
