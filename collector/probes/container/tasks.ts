/** Tasks of a container and how many it may have: the pids controller, the same in both versions. */
import type { KeptFile } from '../../reading/kept-file.ts';
import type { Column } from '../../sampling/series-register.ts';
import type { Probe, ProbeSite } from '../probe.ts';
import type { ControllerFolder } from './cgroup-paths.ts';
import { SETTINGS_TICKS } from './processor-limit.ts';

export class TasksProbe implements Probe {
  readonly name = 'tasks';
  readonly #site: ProbeSite;
  readonly #currentFile: KeptFile;
  readonly #limitFile: KeptFile;
  readonly #current: Column;
  readonly #limit: Column;
  #limitValue = Number.NaN;
  #ticksToLimit = 0;

  constructor(site: ProbeSite, { folder }: ControllerFolder) {
    this.#site = site;
    this.#currentFile = site.file(`${folder}/pids.current`);
    this.#limitFile = site.file(`${folder}/pids.max`);
    this.#current = site.column('pids.current');
    this.#limit = site.column('pids.limit');
  }

  /** The limit is read again with the next sample. */
  refresh(): void {
    this.#ticksToLimit = 0;
  }

  sample(): void {
    if (!this.#currentFile.read()) return;
    this.#site.set(this.#current, this.#site.desk.scanner.uint());
    if (this.#ticksToLimit-- <= 0) {
      this.#ticksToLimit = SETTINGS_TICKS - 1;
      // `max` is no number.
      this.#limitValue = this.#limitFile.read() ? this.#site.desk.scanner.uint() : Number.NaN;
      this.#limitFile.close();
    }
    this.#site.set(this.#limit, this.#limitValue);
  }

  close(): void {
    this.#currentFile.close();
    this.#limitFile.close();
  }
}
