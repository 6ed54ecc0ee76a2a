/** /proc/vmstat: page faults, swapping, and the OOM killer's kills on the whole host. */
import { Counter } from '../../reading/counter.ts';
import { KeyedLines } from '../../reading/keyed-lines.ts';
import type { Column } from '../../sampling/series-register.ts';
import type { Probe, ProbeSite } from '../probe.ts';

/** Every architecture that Node 20 is built for has pages of 4 KiB by default. */
const PAGE_BYTES = 4096;

/** In the order of the file. `oom_kill` is there since Linux 4.13. */
const KEYS = ['pswpin', 'pswpout', 'pgfault', 'pgmajfault', 'oom_kill'];
const OOM_KILL = 4;

export class PagingProbe implements Probe {
  readonly name = 'paging';
  readonly #site: ProbeSite;
  readonly #file;
  readonly #lines = new KeyedLines(KEYS);
  readonly #rates: readonly { readonly counter: Counter; readonly column: Column; readonly unit: number }[];
  readonly #kills: Column;
  readonly #killCounter = new Counter();

  constructor(site: ProbeSite) {
    this.#site = site;
    this.#file = site.file(`${site.procRoot}/vmstat`);
    const rate = (metric: string, unit: number) => ({ counter: new Counter(), column: site.column(metric), unit });
    this.#rates = [
      rate('mem.swap.in', PAGE_BYTES),
      rate('mem.swap.out', PAGE_BYTES),
      rate('mem.faults', 1),
      rate('mem.faults.major', 1),
    ];
    this.#kills = site.column('mem.oom.kills');
  }

  sample(): void {
    if (!this.#file.read()) {
      this.#killCounter.forget();
      for (const { counter } of this.#rates) counter.forget();
      return;
    }
    const { scanner, readAtMs } = this.#site.desk;
    this.#lines.scan(scanner);
    for (const [index, { counter, column, unit }] of this.#rates.entries()) {
      this.#site.set(column, counter.perSecond(this.#lines.at(index) * unit, readAtMs));
    }
    this.#site.set(this.#kills, this.#killCounter.delta(this.#lines.at(OOM_KILL)));
  }

  close(): void {
    this.#file.close();
  }
}
