import { beforeEach, describe, expect, test } from 'vitest';
import { formatSeries, second } from '../../../core/index.ts';
import type { LastPoints, SeriesPoint } from '../../ports.ts';
import { checkRules } from '../../rules/read/check.ts';
import type { Rule } from '../../rules/rule.ts';
import { CollectorFeed } from '../../testing/collector-feed.ts';
import { Aggregates } from './aggregates.ts';

const START = 1_700_000_000;
const NODES = ['node1', 'node2'];

/** What realtime holds: every sample that was pushed. */
const ring = new Map<string, SeriesPoint[]>();
const lastPoints: LastPoints = (series, count, before) =>
  (ring.get(formatSeries(series)) ?? []).filter((point) => point.second < before).slice(-count);

let feeds: ReadonlyMap<string, { readonly feed: CollectorFeed; readonly columns: readonly number[] }>;

beforeEach(() => {
  ring.clear();
  feeds = new Map(
    NODES.map((node) => {
      const feed = new CollectorFeed();
      const containers = [1, 2].map((slot) => feed.container(`${node}.web.${slot}`, { service: 'web' }));
      return [node, { feed, columns: containers.map((container) => feed.series(container, 'cpu.busy')) }];
    }),
  );
});

function rulesOf(...values: readonly string[]): readonly Rule[] {
  const rules = values.map(
    (value, index) => `
  - { name: r${index}, aggregate: { node: service=web, value: ${value} }, condition: all(#3) > 0 }`,
  );
  const checked = checkRules(`rules:${rules.join('')}`, 'r.yaml');
  if (checked.kind === 'invalid') throw new Error(checked.errors[0]?.message);
  return checked.rules;
}

/** Aggregates, and what they made: the value of the first rule by second. */
function open(rules: readonly Rule[], previous?: Aggregates) {
  const made = new Map<number, number>();
  const judge = ({ frame }: Parameters<ConstructorParameters<typeof Aggregates>[0]['judge']>[0]) =>
    void made.set(frame.second - START, frame.values[0] ?? Number.NaN);
  return { aggregates: new Aggregates({ rules, judge, lastPoints, previous }), made };
}

function push(aggregates: Aggregates, node: string, at: number, values: readonly number[]): void {
  const { feed, columns } = feeds.get(node) ?? { feed: new CollectorFeed(), columns: [] };
  const tick = feed.tick(START + at, Object.fromEntries(values.map((value, index) => [columns[index], value])));
  for (const [index, value] of values.entries()) {
    const key = formatSeries(feed.dictionary.identityOf(columns[index] ?? 0));
    ring.set(key, [...(ring.get(key) ?? []), { second: second(START + at), value }]);
  }
  aggregates.take({ ...tick, frame: { ...tick.frame, collector: node } });
}

const remember = (aggregates: Aggregates, newest: number, now: number): void => {
  for (const [node, { feed }] of feeds) {
    aggregates.remember(node, feed.dictionary, second(START + newest), START + now);
  }
};

describe('an aggregate over two collectors', () => {
  test('is made of a second when both have delivered it', () => {
    const { aggregates, made } = open(rulesOf('sum(cpu.busy)'));
    push(aggregates, 'node1', 1, [1, 2]);
    // Nobody can know of a collector that was never heard.
    expect([...made]).toEqual([[1, 3]]);
    push(aggregates, 'node2', 1, [3, 4]);
    push(aggregates, 'node1', 2, [10, 20]);
    expect(made.has(2)).toBe(false);
    push(aggregates, 'node2', 2, [30, 40]);
    expect(made.get(2)).toBe(100);
  });

  test('waits after a restart for those that were there, and then has them all', () => {
    const before = open(rulesOf('count'));
    for (const node of NODES) push(before.aggregates, node, 1, [1, 1]);
    const { aggregates, made } = open(rulesOf('count'));
    remember(aggregates, 1, 9);
    push(aggregates, 'node1', 10, [1, 1]);
    expect(made.size).toBe(0);
    push(aggregates, 'node2', 10, [1, 1]);
    expect([...made]).toEqual([[10, 4]]);
  });

  test('goes on after a restart without one that stays away, whose samples count while they are fresh', () => {
    const before = open(rulesOf('count'));
    for (const node of NODES) push(before.aggregates, node, 1, [1, 1]);
    const { aggregates, made } = open(rulesOf('count'));
    remember(aggregates, 1, 9);
    for (const at of [10, 15, 31, 32]) push(aggregates, 'node1', at, [1, 1]);
    expect([...made]).toEqual([
      [15, 4],
      [31, 4],
      [32, 2],
    ]);
  });

  test('begins its window after a restart with what it would have been', () => {
    const [rule] = rulesOf('avg(cpu.busy)');
    if (rule === undefined) throw new Error('no rule');
    const live = open([rule]);
    for (let at = 1; at <= 60; at++) {
      for (const node of NODES) {
        // One collector misses some seconds, and one of its containers most of them.
        if (node === 'node2' && at % 7 === 0) continue;
        push(live.aggregates, node, at, at % 11 === 0 ? [at, at * 2] : [at]);
      }
    }
    const { aggregates } = open([rule]);
    remember(aggregates, 60, 60);
    const series = { endpoint: 'service=web', metric: rule.metric, tags: {} };
    const points = aggregates.pointsBefore(series, 20, second(START + 57));
    const past = points.map((point): [number, number] => [point.second - START, point.value]);
    expect(past).toHaveLength(20);
    expect(past.filter(([at]) => live.made.has(at))).toEqual([...live.made].filter(([at]) => at >= 37 && at < 57));
  });

  test('is never made of a part when the rules change', () => {
    const before = open(rulesOf('sum(cpu.busy)'));
    for (const node of NODES) push(before.aggregates, node, 1, [1, 2]);
    const { aggregates, made } = open(rulesOf('count', 'sum(cpu.busy)'), before.aggregates);
    push(aggregates, 'node1', 2, [1, 2]);
    expect(made.size).toBe(0);
    push(aggregates, 'node2', 2, [1, 2]);
    expect([...made]).toEqual([[2, 4]]);
  });

  test('keeps the samples of slow series when a dictionary grows', () => {
    const { aggregates, made } = open(rulesOf('count'));
    for (const node of NODES) push(aggregates, node, 1, [1, 1]);
    const { feed } = feeds.get('node2') ?? { feed: new CollectorFeed() };
    feed.series(feed.container('node2.db'), 'cpu.busy');
    push(aggregates, 'node1', 2, [1, 1]);
    push(aggregates, 'node2', 2, [1]);
    expect(made.get(2)).toBe(4);
  });
});
