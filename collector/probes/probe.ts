import type { Clock, Tags } from '../../core/index.ts';
import { KeptFile, type ReadingDesk } from '../reading/kept-file.ts';
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

/** What probes find out about the host for each other. */
export type HostFacts = {
  /** Cores that are online; 0 until /proc/stat was read. */
  cpuCount: number;
  /** `major:minor` of a block device → its name. */
  readonly deviceNames: Map<string, string>;
};

/** What a probe is built from: the shared reading desk, and the endpoint it measures. */
export class ProbeSite {
  readonly desk: ReadingDesk;
  readonly procRoot: string;
  readonly facts: HostFacts;
  readonly #register: SeriesRegister;
  readonly #entry: EndpointEntry;

  constructor(shared: ProbeShared, entry: EndpointEntry) {
    this.desk = shared.desk;
    this.procRoot = shared.procRoot;
    this.facts = shared.facts;
    this.#register = shared.register;
    this.#entry = entry;
  }

  get clock(): Clock {
    return this.desk.clock;
  }

  file(path: string): KeptFile {
    return new KeptFile(this.desk, path);
  }

  column(metric: string, tags?: Tags): Column {
    return this.#register.column(this.#entry, metric, tags);
  }

  /** NaN means "no sample". */
  set(column: Column, value: number): void {
    this.#register.set(column, value);
  }
}

export type ProbeShared = {
  readonly desk: ReadingDesk;
  readonly procRoot: string;
  readonly facts: HostFacts;
  readonly register: SeriesRegister;
};
