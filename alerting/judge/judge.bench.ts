/**
 * How long alerting keeps the intake: 40,000 series × 10 rules a tick, state machines included.
 * Sketch: 400,000 judgements × (6 loads and a comparison, about 15 ns) = 6 ms; 40,000 appends × 20 ns
 * = 1 ms. Memory: windows of 10 points 21 + 120 bytes a series, 8 bytes a pair: 22 bytes a pair.
 */
import { Dictionary, RAW_DECIMALS, second, silentLogger, type Tick, timestampMs } from '../../core/index.ts';
import { OpenAlerts } from '../events/open-alerts.ts';
import { checkRules } from '../rules/read/check.ts';
import { Judging } from './judging.ts';

export type JudgeBench = {
  /** Of one core's time. */
  readonly tickMsMedian: number;
  readonly tickMsWorst: number;
  readonly compileMs: number;
  /** Windows and state, rules' and series' names apart, for each rule on each series. */
  readonly bytesPerPair: number;
  /** Of judgements and events: the same in every run. */
  readonly checksum: string;
};

export type JudgeBenchSize = {
  readonly series: number;
  readonly rules: number;
  readonly ticks: number;
  /** Share of the series that are above every threshold in each second. */
  readonly breaching: number;
  /** `rich` uses what Open-Falcon has not: windows of time, several tests, a separate recovery. */
  readonly language?: 'plain' | 'rich';
};

const conditions = [
  'all(#3) > 80',
  'max(#5) > 99.5',
  'avg(#10) > 90',
  'min(#5) < 0',
  'all(#10) > 95',
  'sum(#3) > 299',
  'avg(#5) < 0',
  'max(#3) < 0',
  'all(#5) >= 99',
  'avg(#3) > 99',
];

const richConditions = [
  'all(3s) > 80',
  'avg(10s) > 90',
  'lookup(#2,5s) > 80',
  'all(#3) > 80 and avg(#5) > 85',
  'max(#3) < 0 or min(#5) > 95',
  'not max(#5) < 90 and all(#3) > 80',
  'diff(5s) > 250',
  'stddev(#10) > 3',
  'kdiff(#3,3) > 250',
  'all(#5) >= 99',
];

export function benchJudge({ series, rules, ticks, breaching, language = 'plain' }: JudgeBenchSize): JudgeBench {
  const dictionary = dictionaryOf(series);
  let events = 0;
  const sink = { hasRoom: true, push: () => void events++ };
  const judging = new Judging({ sink, openAlerts: new OpenAlerts(), logger: silentLogger });
  judging.useRules(ruleSetOf(rules, language === 'plain' ? conditions : richConditions), timestampMs(0));
  const durations: number[] = [];
  const noise = xorshift(42);
  for (let index = 0; index < ticks; index++) {
    const values = new Float64Array(series);
    for (let column = 0; column < series; column++)
      values[column] = noise() * 70 + (column < series * breaching ? 200 : 0);
    const tick = tickOf(dictionary, values, 1_700_000_000 + index);
    // CPU time: what neighbours do on the machine is not the judge's.
    const before = process.cpuUsage();
    judging.onTick(tick);
    const { user, system } = process.cpuUsage(before);
    durations.push((user + system) / 1000);
  }
  const [compileMs = 0, ...rest] = durations;
  const sorted = rest.slice(Math.floor(rest.length / 4)).sort((a, b) => a - b);
  return {
    compileMs,
    tickMsMedian: sorted[sorted.length >> 1] ?? 0,
    tickMsWorst: sorted.at(-1) ?? 0,
    bytesPerPair: judging.windowBytes / (series * rules),
    checksum: `${judging.counts.judgements}/${events}`,
  };
}

function ruleSetOf(count: number, conditions: readonly string[]) {
  const entries = Array.from({ length: count }, (_, index) =>
    [
      `  - name: rule ${index}`,
      '    metric: cpu.busy',
      `    condition: "${conditions[index % conditions.length]}"`,
    ].join('\n'),
  );
  const checked = checkRules(`rules:\n${entries.join('\n')}`, 'bench.yaml');
  if (checked.kind === 'invalid') throw new Error(checked.errors.map((error) => error.message).join('\n'));
  return checked;
}

function dictionaryOf(series: number): Dictionary {
  const dictionary = new Dictionary(1);
  const endpoints = Array.from({ length: series }, (_, index) => ({
    index,
    endpoint: {
      name: `web-${index}`,
      kind: 'container' as const,
      host: 'node1',
      state: 'running' as const,
      labels: {},
    },
  }));
  const columns = endpoints.map(({ index }) => ({
    endpoint: index,
    metric: 'cpu.busy',
    tags: {},
    decimals: RAW_DECIMALS,
  }));
  dictionary.apply({ generation: 1, endpoints, firstSeries: 0, series: columns });
  return dictionary;
}

function tickOf(dictionary: Dictionary, values: Float64Array, at: number): Tick {
  const nowMs = timestampMs(at * 1000);
  const header = { collector: 'node1', bootEpoch: 1, seq: at, second: second(at), sentAtMs: nowMs, generation: 1 };
  return { frame: { ...header, values }, dictionary, receivedAtMs: nowMs, kind: 'live' };
}

/** Marsaglia's xorshift32, 0 … 1. */
function xorshift(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
