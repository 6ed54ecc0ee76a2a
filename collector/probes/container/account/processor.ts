/**
 * Processor time of a container.
 *
 * Version 1: `cpuacct.usage_percpu` is exact to the nanosecond and gives the total and each core.
 * `cpuacct.usage_all` splits user from system, but by which of the two the timer interrupt met,
 * and is up to 15 % off for a container that is held back; so only the proportion is taken from
 * it, as the kernel itself does (cputime_adjust, kernel/sched/cputime.c).
 * Version 2: `cpu.stat` has total, user and system, adjusted by the kernel, and nothing per core.
 */
import { Counter, Interval } from '../../../reading/counter.ts';
import type { KeptFile } from '../../../reading/kept-file.ts';
import { KeyedLines } from '../../../reading/keyed-lines.ts';
import type { Column } from '../../../sampling/series-register.ts';
import type { Probe, ProbeSite } from '../../probe.ts';
import type { ControllerFolder } from '../cgroup-paths.ts';
import type { ProcessorLimit } from './processor-limit.ts';
import type { ThrottleCounts } from './throttling.ts';

const CORES_MAX = 1024;
const NS_PER_S = 1e9;
const US_PER_S = 1e6;
const NS_PER_US = 1e3;
const US_PER_MS = 1e3;

/** The columns that both versions fill, from cores in use. */
class ProcessorColumns {
  readonly #site: ProbeSite;
  readonly #limit: ProcessorLimit;
  readonly #busy: Column;
  readonly #user: Column;
  readonly #system: Column;
  readonly #used: Column;

  constructor(site: ProbeSite, limit: ProcessorLimit) {
    this.#site = site;
    this.#limit = limit;
    this.#busy = site.column('cpu.busy');
    this.#user = site.column('cpu.user');
    this.#system = site.column('cpu.system');
    this.#used = site.column('cpu.used.cores');
  }

  /** All in cores. A limit may be exceeded for a moment (bursts), the cores of a host may not. */
  put(total: number, user: number, system: number): void {
    const { cores } = this.#limit;
    const hostCores = this.#site.facts.cpuCount;
    const isLimited = cores > 0;
    const allowed = isLimited ? cores : hostCores;
    const percent = (used: number): number => {
      const share = allowed > 0 ? (used * 100) / allowed : Number.NaN;
      return isLimited ? share : Math.min(100, share);
    };
    this.#site.set(this.#used, total);
    this.#site.set(this.#busy, percent(total));
    this.#site.set(this.#user, percent(user));
    this.#site.set(this.#system, percent(system));
  }
}

/** Tells how much processor time a container has used since it began. */
export interface ProcessorProbe extends Probe {
  /** Nanoseconds; NaN before the first read and after one that failed. */
  readonly used: number;
}

export class ProcessorProbeV1 implements ProcessorProbe {
  readonly name = 'processor';
  readonly #site: ProbeSite;
  readonly #perCoreFile: KeptFile;
  readonly #splitFile: KeptFile;
  readonly #columns: ProcessorColumns;
  readonly #cores: { readonly counter: Counter; readonly column: Column }[] = [];
  readonly #interval = new Interval();
  readonly #user = new Counter();
  readonly #system = new Counter();
  #userTotal = 0;
  #systemTotal = 0;
  /** Processor time since its beginning, ns. NaN before the first read and after a failed one. */
  used = Number.NaN;

  constructor(site: ProbeSite, { folder }: ControllerFolder, limit: ProcessorLimit) {
    this.#site = site;
    this.#perCoreFile = site.file(`${folder}/cpuacct.usage_percpu`);
    this.#splitFile = site.file(`${folder}/cpuacct.usage_all`);
    this.#columns = new ProcessorColumns(site, limit);
  }

  sample(): void {
    const change = this.#perCoreFile.readChange();
    if (change === 'none') return this.#forget();
    const seconds = this.#interval.next(this.#site.desk.readAtMs);
    if (change === 'same') return this.#putRest(seconds);
    const total = this.#scanCores(seconds);
    const userShare = this.#splitFile.read() ? this.#scanSplit() : this.#forgetSplit();
    this.#columns.put(total, total * userShare, total * (1 - userShare));
  }

  close(): void {
    this.#perCoreFile.close();
    this.#splitFile.close();
  }

  /** Nothing ran, so there is nothing to split. */
  #putRest(seconds: number): void {
    if (Number.isNaN(seconds) || Number.isNaN(this.used)) return;
    for (const { column } of this.#cores) this.#site.set(column, 0);
    this.#columns.put(0, 0, 0);
  }

  /** Cores in use, or NaN. */
  #scanCores(seconds: number): number {
    const { scanner } = this.#site.desk;
    let total = 0;
    let sum = 0;
    for (let core = 0; core < CORES_MAX; core++) {
      const value = scanner.uint();
      if (Number.isNaN(value)) {
        this.used = core === 0 ? Number.NaN : sum;
        return core === 0 ? Number.NaN : total;
      }
      sum += value;
      const known = this.#coreOf(core);
      const used = known.counter.delta(value) / NS_PER_S / seconds;
      this.#site.set(known.column, Math.min(100, used * 100));
      total += used;
    }
    return total;
  }

  #coreOf(core: number): { readonly counter: Counter; readonly column: Column } {
    const known = this.#cores[core];
    if (known) return known;
    const made = { counter: new Counter(), column: this.#site.column('cpu.busy.core', { core: String(core) }) };
    this.#cores[core] = made;
    return made;
  }

  /** Which share of the time was in user mode: in this second, or ever when no interrupt met the container. */
  #scanSplit(): number {
    const { scanner } = this.#site.desk;
    let user = 0;
    let system = 0;
    scanner.skipLine();
    for (; !scanner.atEnd; scanner.skipLine()) {
      scanner.uint();
      user += scanner.uint();
      system += scanner.uint();
    }
    const userDelta = this.#user.delta(user);
    const systemDelta = this.#system.delta(system);
    this.#userTotal = user;
    this.#systemTotal = system;
    if (userDelta + systemDelta > 0) return userDelta / (userDelta + systemDelta);
    const ever = this.#userTotal + this.#systemTotal;
    return ever > 0 ? this.#userTotal / ever : 1;
  }

  #forget(): void {
    this.#cores.length = 0;
    this.used = Number.NaN;
    this.#forgetSplit();
  }

  #forgetSplit(): number {
    this.#user.forget();
    this.#system.forget();
    return Number.NaN;
  }
}

export class ProcessorProbeV2 implements ProcessorProbe, ThrottleCounts {
  readonly name = 'processor';
  readonly #site: ProbeSite;
  readonly #file: KeptFile;
  readonly #lines = new KeyedLines([
    'usage_usec',
    'user_usec',
    'system_usec',
    'nr_periods',
    'nr_throttled',
    'throttled_usec',
  ]);
  readonly #columns: ProcessorColumns;
  readonly #interval = new Interval();
  readonly #counters = [new Counter(), new Counter(), new Counter()] as const;
  /** Processor time since its beginning, ns. NaN before the first read and after a failed one. */
  used = Number.NaN;

  constructor(site: ProbeSite, { folder }: ControllerFolder, limit: ProcessorLimit) {
    this.#site = site;
    this.#file = site.file(`${folder}/cpu.stat`);
    this.#columns = new ProcessorColumns(site, limit);
  }

  get periods(): number {
    return this.#lines.at(3);
  }

  get throttled(): number {
    return this.#lines.at(4);
  }

  get throttledMs(): number {
    return this.#lines.at(5) / US_PER_MS;
  }

  sample(): void {
    const change = this.#file.readChange();
    if (change === 'none') return this.#forget();
    const { scanner, readAtMs } = this.#site.desk;
    const seconds = this.#interval.next(readAtMs);
    if (change === 'changed') this.#lines.scan(scanner);
    this.used = this.#lines.at(0) * NS_PER_US;
    const [total, user, system] = this.#counters;
    this.#columns.put(
      total.delta(this.#lines.at(0)) / US_PER_S / seconds,
      user.delta(this.#lines.at(1)) / US_PER_S / seconds,
      system.delta(this.#lines.at(2)) / US_PER_S / seconds,
    );
  }

  /** They are those of the processor's own read in the same tick. */
  readThrottling(): boolean {
    return !Number.isNaN(this.used);
  }

  close(): void {
    this.#file.close();
  }

  #forget(): void {
    for (const counter of this.#counters) counter.forget();
    this.used = Number.NaN;
  }
}
