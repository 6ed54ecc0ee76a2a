/** /proc/loadavg: `0.20 0.18 0.12 1/80 11206`, the last but one being runnable/existing tasks. */
import type { ByteScanner } from '../../reading/byte-scanner.ts';
import type { Column } from '../../sampling/series-register.ts';
import type { Probe, ProbeSite } from '../probe.ts';

const DOT = 46;
const SLASH = 47;

export class LoadProbe implements Probe {
  readonly name = 'load';
  readonly #site: ProbeSite;
  readonly #file;
  readonly #loads: readonly Column[];
  readonly #tasks: Column;

  constructor(site: ProbeSite) {
    this.#site = site;
    this.#file = site.file(`${site.procRoot}/loadavg`);
    this.#loads = ['load.1min', 'load.5min', 'load.15min'].map((metric) => site.column(metric));
    this.#tasks = site.column('proc.total');
  }

  sample(): void {
    if (!this.#file.read()) return;
    const { scanner } = this.#site.desk;
    for (const column of this.#loads) this.#site.set(column, hundredths(scanner) / 100);
    if (scanner.skipPast(SLASH)) this.#site.set(this.#tasks, scanner.uint());
  }

  close(): void {
    this.#file.close();
  }
}

/** The kernel prints exactly two decimals (fs/proc/loadavg.c). */
function hundredths(scanner: ByteScanner): number {
  const whole = scanner.uint();
  if (scanner.peek() !== DOT) return Number.NaN;
  scanner.offset++;
  return whole * 100 + scanner.uint();
}
