import { describe, expect, test } from 'vitest';
import { silentLogger, timestampMs } from '../../core/index.ts';
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
