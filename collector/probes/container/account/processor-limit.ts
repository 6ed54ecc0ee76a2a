/**
 * How many cores a container may use: its CFS quota. Read every few seconds, since `docker update`
 * may change it while the container runs.
 */
import type { KeptFile } from '../../../reading/kept-file.ts';
import type { Column } from '../../../sampling/series-register.ts';
import type { ProbeSite } from '../../probe.ts';
import type { ControllerFolder } from '../cgroup-paths.ts';

export class ProcessorLimit {
  readonly #site: ProbeSite;
  readonly #column: Column;
  readonly #files: readonly KeptFile[];
  /** Cores; NaN without a limit. */
  cores = Number.NaN;

  constructor(site: ProbeSite, { version, folder }: ControllerFolder) {
    this.#site = site;
    this.#column = site.column('cpu.limit.cores');
    const names = version === 2 ? ['cpu.max'] : ['cpu.cfs_quota_us', 'cpu.cfs_period_us'];
    this.#files = names.map((name) => site.file(`${folder}/${name}`));
  }

  refresh(): void {
    const [first, second] = this.#files;
    if (first === undefined || !first.read()) {
      this.cores = Number.NaN;
    } else {
      const { scanner } = this.#site.desk;
      // `max 100000` and `-1` have no number in front: no limit.
      const quotaUs = scanner.uint();
      const periodUs = second === undefined ? scanner.uint() : this.#period(second);
      this.cores = quotaUs > 0 && periodUs > 0 ? quotaUs / periodUs : Number.NaN;
    }
    this.close();
  }

  put(): void {
    this.#site.set(this.#column, this.cores);
  }

  close(): void {
    for (const file of this.#files) file.close();
  }

  #period(file: KeptFile): number {
    return file.read() ? this.#site.desk.scanner.uint() : Number.NaN;
  }
}
