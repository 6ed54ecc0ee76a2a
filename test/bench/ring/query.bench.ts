/** A day of a fleet in memory: what it costs to hold, and how long answers take. */
import { parseArgs } from 'node:util';
import { systemClock } from '../../../core/index.ts';
import {
  AcrossSeries,
  type Located,
  Ring,
  rankNow,
  readAcross,
  readBuckets,
  Slices,
  select,
} from '../../../realtime/index.ts';
import type { Bench, BenchContext } from '../bench.ts';
import { median, percentile } from '../figures.ts';
import { FLEET_START, makeFleet } from './fleet.ts';
import { measureServer } from './query-server.ts';
import { readRecording } from './recording.ts';

const QUERIES = 200;
const BUCKETS = 1000;
const SUM_QUERIES = 100;
const RANK_QUERIES = 200;
const AGGREGATIONS = 8;

export const queryBench: Bench = {
  name: 'query',
  summary: 'memory of 24 h × 40,000 series, and query times (--series N, --hours N, --engine-only)',
  run: async (context) => {
    const { figures, args, say } = context;
    const options = {
      data: { type: 'string' },
      series: { type: 'string' },
      hours: { type: 'string' },
      'engine-only': { type: 'boolean' },
    } as const;
    const { values } = parseArgs({ args: [...args], options });
    const [seriesCount, hours] = [Number(values.series ?? 40_000), Number(values.hours ?? 24)];
    const recording = await readRecording(values.data);
    const ring = fill(recording, { seriesCount, hours, say });
    const samples = seriesCount * hours * 3600;
    globalThis.gc?.();
    const { rss } = process.memoryUsage();
    figures.emit('ring.samples', samples, 'samples');
    figures.emit('ring.resident_bytes_per_sample', rss / samples, 'B');
    figures.computed(ring.status());
    measureQueries(ring, hours, figures);
    await measureTurns(ring, hours, figures);
    if (values['engine-only'] !== true) await measureServer(recording, context);
  },
};

type Size = { readonly seriesCount: number; readonly hours: number; readonly say: BenchContext['say'] };

function fill(recording: Awaited<ReturnType<typeof readRecording>>, { seriesCount, hours, say }: Size): Ring {
  const fleet = makeFleet(recording, { seriesCount });
  const ring = new Ring({ seriesMax: seriesCount });
  const startedAt = process.cpuUsage();
  for (let tick = 0; tick < hours * 3600; tick++) {
    for (const { dictionary, frame } of fleet.hosts) ring.put(frame(tick), dictionary, (FLEET_START + tick) * 1000);
    if (tick % 3600 === 3599) say(`${(tick + 1) / 3600} h, ${Math.round(process.memoryUsage().rss / 2 ** 20)} MiB`);
  }
  const { user, system } = process.cpuUsage(startedAt);
  say(`filled in ${Math.round((user + system) / 1e6)} s of CPU time`);
  return ring;
}

function measureQueries(ring: Ring, hours: number, figures: BenchContext['figures']): void {
  const end = FLEET_START + hours * 3600;
  const step = Math.ceil((hours * 3600) / BUCKETS);
  const day = { from: end - step * BUCKETS, to: end, step };
  const endpoints = ring.status().endpointCount;
  const dayMs = timed(QUERIES, (query) => {
    const [located] = select(ring, { endpoints: [`service.${(query * 7) % endpoints}`], metrics: [`m${query % 50}`] });
    return located === undefined ? 0 : readBuckets(located, day).count.reduce((a, b) => a + b, 0);
  });
  figures.emit('query.day_engine_ms', median(dayMs.times), 'ms');
  figures.computed(dayMs.checksum);
  const sums = timed(SUM_QUERIES, (query) => sumOver(select(ring, { metrics: [`m${query % 50}`] }).slice(0, 800), end));
  figures.emit('query.sum800_ms', median(sums.times), 'ms');
  figures.computed(sums.checksum);
  const moment = { at: end - 1, lookback: 15, ahead: 0 };
  const everything = { matchers: [{ label: 'metric', op: '=~' as const, value: '.+' }] };
  const ranks = timed(RANK_QUERIES, (query) => {
    const { ranked } = rankNow(ring, everything, moment, { order: query % 2 === 0 ? 'top' : 'bottom', limit: 10 });
    return ranked.reduce((sum, { value }) => sum + value, 0);
  });
  figures.emit('query.topk_ms', median(ranks.times), 'ms');
  figures.computed(ranks.checksum);
}

/** CPU time of one turn of the event loop while eight aggregations of a day run: what a frame waits for, a few times. */
async function measureTurns(ring: Ring, hours: number, figures: BenchContext['figures']): Promise<void> {
  const end = FLEET_START + hours * 3600;
  const step = Math.ceil((hours * 3600) / BUCKETS);
  const range = { from: end - step * BUCKETS, to: end, step };
  const slices = new Slices(systemClock);
  let running = AGGREGATIONS;
  const sums = Array.from({ length: AGGREGATIONS }, async (_, query) => {
    const work = readAcross(ring, { metrics: [`m${query}`] }, range, { aggregation: 'sum', of: 'avg', by: [] });
    const [group] = await slices.run(work, { timeMsMax: 600_000 });
    running--;
    return group?.value.reduce((sum, value) => sum + (Number.isNaN(value) ? 0 : value), 0);
  });
  const turnMs: number[] = [];
  while (running > 0) {
    const before = process.cpuUsage();
    await new Promise((resolve) => setImmediate(resolve));
    const { user, system } = process.cpuUsage(before);
    turnMs.push((user + system) / 1000);
  }
  figures.emit('query.turn_p50_ms', median(turnMs), 'ms');
  figures.emit('query.turn_p99_ms', percentile(turnMs, 0.99), 'ms');
  figures.computed(await Promise.all(sums));
}

/** Sum over series, 15 min at 1 s. */
function sumOver(all: readonly Located[], end: number): number {
  const sum = new AcrossSeries({ from: end - 900, to: end, step: 1 }, 'sum', 'last');
  for (const located of all) sum.add(located);
  return sum.together().value.reduce((total, value) => total + value, 0);
}

function timed(count: number, work: (query: number) => number): { times: number[]; checksum: number } {
  const times: number[] = [];
  let checksum = 0;
  for (let query = 0; query < count; query++) {
    const before = process.cpuUsage();
    checksum += work(query);
    const { user, system } = process.cpuUsage(before);
    times.push((user + system) / 1000);
  }
  return { times, checksum };
}
