/**
 * Everything that measures, and nothing that sends: the probes of the host, the containers that
 * Docker tells of, and the columns that they fill. A collector sends what comes out of it;
 * `saker top` shows it.
 */
import { AppError, type Clock, type HostEvent, type Logger, type Second } from '../../core/index.ts';
import { Readings } from '../declared/readings.ts';
import { FactsDesk } from '../engines/container-facts.ts';
import { DockerHttp } from '../engines/docker-http.ts';
import { Engines } from '../engines/engines.ts';
import { KernelLog } from '../kernel-log/kernel-log.ts';
import type { OwnContainer } from '../probes/container/own-container.ts';
import { bootOf, describeHost } from '../probes/host/description.ts';
import { hostProbes } from '../probes/host/index.ts';
import { type Probe, ProbeShared, ProbeSite } from '../probes/probe.ts';
import { ContainerSet } from './container-set.ts';
import { boundedLabels, hostNameOf } from './identity.ts';
import { type DescribedFrame, Sampler } from './sampler.ts';
import { type EndpointEntry, type Generation, SeriesRegister } from './series-register.ts';

export type MeasurementOptions = {
  /** The host's endpoint; cleaned before it is used. */
  readonly name: string;
  readonly cgroupRoot: string;
  readonly procRoot: string;
  /** Docker's unix socket. Nothing has to be there; null: nobody looks. */
  readonly dockerSocket: string | null;
  /** Podman's, the same; asked once a container of Podman was seen. */
  readonly podmanSocket: string | null;
  /** Containers that neither socket tells of are found by their cgroups. */
  readonly scansCgroups: boolean;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Numbers in 0 … 1, to spread reconnects to Docker. */
  readonly random: () => number;
  /** This clock against the server's in ms; NaN while it is not known, or where there is no server. */
  readonly clockOffsetMs: () => number;
  /** The container that this process lives in, where that is to be measured. */
  readonly own?: OwnContainer;
  /** The kernel log, and who is told what it says; absent: nobody reads it. */
  readonly kernelLog?: string | null;
  readonly tell?: (event: HostEvent) => void;
  /** Seconds without a tick since the start, where somebody counts them. */
  readonly ticksMissed?: () => number;
  /** Bytes of samples on disk that wait for the server, and frames given up since the start. */
  readonly backlog?: () => { readonly spoolBytes: number; readonly framesLost: number };
};

export class Measurement {
  /** The host's name as an endpoint. */
  readonly host: string;
  readonly bootEpoch: number;
  readonly #register: SeriesRegister;
  readonly #hostProbes: readonly Probe[];
  readonly #containers: ContainerSet;
  readonly #kernelLog: KernelLog | null;
  readonly #sampler: Sampler;
  readonly #engines: Engines;
  readonly #hostEntry: EndpointEntry;
  /** Values that monitors and receivers measured beside the ticks. */
  readonly readings: Readings;
  readonly facts: FactsDesk;

  /** Throws `CONFIG_INVALID` for a proc folder without figures. */
  constructor(options: MeasurementOptions) {
    const { clock, logger, cgroupRoot, procRoot } = options;
    this.host = hostNameOf(options.name);
    this.bootEpoch = clock.nowMs();
    this.#register = new SeriesRegister(firstGenerationOf(this.bootEpoch));
    const host = this.#register.endpoint(describeHost(this.host, procRoot, cgroupRoot));
    if (host === null) throw new AppError('SERIES_BUDGET', 'the first endpoint of a collector finds no place');
    const shared = new ProbeShared(clock, procRoot, this.#register);
    const site = new ProbeSite(shared, host);
    this.#hostEntry = host;
    this.readings = new Readings(this.#register, host);
    this.#containers = new ContainerSet({ host: this.host, cgroupRoot, shared, logger });
    this.#kernelLog = this.#kernelLogOf(options, site);
    this.#hostProbes = [...hostProbes(site), this.readings, ...(this.#kernelLog === null ? [] : [this.#kernelLog])];
    if (options.own !== undefined) this.#containers.running(options.own.container, 'cgroup', options.own.folders);
    const docker = options.dockerSocket === null ? null : new DockerHttp(options.dockerSocket, clock);
    this.facts = new FactsDesk(docker);
    this.#engines = new Engines({
      ...options,
      docker,
      containers: this.#containers,
      dockerConnected: (version) => describeDocker(this.#register, host, version),
    });
    this.#sampler = new Sampler({
      collector: this.host,
      bootEpoch: this.bootEpoch,
      site,
      register: this.#register,
      hostProbes: this.#hostProbes,
      containers: this.#containers,
      logger,
      clockOffsetMs: options.clockOffsetMs,
      ticksMissed: options.ticksMissed ?? (() => Number.NaN),
      ...(options.backlog === undefined ? {} : { backlog: options.backlog }),
    });
  }

  sample(second: Second): DescribedFrame {
    return this.#sampler.sample(second);
  }

  /** The dictionary of what is measured now. */
  get generation(): Generation {
    return this.#register.generation;
  }

  /** Follows who starts and ends until `signal` aborts. Never rejects. */
  async follow(signal: AbortSignal): Promise<void> {
    await this.#engines.run(signal);
  }

  /** The containers that are measured now. */
  containers(): ReturnType<ContainerSet['members']> {
    return this.#containers.members();
  }

  /** Version of Docker; null while it does not answer. */
  get docker(): string | null {
    return this.#hostEntry.description.system?.docker ?? null;
  }

  /** Gives the host's endpoint labels. */
  label(labels: Readonly<Record<string, string>>): void {
    const { description } = this.#hostEntry;
    this.#register.describe(this.#hostEntry, { ...description, labels: boundedLabels(labels) });
  }

  /** Everything that was refused, failed or given up since the start. */
  losses(): Record<string, number> {
    return {
      probesFailed: this.#sampler.failures,
      containersRefused: this.#containers.refused,
      seriesRefused: this.#register.refused,
      kernelLinesLost: this.#kernelLog?.overruns ?? 0,
      eventsSuppressed: this.#kernelLog?.suppressed ?? 0,
      inspectionsFailed: this.#engines.inspectFailures,
    };
  }

  /** Lets go of every open file. */
  close(): void {
    this.#containers.close();
    for (const probe of this.#hostProbes) probe.close();
  }

  #kernelLogOf({ kernelLog, tell, procRoot, clock, logger }: MeasurementOptions, site: ProbeSite): KernelLog | null {
    if (typeof kernelLog !== 'string' || tell === undefined) return null;
    const log = new KernelLog({
      path: kernelLog,
      tell,
      ...bootOf(procRoot, clock),
      site,
      host: this.host,
      ownerOf: (told) => this.#containers.ownerOf(told),
    });
    if (!log.isOpen) logger.warn({ path: kernelLog }, 'the kernel log can not be read: nobody tells of OOM kills');
    return log;
  }
}

/** Seconds since 1970: later runs have higher numbers, and one renews its dictionary far less than once a second. */
function firstGenerationOf(bootEpoch: number): number {
  return Math.max(1, Math.floor(bootEpoch / 1000) % 2 ** 31);
}

function describeDocker(register: SeriesRegister, host: EndpointEntry, docker: string | null): void {
  const { system } = host.description;
  if (system !== undefined) register.describe(host, { ...host.description, system: { ...system, docker } });
}
