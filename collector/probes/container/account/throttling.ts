/**
 * How much a container was held back by its CPU limit: `cpu.stat` of either version. Read only
 * while there is a limit, because without one the kernel counts no periods.
 */
import { Counter } from '../../../reading/counter.ts';
import type { KeptFile } from '../../../reading/kept-file.ts';
import { KeyedLines } from '../../../reading/keyed-lines.ts';
import type { Column } from '../../../sampling/series-register.ts';
import type { Probe, ProbeSite } from '../../probe.ts';
import type { ControllerFolder } from '../cgroup-paths.ts';
import type { ProcessorLimit } from './processor-limit.ts';

export class ThrottlingProbe implements Probe {
  readonly name = 'throttling';
  readonly #site: ProbeSite;
  readonly #limit: ProcessorLimit;
  readonly #file: KeptFile;
  readonly #lines: KeyedLines;
  /** Units of the throttled time in a millisecond: nanoseconds in version 1, microseconds in 2. */
  readonly #unitsPerMs: number;
  readonly #percent: Column;
  readonly #ms: Column;
  readonly #periods = new Counter();
  readonly #throttled = new Counter();
  readonly #time = new Counter();

  constructor(site: ProbeSite, { version, folder }: ControllerFolder, limit: ProcessorLimit) {
    this.#site = site;
    this.#limit = limit;
    this.#file = site.file(`${folder}/cpu.stat`);
    this.#lines = new KeyedLines(['nr_periods', 'nr_throttled', version === 2 ? 'throttled_usec' : 'throttled_time']);
    this.#unitsPerMs = version === 2 ? 1e3 : 1e6;
    this.#percent = site.column('cpu.throttled.percent');
    this.#ms = site.column('cpu.throttled.ms');
  }

  sample(): void {
    if (!(this.#limit.cores > 0) || !this.#file.read()) return this.#forget();
    const { scanner, readAtMs } = this.#site.desk;
    this.#lines.scan(scanner);
    const periods = this.#periods.delta(this.#lines.at(0));
    const throttled = this.#throttled.delta(this.#lines.at(1));
    // An idle container has no periods in which it could be held back: nothing was held back.
    this.#site.set(this.#percent, periods === 0 ? 0 : Math.min(100, (throttled * 100) / periods));
    this.#site.set(this.#ms, this.#time.perSecond(this.#lines.at(2), readAtMs) / this.#unitsPerMs);
  }

  close(): void {
    this.#file.close();
  }

  #forget(): void {
    this.#periods.forget();
    this.#throttled.forget();
    this.#time.forget();
  }
}
