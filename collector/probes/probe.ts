import type { Clock, Tags } from '../../core/index.ts';
import { FairRation } from '../reading/fair-ration.ts';
import { KeptFile, ReadingDesk } from '../reading/kept-file.ts';
import type { Column, EndpointEntry, SeriesRegister } from '../sampling/series-register.ts';

/** Something that is read once a tick and puts what it measured into the open frame. */
export interface Probe {
  /** For the log, when it fails. */
  readonly name: string;
  /**
   * Synchronous: what may hang is fetched beside the ticks and handed over here. Sets no value
   * where nothing was measured.
   */
  sample(): void;
  /** Lets go of the open files. Sampling after that opens them again. */
  close(): void;
}

/** One whose values can only change while a task of the container runs, or hardly otherwise. */
export interface QuietProbe extends Probe {
  /**
   * Nothing ran since the last read: puts what still holds, without reading it. Now and then, with
   * `isLookDue`, it is looked whether it does.
   */
  repeat(isLookDue: boolean): void;
}

/** What probes find out about the host for each other. */
export class HostFacts {
  /** Cores that are online; 0 until /proc/stat was read. */
  cpuCount = 0;
  /** Connections that the kernel's table holds; NaN without connection tracking. */
  trackedMax = Number.NaN;
  /** The writable layer of some container is being walked: one at a time is enough. */
  isWalking = false;
  /** `major:minor` of a block device → its name. */
  readonly deviceNames = new Map<string, string>();
}

/** One look at the TCP tables of one namespace each five seconds: 0.7 ms of them, 0.015 % of a core. */
const SOCKET_TABLES_PER_SECOND = 0.2;

/** Threads whose state is looked at: 12 µs each, so at most 0.4 % of a core on a host full of busy threads. */
const THREADS_PER_SECOND = 300;

/** What all probes of a collector share. */
export class ProbeShared {
  readonly desk: ReadingDesk;
  readonly procRoot: string;
  readonly facts = new HostFacts();
  readonly register: SeriesRegister;
  readonly socketTables: FairRation;
  readonly threads: FairRation;

  constructor(clock: Clock, procRoot: string, register: SeriesRegister) {
    this.desk = new ReadingDesk(clock);
    this.procRoot = procRoot;
    this.register = register;
    this.socketTables = new FairRation({ clock, tokensPerSecond: SOCKET_TABLES_PER_SECOND, tokensMax: 1 });
    this.threads = new FairRation({ clock, tokensPerSecond: THREADS_PER_SECOND, tokensMax: THREADS_PER_SECOND });
  }
}

/** What a probe is built from: what all share, and the endpoint that it measures. */
export class ProbeSite {
  readonly #shared: ProbeShared;
  readonly #entry: EndpointEntry;

  constructor(shared: ProbeShared, entry: EndpointEntry) {
    this.#shared = shared;
    this.#entry = entry;
  }

  get desk(): ReadingDesk {
    return this.#shared.desk;
  }

  get procRoot(): string {
    return this.#shared.procRoot;
  }

  get facts(): HostFacts {
    return this.#shared.facts;
  }

  get socketTables(): FairRation {
    return this.#shared.socketTables;
  }

  get threads(): FairRation {
    return this.#shared.threads;
  }

  get clock(): Clock {
    return this.desk.clock;
  }

  file(path: string): KeptFile {
    return new KeptFile(this.desk, path);
  }

  column(metric: string, tags?: Tags): Column {
    return this.#shared.register.column(this.#entry, metric, tags);
  }

  /** NaN means "no sample". */
  set(column: Column, value: number): void {
    this.#shared.register.set(column, value);
  }
}
