/** Tasks of a container and how many it may have: the pids controller, the same in both versions. */
import type { KeptFile } from '../../../reading/kept-file.ts';
import type { Column } from '../../../sampling/series-register.ts';
import type { ProbeSite, QuietProbe } from '../../probe.ts';
import type { ControllerFolder } from '../cgroup-paths.ts';

export class TasksProbe implements QuietProbe {
  readonly name = 'tasks';
  readonly #site: ProbeSite;
  readonly #currentFile: KeptFile;
  readonly #limitFile: KeptFile;
  readonly #current: Column;
  readonly #limit: Column;
  readonly #percent: Column;
  #isLimitDue = true;
  #limitValue = Number.NaN;
  #count = Number.NaN;

  constructor(site: ProbeSite, { folder }: ControllerFolder) {
    this.#site = site;
    this.#currentFile = site.file(`${folder}/pids.current`);
    this.#limitFile = site.file(`${folder}/pids.max`);
    this.#current = site.column('pids.current');
    this.#limit = site.column('pids.limit');
    this.#percent = site.column('pids.percent');
  }

  /** All is read again, the limit too, with the next sample or look. */
  refresh(): void {
    this.#isLimitDue = true;
  }

  sample(): void {
    this.#count = this.#currentFile.read() ? this.#site.desk.scanner.uint() : Number.NaN;
    if (Number.isNaN(this.#count)) return;
    if (this.#isLimitDue) {
      this.#isLimitDue = false;
      // `max` is no number.
      this.#limitValue = this.#limitFile.read() ? this.#site.desk.scanner.uint() : Number.NaN;
      this.#limitFile.close();
    }
    this.#put();
  }

  /** Nothing ran, so nobody was born or died. */
  repeat(isLookDue: boolean): void {
    if (isLookDue && this.#isLimitDue) this.sample();
    else if (!Number.isNaN(this.#count)) this.#put();
  }

  close(): void {
    this.#currentFile.close();
    this.#limitFile.close();
  }

  #put(): void {
    this.#site.set(this.#current, this.#count);
    this.#site.set(this.#limit, this.#limitValue);
    this.#site.set(this.#percent, (this.#count * 100) / this.#limitValue);
  }
}
