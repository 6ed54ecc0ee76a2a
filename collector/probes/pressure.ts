/**
 * Pressure stall information (Documentation/accounting/psi.rst): /proc/pressure of a host, and
 * `cpu.pressure` and its like of a cgroup on version 2, which a host with version 1 may have beside it.
 *
 *     some avg10=0.00 avg60=0.00 avg300=0.00 total=12345
 *     full avg10=0.00 avg60=0.00 avg300=0.00 total=345
 *
 * `total` is exact, in microseconds; the averages are the kernel's, damped. So the share of the true
 * time between two looks is taken from the totals. A kernel without PSI has no such file, and the
 * files of one that was booted with `psi=0` can not be read: no series in both cases.
 */
import { Counter } from '../reading/counter.ts';
import type { KeptFile } from '../reading/kept-file.ts';
import type { Column } from '../sampling/series-register.ts';
import type { ProbeSite, QuietProbe } from './probe.ts';

const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'latin1'));
const SOME = bytesOf('some ');
const FULL = bytesOf('full ');
const TOTAL = bytesOf('total=');

/** Microseconds a second in a percent. */
const US_PER_PERCENT = 10_000;

const resources = ['cpu', 'memory', 'io'] as const;
type Resource = (typeof resources)[number];

type Line = { readonly counter: Counter; readonly column: Column };

export class PressureProbe implements QuietProbe {
  readonly name = 'pressure';
  readonly #site: ProbeSite;
  readonly #files: readonly { readonly file: KeptFile; readonly some: Line; readonly full: Line }[];
  /** Tried once and not there: a kernel does not learn PSI while it runs. */
  #isMissing = false;

  /** `pathOf` tells where the file of a resource lies. */
  constructor(site: ProbeSite, pathOf: (resource: Resource) => string) {
    this.#site = site;
    this.#files = resources.map((resource) => ({
      file: site.file(pathOf(resource)),
      some: { counter: new Counter(), column: site.column(`pressure.${resource}.some`) },
      full: { counter: new Counter(), column: site.column(`pressure.${resource}.full`) },
    }));
  }

  sample(): void {
    if (this.#isMissing) return;
    let readCount = 0;
    for (const { file, some, full } of this.#files) {
      if (!file.read()) continue;
      readCount++;
      const { scanner } = this.#site.desk;
      for (; !scanner.atEnd; scanner.skipLine()) {
        if (scanner.accept(SOME)) this.#put(some);
        else if (scanner.accept(FULL)) this.#put(full);
      }
    }
    this.#isMissing = readCount === 0;
  }

  /** Nobody waited for anything. */
  repeat(): void {
    if (this.#isMissing) return;
    const nowMs = this.#site.clock.monotonicMs();
    for (const { some, full } of this.#files) for (const line of [some, full]) this.#putRest(line, nowMs);
  }

  close(): void {
    for (const { file } of this.#files) file.close();
  }

  #putRest({ counter, column }: Line, nowMs: number): void {
    if (!counter.isKnown) return;
    counter.pass(nowMs);
    this.#site.set(column, 0);
  }

  #put({ counter, column }: Line): void {
    const { scanner, readAtMs } = this.#site.desk;
    while (!scanner.accept(TOTAL)) {
      const from = scanner.skipWord();
      if (scanner.offset === from) return;
      scanner.skipBlanks();
    }
    const percent = counter.perSecond(scanner.uint(), readAtMs) / US_PER_PERCENT;
    this.#site.set(column, Math.min(100, percent));
  }
}
