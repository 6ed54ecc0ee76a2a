/**
 * Open file descriptors of all processes of a container. Since Linux 6.2 the size of `/proc/<pid>/fd`
 * is their number (fs/proc/fd.c), which costs one call a process; older kernels say 0, and have to
 * be asked for the names, which is done for few processes only.
 */
import { readdirSync, statSync } from 'node:fs';
import type { KeptFile } from '../../reading/kept-file.ts';
import type { Column } from '../../sampling/series-register.ts';
import type { Probe, ProbeSite } from '../probe.ts';
import type { ControllerFolder } from './cgroup-paths.ts';

/** A container with more processes has no sample: a part of the sum would look like all of it. */
const PROCESSES_MAX = 100;

/** And where the names must be listed, each perhaps thousands, with fewer. */
const LISTED_PROCESSES_MAX = 10;

export class OpenFilesProbe implements Probe {
  readonly name = 'open files';
  readonly #site: ProbeSite;
  readonly #list: KeptFile;
  readonly #column: Column;
  #processes: number[] = [];

  constructor(site: ProbeSite, { folder }: ControllerFolder) {
    this.#site = site;
    this.#list = site.file(`${folder}/cgroup.procs`);
    this.#column = site.column('files.open');
  }

  sample(): void {
    if (!this.#list.read()) return;
    const { scanner } = this.#site.desk;
    this.#processes = [];
    for (; !scanner.atEnd; scanner.skipLine()) this.#processes.push(scanner.uint());
    this.#list.close();
    this.#site.set(this.#column, this.#countAll());
  }

  close(): void {
    this.#list.close();
  }

  #countAll(): number {
    if (this.#processes.length > PROCESSES_MAX) return Number.NaN;
    let total = 0;
    let listedCount = 0;
    for (const pid of this.#processes) {
      const folder = `${this.#site.procRoot}/${pid}/fd`;
      let count = sizeOf(folder);
      if (count === 0) {
        if (++listedCount > LISTED_PROCESSES_MAX) return Number.NaN;
        count = entriesOf(folder);
      }
      total += count;
    }
    return total;
  }
}

/** Descriptors of one process; 0 where the kernel does not say, or the process has ended. */
function sizeOf(folder: string): number {
  // A missing folder is a process that ended meanwhile. Other failures (no permission) show in the listing.
  try {
    const stat = statSync(folder, { throwIfNoEntry: false });
    return stat === undefined || stat.blocks > 0 ? 0 : stat.size;
  } catch {
    return 0;
  }
}

/** NaN where we may not look: the sum is not known then. */
function entriesOf(folder: string): number {
  try {
    return readdirSync(folder).length;
  } catch (error) {
    const isGone = error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH');
    return isGone ? 0 : Number.NaN;
  }
}
