/**
 * All that is measured of one running container, from its cgroups and its network namespace.
 *
 * Built when the container starts; dropped when it ends. When its accounting vanishes between two
 * ticks, `isGone` tells so, and nothing more is measured.
 */

import type { KeptFile } from '../../reading/kept-file.ts';
import type { ContainerDescription } from '../../sampling/identity.ts';
import { InterfaceTable } from '../interface-table.ts';
import type { Probe, ProbeSite } from '../probe.ts';
import { BlockIoProbeV1, BlockIoProbeV2 } from './block-io.ts';
import type { CgroupFolders } from './cgroup-paths.ts';
import { ContainerMemoryProbe } from './memory.ts';
import { ProcessorProbeV1, ProcessorProbeV2 } from './processor.ts';
import { ProcessorLimit, SETTINGS_TICKS } from './processor-limit.ts';
import { TasksProbe } from './tasks.ts';
import { ThrottlingProbe } from './throttling.ts';

/** Ticks in a row in which nothing could be read after which a container is gone. */
const MISSING_TICKS_MAX = 2;

export class ContainerProbe implements Probe {
  readonly name: string;
  readonly #site: ProbeSite;
  readonly #limit: ProcessorLimit | null;
  readonly #memory: ContainerMemoryProbe | null;
  readonly #tasks: TasksProbe | null;
  readonly #accounts: readonly Probe[];
  readonly #network: Probe | null;
  #missingTicks = 0;
  #ticksToSettings: number;

  /** `stagger` spreads the seldom reads of many containers over the ticks. */
  constructor(site: ProbeSite, container: ContainerDescription, folders: CgroupFolders, stagger: number) {
    this.name = `container ${container.name}`;
    this.#site = site;
    const { cpu, cpuacct, memory, blkio, pids } = folders;
    this.#limit = cpu === undefined ? null : new ProcessorLimit(site, cpu);
    this.#memory = memory === undefined ? null : new ContainerMemoryProbe(site, memory);
    this.#tasks = pids === undefined ? null : new TasksProbe(site, pids);
    const accounts: Probe[] = [];
    if (this.#limit !== null && cpu !== undefined && cpuacct !== undefined) {
      const Processor = cpuacct.version === 2 ? ProcessorProbeV2 : ProcessorProbeV1;
      accounts.push(new Processor(site, cpuacct, this.#limit), new ThrottlingProbe(site, cpu, this.#limit));
    }
    if (this.#memory !== null) accounts.push(this.#memory);
    if (this.#tasks !== null) accounts.push(this.#tasks);
    if (blkio !== undefined) {
      accounts.push(blkio.version === 2 ? new BlockIoProbeV2(site, blkio) : new BlockIoProbeV1(site, blkio));
    }
    this.#accounts = accounts;
    // Without accounts the process number may be somebody else's by now, and its network too.
    this.#network = accounts.length === 0 || container.hostNetwork ? null : new NetworkOfContainer(site, container.pid);
    this.#ticksToSettings = stagger % SETTINGS_TICKS;
    this.#limit?.refresh();
  }

  get isGone(): boolean {
    return this.#missingTicks >= MISSING_TICKS_MAX;
  }

  /** Its settings may have changed: they are read again with the next sample. */
  refresh(): void {
    this.#ticksToSettings = 0;
    this.#memory?.refresh();
    this.#tasks?.refresh();
  }

  sample(): void {
    if (this.#accounts.length === 0) return;
    if (this.#ticksToSettings-- <= 0) {
      this.#ticksToSettings = SETTINGS_TICKS - 1;
      this.#limit?.refresh();
    }
    const { reads } = this.#site.desk;
    for (const probe of this.#accounts) probe.sample();
    if (this.#site.desk.reads === reads) {
      this.#missingTicks++;
      return this.close();
    }
    this.#missingTicks = 0;
    this.#limit?.put();
    this.#network?.sample();
  }

  close(): void {
    this.#limit?.close();
    this.#network?.close();
    for (const probe of this.#accounts) probe.close();
  }
}

class NetworkOfContainer implements Probe {
  readonly name = 'network';
  readonly #file: KeptFile;
  readonly #table: InterfaceTable;

  constructor(site: ProbeSite, pid: number) {
    this.#file = site.file(`${site.procRoot}/${pid}/net/dev`);
    this.#table = new InterfaceTable(site, (name) => name !== 'lo');
  }

  sample(): void {
    this.#table.sample(this.#file);
  }

  close(): void {
    this.#file.close();
  }
}
