import { setTimeout as delay } from 'node:timers/promises';
import type { QueryRangeAnswer } from '../../../core/index.ts';
import type { Console } from '../console.ts';
import type { Saker } from '../saker.ts';
import { OracleCollector, oracleValue } from '../senders/oracle-collector.ts';
import { until } from '../waiting.ts';

export const TICKS_PER_ROUND = 20;
const SERIES = 50;

/** Ten seconds of waiting until a killed process has gone. */
const GONE_WAITS_MAX = 5000;

export type KillOutcome = {
  /** From the kill until the server says that it is ready, for each round. */
  readonly readyMs: readonly number[];
  readonly acknowledged: number;
  /** Acknowledged samples that are not there, or are not what was sent. */
  readonly lost: number;
  /** Samples that were counted more than once. */
  readonly doubled: number;
};

/** Kills the server `rounds` times in the middle of a stream of frames, then checks every second of it. */
export async function killRounds(saker: Saker, person: Console, rounds: number): Promise<KillOutcome> {
  const { secret: token } = await person.post<{ secret: string }>('/api/v1/tokens', {
    name: 'oracle',
    scope: 'collector',
  });
  const collector = new OracleCollector(
    { url: saker.url, token, name: 'oracle-host', seriesCount: SERIES },
    Date.now(),
  );
  const connect = () => until('a connection', () => collector.connect().then(() => true));
  await connect();
  const firstSecond = Math.floor(Date.now() / 1000) - 3600;
  let second = firstSecond;
  const readyMs: number[] = [];
  for (let round = 0; round < rounds; round++) {
    for (let tick = 0; tick < TICKS_PER_ROUND; tick++) {
      collector.tick(second++);
      // The kill falls among frames that are written, synced, acknowledged and still on their way.
      if (tick % 4 === 3) await delay(3);
    }
    readyMs.push(await killOnce(saker));
    await connect();
  }
  await until('all acknowledgements', () => collector.pendingCount === 0);
  collector.close();
  return { readyMs, ...(await verify(person, collector, firstSecond, second)) };
}

const isThere = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

async function killOnce(saker: Saker): Promise<number> {
  const pid = (await saker.processes()).get('server') ?? 0;
  if (pid === 0) throw new Error('there is no server to kill');
  process.kill(pid, 'SIGKILL');
  const killedAtMs = performance.now();
  // Gone once the supervisor has noticed: whoever answers from now on is another.
  for (let waits = 0; isThere(pid) && waits < GONE_WAITS_MAX; waits++) await delay(2);
  await saker.ready();
  return performance.now() - killedAtMs;
}

async function verify(
  person: Console,
  { acknowledged }: OracleCollector,
  from: number,
  to: number,
): Promise<Omit<KillOutcome, 'readyMs'>> {
  const metrics = Array.from({ length: SERIES }, (_, index) => `oracle.m${index}`);
  const query = {
    select: { endpoints: ['oracle-host'], metrics },
    fromMs: from * 1000,
    toMs: to * 1000,
    stepSeconds: 1,
  };
  const answer = await person.post<QueryRangeAnswer>('/api/v1/query_range', query);
  let [lost, doubled] = [(SERIES - answer.series.length) * acknowledged.size, 0];
  for (const series of answer.series) {
    const index = Number(series.metric.slice('oracle.m'.length));
    for (const second of acknowledged) {
      const at = second - from;
      if (series.avg[at] !== oracleValue(index, second)) lost++;
      if ((series.count[at] ?? 0) > 1) doubled++;
    }
  }
  return { acknowledged: acknowledged.size, lost, doubled };
}
