/** Queries of a real server over HTTP, and what its intake feels of them. */
import { Agent, request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { Console } from '../../harness/console.ts';
import { Saker } from '../../harness/saker.ts';
import { OracleCollector } from '../../harness/senders/oracle-collector.ts';
import type { BenchContext } from '../bench.ts';
import { median, percentile } from '../figures.ts';
import type { Recording } from './recording.ts';

const SERIES = 800;
const DAY_SECONDS = 86_400;
/** A day in a thousand buckets. */
const STEP_SECONDS = 86;
const BUCKETS = 1000;
/** With those of the warm-up fewer than a client may send in a minute. */
const HTTP_QUERIES = 800;
/** Code that is new to the engine is interpreted first. */
const HTTP_WARM_UP = 300;
const AGGREGATIONS = 8;
const PROBES = 400;
const PROBE_INTERVAL_MS = 50;
/** The server ends a connection with more than 2,000 frames on their way. */
const PENDING_MAX = 1000;

export async function measureServer(recording: Recording, { figures, say }: BenchContext): Promise<void> {
  const saker = await Saker.start({ command: 'server' });
  const agent = new Agent({ keepAlive: true });
  try {
    const person = await saker.signIn();
    const end = Math.floor(Date.now() / 1000);
    say(`sending a day of ${SERIES} series to a server`);
    await sendDay(saker, person, recording, end);
    const { secret } = await person.post<{ secret: string }>('/api/v1/tokens', { name: 'bench', scope: 'api' });
    const post = poster(saker.url, secret, agent);
    const range = { fromMs: (end - BUCKETS * STEP_SECONDS) * 1000, toMs: end * 1000, stepSeconds: STEP_SECONDS };
    const httpMs: number[] = [];
    for (let query = 0; query < HTTP_QUERIES; query++) {
      const select = { endpoints: ['fleet'], metrics: [`oracle.m${(query * 7) % SERIES}`] };
      const startedAt = performance.now();
      await post('/api/v1/query_range', { select, ...range, values: ['min', 'max', 'avg'] });
      if (query >= HTTP_WARM_UP) httpMs.push(performance.now() - startedAt);
    }
    figures.emit('query.day_http_ms', median(httpMs), 'ms');
    say(`${AGGREGATIONS} aggregations of a day of ${SERIES} series, again and again, beside the intake`);
    await measureIntake(saker, person, { post, range, figures });
  } finally {
    agent.destroy();
    await saker.stop();
  }
}

async function collectorOf(
  saker: Saker,
  person: Console,
  options: { name: string; seriesCount: number } & Pick<ConstructorParameters<typeof OracleCollector>[0], 'valueAt'> & {
      onAcknowledged?: (second: number) => void;
    },
): Promise<OracleCollector> {
  const token = await person.post<{ secret: string }>('/api/v1/tokens', { name: options.name, scope: 'collector' });
  const collector = new OracleCollector({ url: saker.url, token: token.secret, ...options }, Date.now());
  await collector.connect();
  return collector;
}

async function sendDay(saker: Saker, person: Console, recording: Recording, end: number): Promise<void> {
  const columns = recording.endpoints.flatMap((endpoint) => endpoint.columns);
  const valueAt = (series: number, second: number): number =>
    columns[series % columns.length]?.[(second + series * 37) % recording.seconds] ?? 0;
  const collector = await collectorOf(saker, person, { name: 'fleet', seriesCount: SERIES, valueAt });
  for (let second = end - DAY_SECONDS; second < end; second++) {
    collector.tick(second);
    while (collector.pendingCount > PENDING_MAX) await delay(1);
  }
  for (let waited = 0; waited < 600 && collector.pendingCount > 0; waited++) await delay(50);
  if (collector.pendingCount > 0) throw new Error(`${collector.pendingCount} frames were not acknowledged`);
  collector.close();
}

type Post = (path: string, body: object) => Promise<string>;
type Load = { readonly post: Post; readonly range: object; readonly figures: BenchContext['figures'] };

/** From sending a frame until it is acknowledged: alone, and while eight aggregations run at any time. */
async function measureIntake(saker: Saker, person: Console, { post, range, figures }: Load): Promise<void> {
  const sentAt = new Map<number, number>();
  let intakeMs: number[] = [];
  const onAcknowledged = (second: number): void => {
    intakeMs.push(performance.now() - (sentAt.get(second) ?? Number.NaN));
  };
  const probe = await collectorOf(saker, person, { name: 'probe', seriesCount: 100, onAcknowledged });
  const send = async (first: number): Promise<number[]> => {
    intakeMs = [];
    for (let tick = 0; tick < PROBES; tick++) {
      await delay(PROBE_INTERVAL_MS);
      sentAt.set(first + tick, performance.now());
      probe.tick(first + tick);
    }
    for (let waited = 0; waited < 100 && probe.pendingCount > 0; waited++) await delay(50);
    return intakeMs;
  };
  const first = Math.floor(Date.now() / 1000) - 2 * PROBES;
  const alone = await send(first);
  const load = aggregate(post, { select: { endpoints: ['fleet'] }, ...range, timeMsMax: 60_000 });
  const beside = await send(first + PROBES);
  const queryMs = await load.end();
  probe.close();
  if (beside.length < PROBES) throw new Error(`only ${beside.length} of ${PROBES} frames were acknowledged`);
  figures.emit('query.intake_alone_p99_ms', percentile(alone, 0.99), 'ms');
  figures.emit('query.intake_p50_ms', median(beside), 'ms');
  figures.emit('query.intake_p99_ms', percentile(beside, 0.99), 'ms');
  figures.emit('query.aggregation_p50_ms', median(queryMs), 'ms');
}

/** Eight aggregations at any time, until the end; returns how long each took. */
function aggregate(post: Post, query: object): { end: () => Promise<number[]> } {
  const body = { ...query, across: { aggregation: 'sum', of: 'avg' } };
  const queryMs: number[] = [];
  let isOver = false;
  const running = Array.from({ length: AGGREGATIONS }, async () => {
    while (!isOver) {
      const startedAt = performance.now();
      await post('/api/v1/query_range', body);
      queryMs.push(performance.now() - startedAt);
    }
  });
  return {
    end: async () => {
      isOver = true;
      await Promise.all(running);
      return queryMs;
    },
  };
}

/**
 * POST over one kept connection each, as a program would. Timed is the whole way: from before the
 * request is made until the last byte of the answer is there; reading its JSON is not.
 */
function poster(url: string, token: string, agent: Agent): Post {
  return (path, body) =>
    new Promise((resolve, reject) => {
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
      const call = request(`${url}${path}`, { method: 'POST', headers, agent }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          if (response.statusCode === 200) resolve(text);
          else reject(new Error(`${path}: ${response.statusCode} ${text.slice(0, 500)}`));
        });
      });
      call.on('error', reject);
      call.end(JSON.stringify(body));
    });
}
