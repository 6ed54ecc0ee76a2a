/** A judge that dies at every transition, and one that lives, tell the same. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatSeries, type Second, second, silentLogger, timestampMs } from '../../core/index.ts';
import { Judging } from '../judge/judging.ts';
import type { LastPoints } from '../ports.ts';
import { checkRules } from '../rules/read/check.ts';
import type { RuleSet } from '../rules/rule.ts';
import type { Commit } from '../store/alert-rows.ts';
import { CollectorFeed } from '../testing/collector-feed.ts';
import { OpenAlerts } from './open-alerts.ts';

/** 23:59:40 UTC on a Tuesday: the hours of one rule end on the way, those of another begin. */
const START = 1_700_006_380;

const rules = rulesOf(`rules:
  - { name: steps, metric: cpu.busy, condition: "all(#2) > 80", max_step: 3, min_interval: 2s }
  - { name: recovers late, metric: cpu.busy, condition: "all(#2) > 80", recovery: "max(#3) < 60", min_interval: 1s }
  - { name: both, metric: cpu.busy, condition: "all(#2) > 80 and not all(load.1min, 2s) < 5", min_interval: 3s }
  - { name: mean, metric: cpu.busy, condition: "avg(4s) > 70", depends_on: [both] }
  - { name: today, metric: load.1min, condition: "lookup(#1,3) > 5", hours: ["Tue 00:00-24:00"] }
  - { name: tomorrow, metric: load.1min, condition: "lookup(#1,3) > 5", hours: ["Wed 00:00-24:00"] }`);

function rulesOf(text: string): RuleSet {
  const checked = checkRules(text, 'r.yaml');
  if (checked.kind === 'invalid') throw new Error(checked.errors[0]?.message);
  return checked;
}

type Sample = { readonly cpu: number | null; readonly load: number | null };

/** What is told of a line of samples; with `dies`, the judge is gone after every event and comes back from what is durable. */
function tell(samples: readonly Sample[], dies: boolean): readonly string[] {
  const feed = new CollectorFeed();
  const host = feed.host('node1');
  const columns = { cpu: feed.series(host, 'cpu.busy'), load: feed.series(host, 'load.1min') };
  const ring = new Map<string, { second: Second; value: number }[]>();
  const lastPoints: LastPoints = (series, count, before) =>
    (ring.get(formatSeries(series)) ?? []).filter((point) => point.second < before).slice(-count);
  const commits: Commit[] = [];
  let openAlerts = new OpenAlerts();
  const born = (at: number) => {
    const sink = { hasRoom: true, push: (commit: Commit) => void commits.push(commit) };
    const judging = new Judging({ sink, openAlerts, logger: silentLogger, lastPoints });
    judging.useRules(rules, timestampMs(at * 1000));
    return judging;
  };
  let judging = born(START);
  for (const [index, { cpu, load }] of samples.entries()) {
    const at = START + index;
    const before = commits.length;
    const values = {
      ...(cpu === null ? {} : { [columns.cpu]: cpu }),
      ...(load === null ? {} : { [columns.load]: load }),
    };
    judging.onTick(feed.tick(at, values));
    for (const [metric, value] of [
      ['cpu.busy', cpu],
      ['load.1min', load],
    ] as const) {
      const points = ring.get(`node1/${metric}`) ?? [];
      if (value !== null) ring.set(`node1/${metric}`, [...points, { second: second(at), value }]);
    }
    if (!dies || commits.length === before) continue;
    const durable = [...openAlerts.all()].map((alert) => structuredClone(alert));
    openAlerts = new OpenAlerts();
    for (const alert of durable) openAlerts.set(alert);
    judging = born(at);
  }
  return commits.map(({ event, isOpen }) => `${event.key} ${event.leftValue} ${isOpen} ${event.reason}`);
}

test('a restart after every transition changes nothing of what is told', () => {
  const value = fc.oneof(fc.constantFrom(10, 50, 65, 90, 95), fc.constant(null));
  const load = fc.oneof(fc.constantFrom(1, 9), fc.constant(null));
  let told = 0;
  fc.assert(
    fc.property(fc.array(fc.record({ cpu: value, load }), { minLength: 5, maxLength: 60 }), (samples) => {
      const alive = tell(samples, false);
      told += alive.length;
      expect(tell(samples, true)).toEqual(alive);
    }),
    { numRuns: 300 },
  );
  expect(told).toBeGreaterThan(1000);
});
