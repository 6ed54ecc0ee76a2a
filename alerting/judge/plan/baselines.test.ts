import { describe, expect, test } from 'vitest';
import {
  type QueryRange,
  type QueryRangeAnswer,
  silentLogger,
  timestampMs,
  VirtualClock,
} from '../../../core/index.ts';
import { OpenAlerts } from '../../events/open-alerts.ts';
import { checkRules } from '../../rules/read/check.ts';
import type { Commit } from '../../store/alert-rows.ts';
import { CollectorFeed } from '../../testing/collector-feed.ts';
import { eventually } from '../../testing/receiver.ts';
import { Judging } from '../judging.ts';
import { Baselines } from './baselines.ts';

const DAY = 86_400;
/** Ten in the morning. */
const NOW = 1_700_000_000 - (1_700_000_000 % DAY) + 10 * 3600;

/** History by the minute: `value(day, second of the day)`, day 1 is yesterday. */
function historyOf(value: (day: number, ofDay: number) => number | null) {
  const asked: QueryRange[] = [];
  const query = async (question: QueryRange): Promise<QueryRangeAnswer> => {
    asked.push(question);
    const from = question.fromMs / 1000;
    const avg = Array.from({ length: (question.toMs / 1000 - from) / 60 }, (_, minute) => {
      const at = from + minute * 60;
      return value(Math.ceil((NOW - (NOW % DAY) - at) / DAY), at % DAY);
    });
    const spread = (by: number) => avg.map((one) => (one === null ? null : one + by));
    const series = { endpoint: 'node1', metric: 'cpu.busy', tags: {}, unit: 'percent' };
    const counts = { count: avg.map(() => 60), avg, min: spread(-2.3), max: spread(2.3) };
    const { fromMs, toMs } = question;
    return { fromMs, toMs, stepSeconds: 60, sources: ['history'], series: [{ ...series, ...counts }] };
  };
  return { asked, query };
}

async function judgingOf(condition: string, value: (day: number, ofDay: number) => number | null) {
  const clock = new VirtualClock(NOW * 1000);
  const history = historyOf(value);
  const baselines = new Baselines({ query: history.query, clock, logger: silentLogger });
  const commits: Commit[] = [];
  const sink = { hasRoom: true, push: (commit: Commit) => void commits.push(commit) };
  const judging = new Judging({ sink, openAlerts: new OpenAlerts(), logger: silentLogger, baselines });
  const checked = checkRules(`rules: [{ name: odd, metric: cpu.busy, condition: "${condition}" }]`, 'r.yaml');
  if (checked.kind === 'invalid') throw new Error(checked.errors[0]?.message);
  judging.useRules(checked, timestampMs(NOW * 1000));
  const feed = new CollectorFeed();
  const column = feed.series(feed.host('node1'), 'cpu.busy');
  await eventually(() => baselines.counts.slots > 0);
  const push = (at: number, sample: number) => judging.onTick(feed.tick(NOW + at, { [column]: sample }));
  const told = () => commits.map(({ event }) => `${event.status}@${event.eventTimeMs / 1000 - NOW}=${event.leftValue}`);
  return { push, told, baselines, clock, history };
}

describe('a seasonal condition', () => {
  // 20 around ten, 80 around noon; within each minute samples scatter with a sigma of 1.
  const daily = (_day: number, ofDay: number) => (ofDay < 11 * 3600 ? 20 : 80);

  test('compares with the same time of the days before, in standard deviations', async () => {
    const { push, told, baselines } = await judgingOf('seasonal(3d) > 3', daily);
    push(0, 22.9);
    push(1, 24);
    push(2, 16);
    expect(told()).toEqual(['PROBLEM@1=4', 'OK@2=-4']);
    await baselines.close();
  });

  test('asks anew when the time of day moves on', async () => {
    const { push, told, baselines, clock, history } = await judgingOf('seasonal(3d) < -3', daily);
    expect(history.asked).toHaveLength(3);
    await clock.advance(2.5 * 3600 * 1000);
    await eventually(() => history.asked.length > 6);
    push(2.5 * 3600, 20);
    expect(told()).toHaveLength(1);
    await baselines.close();
  });

  test('says nothing of a series that was not there on two days', async () => {
    const { push, told, baselines } = await judgingOf('seasonal(3d) > 3', (day) => (day === 1 ? 20 : null));
    push(0, 99);
    expect(told()).toEqual([]);
    await baselines.close();
  });

  test('allows a series that never moved a hundredth of its value', async () => {
    const { push, told, baselines } = await judgingOf('seasonal(7d) > 3', () => 1000);
    push(0, 1020);
    push(1, 1031);
    expect(told()).toEqual(['PROBLEM@1=3.1']);
    await baselines.close();
  });
});
