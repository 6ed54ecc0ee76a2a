/**
 * All that is measured of one running container: its cgroups, its network namespace, its threads,
 * and what its engine knows.
 *
 * Built when the container starts; dropped when it ends. When its accounting vanishes between two
 * ticks, `isGone` tells so, and nothing more is measured.
 *
 * What changes fast is read each second, what changes slowly every five or ten, each container at
 * its own turn. And of a container that used no processor time since the tick before, memory and
 * tasks are read at their slow turn only: nobody in it can have changed them.
 */
import type { ContainerDescription } from '../../sampling/identity.ts';
import { PressureProbe } from '../pressure.ts';
import type { Probe, ProbeSite, QuietProbe } from '../probe.ts';
import { BlockIoProbeV1, BlockIoProbeV2 } from './account/block-io.ts';
import { ContainerMemoryProbe } from './account/memory.ts';
import { OomKillsProbe } from './account/oom-kills.ts';
import { type ProcessorProbe, ProcessorProbeV1, ProcessorProbeV2 } from './account/processor.ts';
import { ProcessorLimit } from './account/processor-limit.ts';
import { TasksProbe } from './account/tasks.ts';
import { ThrottlingProbe } from './account/throttling.ts';
import type { CgroupFolders } from './cgroup-paths.ts';
import { LayerProbe } from './layer/layer-probe.ts';
import { LifecycleProbe } from './lifecycle.ts';
import { ContainerNetworkProbe } from './network/container-network.ts';
import { ProcessesProbe } from './processes/processes-probe.ts';
import { ThreadsProbe } from './threads/threads-probe.ts';
import { Turn } from './turn.ts';

/** Ticks in a row in which nothing could be read after which a container is gone. */
const MISSING_TICKS_MAX = 2;

/** Ticks between two looks at what moves slowly, limits among them: `docker update` may change these. */
const SLOW_TICKS = 5;
const SLOWER_TICKS = 10;

/** A container this young began while we looked: a fast one is noticed within a second, any within 3 s. */
const JUST_BEGUN_MS = 5000;

export class ContainerProbe implements Probe {
  readonly name: string;
  readonly #site: ProbeSite;
  readonly #limit: ProcessorLimit | null;
  readonly #processor: ProcessorProbe | null;
  readonly #memory: ContainerMemoryProbe | null;
  readonly #tasks: TasksProbe | null;
  readonly #life: LifecycleProbe;
  /** Read each second; a container of which none can be read is gone. */
  readonly #accounts: readonly Probe[];
  readonly #quiet: readonly QuietProbe[];
  readonly #others: readonly Probe[];
  readonly #slow: readonly Probe[];
  readonly #slower: readonly Probe[];
  readonly #slowTurn: Turn;
  readonly #slowerTurn: Turn;
  #missingTicks = 0;
  #usedBefore = Number.NaN;

  /** `stagger` spreads the seldom reads of many containers over the ticks. */
  constructor(site: ProbeSite, container: ContainerDescription, folders: CgroupFolders, stagger: number) {
    this.name = `container ${container.name}`;
    this.#site = site;
    const { cpu, cpuacct, memory, blkio, pids, unified } = folders;
    this.#limit = cpu === undefined ? null : new ProcessorLimit(site, cpu);
    this.#memory = memory === undefined ? null : new ContainerMemoryProbe(site, memory);
    this.#tasks = pids === undefined ? null : new TasksProbe(site, pids);
    this.#life = new LifecycleProbe(site, container);
    const processor = this.#processorOf(folders);
    const throttling = cpu === undefined || this.#limit === null ? null : new ThrottlingProbe(site, cpu, this.#limit);
    const io = blkio === undefined ? null : new (blkio.version === 2 ? BlockIoProbeV2 : BlockIoProbeV1)(site, blkio);
    this.#accounts = present<Probe>(processor, throttling, io);
    this.#quiet = present<QuietProbe>(this.#memory, this.#tasks);
    this.#processor = processor;
    // Without accounts the process number may be somebody else's by now, and its network too.
    const isKnown = this.#accounts.length + this.#quiet.length > 0;
    const hasNetwork = isKnown && !container.hostNetwork;
    const threads = cpuacct === undefined || processor === null ? null : new ThreadsProbe(site, cpuacct, processor);
    this.#others = present<Probe>(hasNetwork ? new ContainerNetworkProbe(site, container.pid, stagger) : null, threads);
    const ageMs = site.clock.nowMs() - container.startedAtMs;
    const oomKills = memory === undefined ? null : new OomKillsProbe(site, memory, ageMs < JUST_BEGUN_MS);
    const hasPressure = unified !== undefined;
    const pressure = hasPressure ? new PressureProbe(site, (name) => `${unified.folder}/${name}.pressure`) : null;
    this.#slow = present<Probe>(oomKills, pressure, isKnown ? this.#life : null);
    const anyFolder = pids ?? cpuacct ?? memory;
    const { layerFolder } = container;
    const layer = layerFolder === null || !isKnown ? null : new LayerProbe(site, layerFolder);
    const told = { used: () => processor?.used ?? Number.NaN, countsIo: () => io?.isCounting ?? false };
    this.#slower = present<Probe>(anyFolder === undefined ? null : new ProcessesProbe(site, anyFolder, told), layer);
    this.#slowTurn = new Turn(SLOW_TICKS, stagger);
    this.#slowerTurn = new Turn(SLOWER_TICKS, stagger);
    this.#limit?.refresh();
  }

  get isGone(): boolean {
    return this.#missingTicks >= MISSING_TICKS_MAX;
  }

  /** Its settings may have changed, and what is told of it: they are read again with the next sample. */
  refresh(container: ContainerDescription): void {
    this.#life.describe(container);
    this.#slowTurn.hasten();
  }

  sample(): void {
    if (this.#accounts.length + this.#quiet.length === 0) return;
    const isSlowTurn = this.#slowTurn.isNow();
    if (isSlowTurn) this.#refreshLimits();
    const { reads } = this.#site.desk;
    for (const probe of this.#accounts) probe.sample();
    const mustRead = isSlowTurn || !this.#isQuiet();
    for (const probe of this.#quiet) {
      if (mustRead) probe.sample();
      else probe.repeat();
    }
    if (this.#site.desk.reads === reads) {
      this.#missingTicks++;
      return this.close();
    }
    this.#missingTicks = 0;
    this.#limit?.put();
    for (const probe of this.#others) probe.sample();
    if (isSlowTurn) for (const probe of this.#slow) probe.sample();
    if (this.#slowerTurn.isNow()) for (const probe of this.#slower) probe.sample();
  }

  close(): void {
    this.#limit?.close();
    for (const probe of [...this.#accounts, ...this.#quiet, ...this.#others, ...this.#slow, ...this.#slower])
      probe.close();
  }

  #refreshLimits(): void {
    this.#limit?.refresh();
    this.#memory?.refresh();
    this.#tasks?.refresh();
  }

  /** True when the container used no processor time since the sample before. */
  #isQuiet(): boolean {
    const used = this.#processor?.used ?? Number.NaN;
    const isQuiet = used === this.#usedBefore;
    this.#usedBefore = used;
    return isQuiet;
  }

  #processorOf({ cpuacct }: CgroupFolders): ProcessorProbe | null {
    if (cpuacct === undefined || this.#limit === null) return null;
    return new (cpuacct.version === 2 ? ProcessorProbeV2 : ProcessorProbeV1)(this.#site, cpuacct, this.#limit);
  }
}

function present<One extends Probe>(...values: readonly (One | null)[]): One[] {
  return values.filter((value) => value !== null);
}
