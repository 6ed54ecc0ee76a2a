/**
 * What watching costs: a collector on 50 and on 100 real containers, the engine's own cost with and
 * without it, its ticks, and others on the same containers.
 *
 *     npm run bench -- collector [--minutes 10] [--no-peers]
 */
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { EndpointsAnswer } from '../../../core/index.ts';
import { type TestDocker, testDocker } from '../../docker/engine.ts';
import { startAgent } from '../../harness/agent.ts';
import type { Console } from '../../harness/console.ts';
import { prepared } from '../../harness/prepared.ts';
import { Saker } from '../../harness/saker.ts';
import { until } from '../../harness/waiting.ts';
import type { Bench, BenchContext } from '../bench.ts';
import { growCrowd } from './crowd.ts';
import { measureDockerStats, measurePeers } from './peers.ts';
import { cpuPercent, pidsWith, residentMegabytes } from './processes.ts';
import { TickWatch } from './ticks.ts';

const COUNTS = [50, 100] as const;
const HOST = 'bench';
/** Opening files, compiling and describing is paid once. */
const WARM_UP_MS = 15_000;

export const collectorBench: Bench = {
  name: 'collector',
  summary: 'what watching 50 and 100 containers costs, beside netdata, collectd and docker stats (needs Docker)',
  run: (context) => prepared(context.environment, (environment) => measure({ ...context, environment })),
};

async function measure(context: BenchContext): Promise<void> {
  const options = { minutes: { type: 'string' }, 'no-peers': { type: 'boolean' } } as const;
  const { values } = parseArgs({ args: [...context.args], options });
  const seconds = Math.round(Number(values.minutes ?? 1) * 60);
  const docker = testDocker(context.environment);
  const saker = await Saker.start({ command: 'server' });
  try {
    const person = await saker.signIn();
    const percents: number[] = [];
    let grown = 0;
    for (const count of COUNTS) {
      context.say(`starting containers until there are ${count}`);
      await growCrowd(docker, grown, count);
      grown = count;
      const round = { count, seconds, saker, person, docker, withPeers: values['no-peers'] !== true };
      percents.push(await measureCount(context, round));
    }
    const [fifty = Number.NaN, hundred = Number.NaN] = percents;
    context.figures.emit('collector.container_cpu_percent', (hundred - fifty) / (COUNTS[1] - COUNTS[0]), '%');
  } finally {
    await saker.stop();
    await docker.removeAll();
  }
}

type Round = {
  readonly count: number;
  readonly seconds: number;
  readonly saker: Saker;
  readonly person: Console;
  readonly docker: TestDocker;
  readonly withPeers: boolean;
};

/** Processor time of the collector, in percent of one core. */
async function measureCount(context: BenchContext, round: Round): Promise<number> {
  const { count, seconds, saker, person, docker } = round;
  const { figures, say } = context;
  const folder = docker.socket.replace(/\/docker\.sock$/, '');
  const enginePids = await pidsWith(`${folder}/docker`);
  say(`the engine alone (${seconds} s)`);
  const idlePercent = await cpuPercent(enginePids, () => delay(seconds * 1000));
  const agent = startAgent(saker, HOST, docker.socket);
  let percent = Number.NaN;
  try {
    await untilSeen(person, count);
    await delay(WARM_UP_MS);
    const ticks = await TickWatch.start(person, HOST);
    say(`the collector on ${count} containers (${seconds} s)`);
    const enginePercent = await cpuPercent(enginePids, async () => {
      percent = await cpuPercent([agent.pid], () => delay(seconds * 1000));
    });
    figures.emit(`collector.cpu_percent_${count}`, percent, '%');
    figures.emit(`collector.resident_mb_${count}`, await residentMegabytes(agent.pid), 'MiB');
    figures.emit(`collector.engine_added_percent_${count}`, enginePercent - idlePercent, '%');
    figures.emit(`collector.series_per_container_${count}`, await seriesPerContainer(person), 'series');
    if (count === COUNTS.at(-1)) ticks.end(figures);
  } finally {
    await agent.stop();
  }
  if (round.withPeers) {
    await measureDockerStats(context, { socket: docker.socket, pids: enginePids, idlePercent }, count);
    await measurePeers(context, count, Math.min(60, seconds));
  }
  figures.computed({ count });
  return percent;
}

const containersOf = async (person: Console) => {
  const { endpoints } = await person.get<EndpointsAnswer>('/api/v1/endpoints');
  return endpoints.filter(({ kind, state, host }) => kind === 'container' && state === 'running' && host === HOST);
};

const untilSeen = (person: Console, count: number) =>
  until(`${count} containers`, async () => (await containersOf(person)).length >= count, 60_000);

/** The fewest that any of them has. */
async function seriesPerContainer(person: Console): Promise<number> {
  return Math.min(...(await containersOf(person)).map(({ seriesCount }) => seriesCount));
}
