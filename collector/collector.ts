/** The wiring of a collector: what is made of what, in one line, and its end. */
import { randomInt } from 'node:crypto';
import { AppError, aborted, type Clock, type Logger } from '../core/index.ts';
import { ContainerWatch } from './docker/container-watch.ts';
import { DockerHttp } from './docker/docker-http.ts';
import { hostNameOf } from './identity.ts';
import { describeHost } from './probes/host/description.ts';
import { hostProbes } from './probes/host/index.ts';
import { type ProbeShared, ProbeSite } from './probes/probe.ts';
import { CounterReport } from './process/counter-report.ts';
import { ReadingDesk } from './reading/kept-file.ts';
import { ContainerSet } from './sampling/container-set.ts';
import { Sampler } from './sampling/sampler.ts';
import { type EndpointEntry, SeriesRegister } from './sampling/series-register.ts';
import { TickLoop } from './sampling/tick-loop.ts';
import { ClockOffset } from './transport/clock-offset.ts';
import { Link } from './transport/link.ts';
import { ResendBuffer } from './transport/resend-buffer.ts';

export type CollectorOptions = {
  /** Address of the server, e.g. `ws://127.0.0.1:7070`. */
  readonly server: string;
  /** File that holds the join token. */
  readonly tokenFile: string;
  /** The host's endpoint; the host's name if nothing else is wanted. */
  readonly name: string;
  readonly cgroupRoot: string;
  readonly procRoot: string;
  /** Docker's unix socket. Nothing has to be there; null: nobody looks. */
  readonly dockerSocket: string | null;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Told to the server, for its log. */
  readonly version?: string;
};

/**
 * Measures this host and its containers every second and sends that to the server, until `signal`
 * aborts. Resolves when everything is closed. Throws `CONFIG_INVALID` for an address that is none
 * and for a proc folder without figures; anything that may come right later is waited for.
 */
export async function runCollector(options: CollectorOptions, signal: AbortSignal): Promise<void> {
  const { clock, logger, cgroupRoot, procRoot } = options;
  checkAddress(options.server);
  const name = hostNameOf(options.name);
  const bootEpoch = clock.nowMs();
  const random = (): number => randomInt(2 ** 32) / 2 ** 32;

  const register = new SeriesRegister();
  const shared: ProbeShared = {
    desk: new ReadingDesk(clock),
    procRoot,
    facts: { cpuCount: 0, deviceNames: new Map() },
    register,
  };
  const host = register.endpoint(describeHost(name, procRoot, cgroupRoot));
  if (host === null) throw new AppError('SERIES_BUDGET', 'the first endpoint of a collector finds no place');
  const site = new ProbeSite(shared, host);
  const probes = hostProbes(site);
  const containers = new ContainerSet({ host: name, cgroupRoot, shared, logger });
  const buffer = new ResendBuffer();
  const offset = new ClockOffset();
  const run = { collector: name, bootEpoch, clock, logger };
  const link = new Link({
    ...run,
    server: options.server,
    tokenFile: options.tokenFile,
    version: options.version ?? 'unknown',
    buffer,
    offset,
    random,
  });
  const sampler = new Sampler({
    ...run,
    site,
    register,
    hostProbes: probes,
    containers,
    clockOffsetMs: () => offset.offsetMs,
  });
  const ticks = new TickLoop(clock, (second) => link.offer(sampler.sample(second)));
  const { dockerSocket } = options;
  const watch =
    dockerSocket === null
      ? null
      : new ContainerWatch({
          docker: new DockerHttp(dockerSocket, clock),
          events: {
            connected: (docker) => describeDocker(register, host, docker),
            running: (container) => containers.running(container),
            ended: (id) => containers.ended(id),
            listed: (ids) => containers.endAllBut(ids),
          },
          clock,
          logger,
          random,
        });
  const parts = { ticks, sampler, containers, register, buffer, link, watch };
  const report = new CounterReport(clock, logger, () => lossesOf(parts));

  link.start();
  ticks.start();
  report.start();
  await (watch?.run(signal) ?? aborted(signal));
  report.stop();
  ticks.stop();
  await link.stop();
  containers.close();
  for (const probe of probes) probe.close();
}

type Parts = {
  readonly ticks: TickLoop;
  readonly sampler: Sampler;
  readonly containers: ContainerSet;
  readonly register: SeriesRegister;
  readonly buffer: ResendBuffer;
  readonly link: Link;
  readonly watch: ContainerWatch | null;
};

/** Everything that was refused, skipped or given up since the start. */
function lossesOf({ ticks, sampler, containers, register, buffer, link, watch }: Parts): Record<string, number> {
  return {
    ticksSkipped: ticks.skipped,
    clockSteps: ticks.clockSteps,
    probesFailed: sampler.failures,
    containersRefused: containers.refused,
    seriesRefused: register.refused,
    framesDropped: buffer.dropped,
    framesUnsendable: link.unsendable,
    inspectionsFailed: watch?.inspectFailures ?? 0,
  };
}

function checkAddress(server: string): void {
  const isAddress = URL.canParse(server) && /^wss?:$/.test(new URL(server).protocol);
  if (isAddress) return;
  const hint = 'write it like ws://127.0.0.1:7070';
  throw new AppError('CONFIG_INVALID', 'the address of the server is none', { where: '--server', hint });
}

function describeDocker(register: SeriesRegister, host: EndpointEntry, docker: string | null): void {
  const { system } = host.description;
  if (system !== undefined) register.describe(host, { ...host.description, system: { ...system, docker } });
}
