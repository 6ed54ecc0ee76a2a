/** What only the processes of a container tell: open files, and block I/O where its cgroup does not count it. */
import type { KeptFile } from '../../../reading/kept-file.ts';
import type { Column } from '../../../sampling/series-register.ts';
import type { Probe, ProbeSite } from '../../probe.ts';
import type { ControllerFolder } from '../cgroup-paths.ts';
import { openFilesOf } from './open-files.ts';
import { ProcessIo } from './process-io.ts';

/** A container with more has no sample: a part of the sum would look like all of it. */
const PROCESSES_MAX = 100;

/** What other probes of the container have found out. */
export type ProcessesOptions = {
  /** Processor time that it has used. */
  readonly used: () => number;
  /** The cgroup counts its block I/O. */
  readonly countsIo: () => boolean;
};

export class ProcessesProbe implements Probe {
  readonly name = 'processes';
  readonly #site: ProbeSite;
  readonly #options: ProcessesOptions;
  readonly #list: KeptFile;
  readonly #files: Column;
  readonly #io: ProcessIo;
  #pids: readonly number[] | null = null;
  #openCount = Number.NaN;
  #usedBefore = Number.NaN;

  constructor(site: ProbeSite, { folder }: ControllerFolder, options: ProcessesOptions) {
    this.#site = site;
    this.#options = options;
    this.#list = site.file(`${folder}/cgroup.procs`);
    this.#files = site.column('files.open');
    this.#io = new ProcessIo(site);
  }

  sample(): void {
    const used = this.#options.used();
    // Where nothing ran, nobody was born, and nothing opened.
    if (used !== this.#usedBefore) this.#look();
    this.#usedBefore = used;
    if (this.#pids === null) return this.#io.forget();
    this.#site.set(this.#files, this.#openCount);
    if (this.#options.countsIo()) this.#io.forget();
    else this.#io.sample(this.#pids, used);
  }

  close(): void {
    this.#list.close();
  }

  #look(): void {
    this.#pids = this.#readPids();
    this.#openCount = this.#pids === null ? Number.NaN : openFilesOf(this.#site.procRoot, this.#pids);
  }

  /** Null where they can not be told, or are too many. */
  #readPids(): readonly number[] | null {
    if (!this.#list.read()) return null;
    const { scanner } = this.#site.desk;
    const pids: number[] = [];
    for (; !scanner.atEnd && pids.length <= PROCESSES_MAX; scanner.skipLine()) pids.push(scanner.uint());
    this.#list.close();
    return pids.length > PROCESSES_MAX ? null : pids;
  }
}
