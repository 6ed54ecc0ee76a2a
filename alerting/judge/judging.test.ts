import { describe, expect, test } from 'vitest';
import { PUSHED_BY, RAW_DECIMALS, silentLogger, timestampMs } from '../../core/index.ts';
import { OpenAlerts } from '../events/open-alerts.ts';
import { checkRules } from '../rules/read/check.ts';
import type { RuleSet } from '../rules/rule.ts';
import type { Commit } from '../store/alert-rows.ts';
import { CollectorFeed } from '../testing/collector-feed.ts';
import { Judging } from './judging.ts';

function rulesOf(text: string): RuleSet {
  const checked = checkRules(text, 'r.yaml');
  if (checked.kind === 'invalid') throw new Error(checked.errors.map((error) => error.message).join('\n'));
  return checked;
}

function judgingOf(text: string) {
  const commits: Commit[] = [];
  const sink = { hasRoom: true, push: (commit: Commit) => void commits.push(commit) };
  const openAlerts = new OpenAlerts();
  const judging = new Judging({ sink, openAlerts, logger: silentLogger });
  judging.useRules(rulesOf(text), timestampMs(0));
  const told = () => commits.map(({ event }) => `${event.rule} ${event.status}@${event.eventTimeMs / 1000}`);
  return { judging, sink, openAlerts, told, feed: new CollectorFeed() };
}

const high = 'rules: [{ name: high, metric: cpu.busy, condition: "all(#1) > 80" }]';

describe('judging', () => {
  test('with no room for an event leaves everything as it was, and the next sample decides anew', () => {
    const { judging, sink, openAlerts, told, feed } = judgingOf(high);
    const column = feed.series(feed.host('node1'), 'cpu.busy');
    sink.hasRoom = false;
    judging.onTick(feed.tick(1, { [column]: 90 }));
    judging.onTick(feed.tick(2, { [column]: 90 }));
    expect(openAlerts.size).toBe(0);
    expect(judging.incidents.counts.eventsRefused).toBe(2);
    sink.hasRoom = true;
    judging.onTick(feed.tick(3, { [column]: 90 }));
    sink.hasRoom = false;
    judging.onTick(feed.tick(4, { [column]: 10 }));
    expect(openAlerts.size).toBe(1);
    sink.hasRoom = true;
    judging.onTick(feed.tick(5, { [column]: 10 }));
    expect(told()).toEqual(['high PROBLEM@3', 'high OK@5']);
  });

  test('with no room ends the alerts of a removed rule as soon as there is some', () => {
    const { judging, sink, told, feed } = judgingOf(high);
    const column = feed.series(feed.host('node1'), 'cpu.busy');
    judging.onTick(feed.tick(1, { [column]: 90 }));
    sink.hasRoom = false;
    judging.useRules(rulesOf(''), timestampMs(2000));
    judging.onTick(feed.tick(3, { [column]: 90 }));
    expect(told()).toEqual(['high PROBLEM@1']);
    sink.hasRoom = true;
    judging.onTick(feed.tick(4, { [column]: 90 }));
    expect(told()).toEqual(['high PROBLEM@1', 'high OK@4']);
  });

  test('keeps the rules on one series apart', () => {
    const { judging, told, feed } = judgingOf(`rules:
      - { name: high, metric: cpu.busy, condition: "all(#2) > 80" }
      - { name: low, metric: cpu.busy, condition: "max(#3) < 20" }
      - { name: core, metric: cpu.busy.core, where: { tags: { core: 1 } }, condition: "all(#1) > 80" }`);
    const host = feed.host('node1');
    const all = feed.series(host, 'cpu.busy');
    const core0 = feed.series(host, 'cpu.busy.core', { core: '0' });
    const core1 = feed.series(host, 'cpu.busy.core', { core: '1' });
    for (const [index, value] of [90, 90, 10, 10, 10].entries()) {
      judging.onTick(feed.tick(index + 1, { [all]: value, [core0]: 99, [core1]: index === 3 ? 99 : 0 }));
    }
    expect(told()).toEqual(['high PROBLEM@2', 'high OK@3', 'core PROBLEM@4', 'low PROBLEM@5', 'core OK@5']);
  });

  test('takes no series beyond the bound of all windows, says how many, and keeps judging the others', () => {
    const { judging, told, feed } = judgingOf(
      'rules: [{ name: high, metric: cpu.busy, condition: "all(#600) > 80" }, { name: low, metric: load.1min, condition: "all(#1) > 1" }]',
    );
    const host = feed.host('node1');
    const load = feed.series(host, 'load.1min');
    const endpoints = Array.from({ length: 27_970 }, (_, index) => feed.host(`n${index}`));
    const { generation, series } = feed.dictionary;
    const added = endpoints.map((endpoint) => ({ endpoint, metric: 'cpu.busy', tags: {}, decimals: 255 }));
    feed.dictionary.apply({ generation, endpoints: [], firstSeries: series.length, series: added });
    judging.onTick(feed.tick(1, { [load]: 5 }));
    expect(told()).toEqual(['low PROBLEM@1']);
    // 16 Mi points less one, by 600.
    expect(judging.seriesRefused).toBe(27_970 - 27_962);
  });
});

describe('what is pushed', () => {
  /** Somebody who pushes samples of endpoints, each with a dictionary of its own, as realtime hands them on. */
  function pusherOf(judging: Judging, step: number) {
    const feeds = new Map<string, CollectorFeed>();
    return (endpoint: string, at: number, value: number) => {
      const feed = feeds.get(endpoint) ?? new CollectorFeed();
      if (!feeds.has(endpoint)) {
        const index = feed.container(endpoint, { service: 'web' });
        const entry = { endpoint: index, metric: 'cpu.busy', tags: {}, decimals: RAW_DECIMALS, step };
        feed.dictionary.apply({ generation: 1, endpoints: [], firstSeries: 0, series: [entry] });
        feeds.set(endpoint, feed);
      }
      const { frame, ...tick } = feed.tick(at, { 0: value });
      judging.onTick({ ...tick, frame: { ...frame, collector: `${PUSHED_BY}script`, isPart: true } });
    };
  }

  test('has its windows, endpoint by endpoint', () => {
    const { judging, told } = judgingOf('rules: [{ name: high, metric: cpu.busy, condition: "all(#3) > 80" }]');
    const push = pusherOf(judging, 1);
    for (const at of [1, 2, 3]) {
      push('a', at, 90);
      push('b', at, at === 2 ? 10 : 90);
    }
    expect(told()).toEqual(['high PROBLEM@3']);
    expect([...judging.plans]).toHaveLength(2);
  });

  test('is missed when it comes no more, whatever it is about', () => {
    const { judging, told } = judgingOf('rules: [{ name: silent, metric: cpu.busy, condition: nodata(90s) }]');
    const push = pusherOf(judging, 60);
    for (const at of [60, 120]) for (const endpoint of ['a', 'b']) push(endpoint, at, 1);
    push('a', 180, 1);
    for (let at = 181; at <= 240; at++) judging.sweep(timestampMs(at * 1000));
    expect(told()).toEqual(['silent PROBLEM@211']);
    push('b', 240, 1);
    judging.sweep(timestampMs(241_000));
    expect(told()).toEqual(['silent PROBLEM@211', 'silent OK@241']);
  });

  test('has a part in aggregates for two of its steps', () => {
    const { judging, told } = judgingOf(`rules:
      - { name: few, aggregate: { node: service=web, value: count }, condition: "all(#1) < 3" }`);
    const push = pusherOf(judging, 60);
    for (const endpoint of ['a', 'b', 'c']) push(endpoint, 60, 1);
    // One second was made of the first alone: nobody can know of the others before they come.
    expect(told()).toEqual(['few PROBLEM@60']);
    for (const [endpoint, at] of [
      ['a', 110],
      ['b', 120],
      ['a', 170],
    ] as const)
      push(endpoint, at, 1);
    expect(told()).toEqual(['few PROBLEM@60', 'few OK@110']);
    push('b', 181, 1);
    expect(told().at(-1)).toBe('few PROBLEM@181');
  });
});
