/**
 * All that is measured of one running container: its cgroups, its network namespace, its threads,
 * and what its engine knows.
 *
 * Built when the container starts; dropped when it ends. When its accounting vanishes between two
 * ticks, `isGone` tells so, and nothing more is measured.
 *
 * What changes fast is read each second, what changes slowly every five, ten or thirty, each container
 * at its own turn. And what can change only while something of the container runs is not read again
 * while nothing does: the kernel's account of the processor time is exact to the nanosecond.
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
import { ThrottleFile, ThrottlingProbe } from './account/throttling.ts';
import type { CgroupFolders } from './cgroup-paths.ts';
import { LayerProbe } from './layer/layer-probe.ts';
import { LifecycleProbe } from './lifecycle.ts';
import { ContainerNetworkProbe } from './network/container-network.ts';
import { ProcessesProbe } from './processes/processes-probe.ts';
import { ThreadsProbe } from './threads/threads-probe.ts';
import { Turn } from './turn.ts';

/** Ticks in a row in which nothing could be read after which a container is gone. */
const MISSING_TICKS_MAX = 2;

/** Ticks between two looks at what moves slowly. */
const SLOW_TICKS = 5;
const SLOWER_TICKS = 10;

/** A container this young began while we looked: a fast one is noticed within a second, any within 3 s. */
const JUST_BEGUN_MS = 5000;

/** Limits change seldom, and engines tell when they change them. */
const LIMIT_TICKS = 30;

/** What ends in the very moment of a tick has its ends within the next second: a task that is not reaped yet. */
const QUIET_TICKS_MIN = 2;

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
  readonly #threads: ThreadsProbe | null;
  readonly #oomKills: OomKillsProbe | null;
  readonly #pressure: PressureProbe | null;
  readonly #processes: ProcessesProbe | null;
  readonly #layer: LayerProbe | null;
  readonly #limitTurn: Turn;
  readonly #slowTurn: Turn;
  readonly #slowerTurn: Turn;
  #missingTicks = 0;
  #quietTicks = 0;
  readonly #usedAt = { tick: Number.NaN, slow: Number.NaN };

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
    const io = blkio === undefined ? null : new (blkio.version === 2 ? BlockIoProbeV2 : BlockIoProbeV1)(site, blkio);
    this.#accounts = present<Probe>(processor, io);
    this.#quiet = present<QuietProbe>(this.#throttlingOf(folders, processor), this.#memory, this.#tasks);
    this.#processor = processor;
    // Without accounts the process number may be somebody else's by now, and its network too.
    const isKnown = this.#accounts.length + this.#quiet.length > 0;
    const hasNetwork = isKnown && !container.hostNetwork;
    this.#threads = cpuacct === undefined || processor === null ? null : new ThreadsProbe(site, cpuacct, processor);
    const network = hasNetwork ? new ContainerNetworkProbe(site, container.pid, stagger) : null;
    this.#others = present<Probe>(network, this.#threads);
    const ageMs = site.clock.nowMs() - container.startedAtMs;
    this.#oomKills = memory === undefined ? null : new OomKillsProbe(site, memory, ageMs < JUST_BEGUN_MS);
    const hasPressure = unified !== undefined;
    this.#pressure = hasPressure ? new PressureProbe(site, (name) => `${unified.folder}/${name}.pressure`) : null;
    const anyFolder = pids ?? cpuacct ?? memory;
    const told = { used: () => processor?.used ?? Number.NaN, countsIo: () => io?.isCounting ?? false };
    this.#processes = anyFolder === undefined ? null : new ProcessesProbe(site, anyFolder, told);
    const { layerFolder } = container;
    this.#layer = layerFolder === null || !isKnown ? null : new LayerProbe(site, layerFolder);
    this.#limitTurn = new Turn(LIMIT_TICKS, stagger);
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
    this.#limitTurn.hasten();
    this.#slowTurn.hasten();
  }

  sample(): void {
    if (this.#accounts.length + this.#quiet.length === 0) return;
    const isSlowTurn = this.#slowTurn.isNow();
    const isLimitTurn = this.#limitTurn.isNow();
    if (isLimitTurn) this.#refreshLimits();
    const { reads } = this.#site.desk;
    for (const probe of this.#accounts) probe.sample();
    const isQuiet = this.#isQuiet();
    for (const probe of this.#quiet) {
      if (isQuiet) probe.repeat(isSlowTurn || isLimitTurn);
      else probe.sample();
    }
    if (this.#site.desk.reads === reads) {
      this.#missingTicks++;
      return this.close();
    }
    this.#missingTicks = 0;
    this.#limit?.put();
    for (const probe of this.#others) probe.sample();
    if (isSlowTurn) this.#sampleSlow();
    if (this.#slowerTurn.isNow()) this.#sampleSlower();
  }

  close(): void {
    this.#limit?.close();
    const more = present<Probe>(this.#oomKills, this.#pressure, this.#processes, this.#layer);
    for (const probe of [...this.#accounts, ...this.#quiet, ...this.#others, ...more]) probe.close();
  }

  #sampleSlow(): void {
    const isResting = this.#isResting('slow');
    this.#life.sample();
    sampleOrRepeat(this.#oomKills, isResting);
    // Who waits for a disk uses no processor time either.
    sampleOrRepeat(this.#pressure, isResting && this.#threads?.isIdle === true);
  }

  #sampleSlower(): void {
    this.#processes?.sample();
    this.#layer?.sample();
  }

  #refreshLimits(): void {
    this.#limit?.refresh();
    this.#memory?.refresh();
    this.#tasks?.refresh();
  }

  #isQuiet(): boolean {
    this.#quietTicks = this.#isResting('tick') ? this.#quietTicks + 1 : 0;
    return this.#quietTicks >= QUIET_TICKS_MIN;
  }

  /** True when the container used no processor time since this was asked before for the same turn. */
  #isResting(turn: 'tick' | 'slow'): boolean {
    const used = this.#processor?.used ?? Number.NaN;
    const isResting = used === this.#usedAt[turn];
    this.#usedAt[turn] = used;
    return isResting;
  }

  #processorOf({ cpuacct }: CgroupFolders): ProcessorProbe | null {
    if (cpuacct === undefined || this.#limit === null) return null;
    return new (cpuacct.version === 2 ? ProcessorProbeV2 : ProcessorProbeV1)(this.#site, cpuacct, this.#limit);
  }

  #throttlingOf({ cpu }: CgroupFolders, processor: ProcessorProbe | null): ThrottlingProbe | null {
    if (cpu === undefined || this.#limit === null) return null;
    const counts = processor instanceof ProcessorProbeV2 ? processor : new ThrottleFile(this.#site, cpu);
    return new ThrottlingProbe(this.#site, counts, this.#limit);
  }
}

function sampleOrRepeat(probe: QuietProbe | null, isResting: boolean): void {
  if (isResting) probe?.repeat(true);
  else probe?.sample();
}

function present<One extends Probe>(...values: readonly (One | null)[]): One[] {
  return values.filter((value) => value !== null);
}
