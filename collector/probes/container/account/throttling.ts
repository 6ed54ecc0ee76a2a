/**
 * How much a container was held back by its CPU limit: `cpu.stat` of either version. Read only
 * while there is a limit, because without one the kernel counts no periods.
 */
import { Counter } from '../../../reading/counter.ts';
import type { KeptFile } from '../../../reading/kept-file.ts';
import { KeyedLines } from '../../../reading/keyed-lines.ts';
import type { Column } from '../../../sampling/series-register.ts';
import type { ProbeSite, QuietProbe } from '../../probe.ts';
import type { ControllerFolder } from '../cgroup-paths.ts';
import type { ProcessorLimit } from './processor-limit.ts';

const NS_PER_MS = 1e6;

/** What the kernel counts of it, since the container began. NaN where a kernel does not say. */
export interface ThrottleCounts {
  readonly periods: number;
  /** Periods in which it was held back. */
  readonly throttled: number;
  readonly throttledMs: number;
  /** False where the counts can not be read now. */
  readThrottling(): boolean;
  close(): void;
}

/** The `cpu.stat` of version 1, which tells of nothing else. */
export class ThrottleFile implements ThrottleCounts {
  readonly #site: ProbeSite;
  readonly #file: KeptFile;
  readonly #lines = new KeyedLines(['nr_periods', 'nr_throttled', 'throttled_time']);

  constructor(site: ProbeSite, { folder }: ControllerFolder) {
    this.#site = site;
    this.#file = site.file(`${folder}/cpu.stat`);
  }

  get periods(): number {
    return this.#lines.at(0);
  }

  get throttled(): number {
    return this.#lines.at(1);
  }

  get throttledMs(): number {
    return this.#lines.at(2) / NS_PER_MS;
  }

  readThrottling(): boolean {
    if (!this.#file.read()) return false;
    this.#lines.scan(this.#site.desk.scanner);
    return true;
  }

  close(): void {
    this.#file.close();
  }
}

export class ThrottlingProbe implements QuietProbe {
  readonly name = 'throttling';
  readonly #site: ProbeSite;
  readonly #limit: ProcessorLimit;
  readonly #counts: ThrottleCounts;
  readonly #percent: Column;
  readonly #ms: Column;
  readonly #periods = new Counter();
  readonly #throttled = new Counter();
  readonly #time = new Counter();
  /** It was not held back in the second before the last read. */
  #isFree = false;

  constructor(site: ProbeSite, counts: ThrottleCounts, limit: ProcessorLimit) {
    this.#site = site;
    this.#limit = limit;
    this.#counts = counts;
    this.#percent = site.column('cpu.throttled.percent');
    this.#ms = site.column('cpu.throttled.ms');
  }

  sample(): void {
    this.#isFree = false;
    if (!(this.#limit.cores > 0) || !this.#counts.readThrottling()) return this.#forget();
    const { readAtMs } = this.#site.desk;
    const periods = this.#periods.delta(this.#counts.periods);
    const throttled = this.#throttled.delta(this.#counts.throttled);
    this.#isFree = throttled === 0;
    // An idle container has no periods in which it could be held back: nothing was held back.
    this.#site.set(this.#percent, periods === 0 ? 0 : Math.min(100, (throttled * 100) / periods));
    this.#site.set(this.#ms, this.#time.perSecond(this.#counts.throttledMs, readAtMs));
  }

  /** Nothing ran: because nothing wanted to, unless it is held back now. */
  repeat(): void {
    if (!this.#isFree || !(this.#limit.cores > 0)) return this.sample();
    this.#time.pass(this.#site.clock.monotonicMs());
    this.#site.set(this.#percent, 0);
    this.#site.set(this.#ms, 0);
  }

  close(): void {
    this.#counts.close();
  }

  #forget(): void {
    this.#periods.forget();
    this.#throttled.forget();
    this.#time.forget();
  }
}
