import { describe, expect, test } from 'vitest';
import { type QueryRange, type QueryRangeAnswer, VirtualClock } from '../../../core/index.ts';
import { checkRules } from '../../rules/read/check.ts';
import { noRules, type RuleSet } from '../../rules/rule.ts';
import type { BacktestSources } from './run-backtest.ts';
import { runBacktest } from './run-backtest.ts';

const START = 1_700_000_040;
const rule = (condition: string) => `rules: [{ name: hot, metric: cpu.busy, condition: "${condition}", max_step: 1 }]`;

function rulesOf(text: string): RuleSet {
  const checked = checkRules(text, 'r.yaml');
  if (checked.kind === 'invalid') throw new Error(checked.errors[0]?.message);
  return checked;
}

/** One endpoint whose value at a second is `value`; seconds before the seam are known by the minute. */
function sourcesOf(
  value: (at: number) => number | null,
  options: { seam?: number; current?: RuleSet } = {},
): BacktestSources {
  const seam = (START + (options.seam ?? 0)) * 1000;
  const query = async ({ fromMs, toMs }: QueryRange): Promise<QueryRangeAnswer> => {
    const step = fromMs < seam ? 60 : 1;
    const from = Math.floor(fromMs / 1000 / step) * step;
    const to = Math.ceil(toMs / 1000 / step) * step;
    const avg = Array.from({ length: (to - from) / step }, (_, bucket) => {
      const values = Array.from({ length: step }, (_, second) => value(from + bucket * step + second - START));
      const known = values.filter((one) => one !== null);
      return known.length === 0 ? null : known.reduce((sum, one) => sum + one, 0) / known.length;
    });
    const series = { endpoint: 'node1', metric: 'cpu.busy', tags: {}, unit: 'percent' };
    return {
      fromMs: from * 1000,
      toMs: to * 1000,
      stepSeconds: step,
      sources: [step === 1 ? 'ring' : 'history'],
      series: [{ ...series, count: avg.map((one) => (one === null ? 0 : step)), min: avg, max: avg, avg }],
    };
  };
  return {
    query,
    endpointOf: () => undefined,
    oldestSecond: () => seam / 1000,
    current: options.current ?? noRules,
    outerFor: () => ({ channelNames: [], rules: [], declared: [], templates: [] }),
    clock: instantClock(),
  };
}

/** Time stands still, and what waits for no time goes on in the next turn. */
function instantClock() {
  const clock = new VirtualClock(START * 1000);
  return {
    nowMs: () => clock.nowMs(),
    monotonicMs: () => clock.monotonicMs(),
    after: (_: number, run: () => void) => {
      const immediate = setImmediate(run);
      return () => clearImmediate(immediate);
    },
  };
}

const ask = (condition: string, seconds: number) => ({
  rules: rule(condition),
  fromMs: START * 1000,
  toMs: (START + seconds) * 1000,
});

describe('a backtest', () => {
  test('tells when a rule would have fired, with the seconds and the state machine of the judge', async () => {
    const spikes = (at: number) => (at % 1000 < 10 ? 95 : 20);
    const { rules, approximate, seconds } = await runBacktest(ask('all(#3) > 80', 3000), sourcesOf(spikes));
    expect([approximate, seconds]).toEqual([false, 3000]);
    expect(rules[0]?.outcome).toMatchObject({ incidents: 3, messages: 6, problemsPerDay: 3, openSeconds: 24 });
    expect(rules[0]?.outcome.firings[1]).toEqual({
      series: 'node1/cpu.busy',
      sinceMs: (START + 1002) * 1000,
      endMs: (START + 1010) * 1000,
      leftValue: 95,
    });
    expect(rules[0]?.before).toBeNull();
  });

  test('sets the rule in force beside it, and warns of one that pages too often', async () => {
    const spikes = (at: number) => (at % 100 < 10 ? 95 : 20);
    const sources = sourcesOf(spikes, { current: rulesOf(rule('all(#50) > 80')) });
    const { rules } = await runBacktest({ ...ask('all(#3) > 80', 3000), pagesPerDayMax: 29 }, sources);
    expect([rules[0]?.outcome.incidents, rules[0]?.before?.incidents]).toEqual([30, 0]);
    expect(rules[0]?.warning).toContain('"hot" would page 30 times a day, more than 29');
  });

  test('goes on minutes where seconds are gone, marks it, and keeps an alert open over the seam', async () => {
    const value = (at: number) => (at >= 600 && at < 2000 ? 95 : 20);
    const { rules, approximate } = await runBacktest(ask('all(#90) > 80', 3000), sourcesOf(value, { seam: 1500 }));
    expect(approximate).toBe(true);
    expect(rules[0]?.outcome).toMatchObject({ incidents: 1, messages: 2 });
    expect(rules[0]?.outcome.firings[0]).toMatchObject({ sinceMs: (START + 660) * 1000, endMs: (START + 2000) * 1000 });
  });

  test('looks for silence second by second', async () => {
    const value = (at: number) => (at >= 100 && at < 200 ? null : 20);
    const { rules } = await runBacktest(ask('nodata(30s)', 300), sourcesOf(value));
    expect(rules[0]?.outcome.firings).toMatchObject([{ sinceMs: (START + 130) * 1000, endMs: (START + 200) * 1000 }]);
  });

  test('refuses an empty range, a range without end, and a file with a fault, each with what to do', async () => {
    const sources = sourcesOf(() => 1);
    await expect(runBacktest(ask('all(#3) > 80', 0), sources)).rejects.toMatchObject({ code: 'BAD_REQUEST' });
    await expect(runBacktest(ask('all(#3) > 80', 70 * 86_400), sources)).rejects.toMatchObject({ code: 'QUERY_LIMIT' });
    await expect(runBacktest(ask('all(3) > 80', 10), sources)).rejects.toThrow('the # is missing; write all(#3)');
  });
});
