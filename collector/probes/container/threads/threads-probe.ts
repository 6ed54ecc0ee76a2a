/**
 * What the threads of a container do: its load average and, on cgroup v2, its time on each core.
 *
 * There is no file for that, so each thread is looked at, every five seconds. The cost is bounded
 * three ways. A container that has used no processor time since a look that found no active thread
 * can have none now: a thread must run to begin waiting. Of more than `THREADS_MAX` threads every
 * n-th is looked at and stands for its neighbours. And all containers together have a ration.
 */
import type { KeptFile } from '../../../reading/kept-file.ts';
import type { Column } from '../../../sampling/series-register.ts';
import type { Probe, ProbeSite } from '../../probe.ts';
import type { ProcessorProbe } from '../account/processor.ts';
import type { ControllerFolder } from '../cgroup-paths.ts';
import { CoreClock, type CoreShares } from './core-shares.ts';
import { LOAD_STEP_MS, LoadAverage } from './load-average.ts';
import { readThreadStat } from './thread-stat.ts';

/** Threads of one container that are looked at; more are estimated. */
const THREADS_MAX = 200;

/** Timers jitter: a look may come a little before its five seconds are over. */
const EARLY_MS = 250;

const NS_PER_S = 1e9;

export class ThreadsProbe implements Probe {
  readonly name = 'threads';
  readonly #site: ProbeSite;
  readonly #processor: ProcessorProbe;
  readonly #list: KeptFile;
  readonly #loads: readonly Column[];
  readonly #average = new LoadAverage();
  readonly #cores: CoreClock | null;
  readonly #unplaced: Column;
  #threads: number[] = [];
  #lookedAtMs: number;
  #steppedAtMs: number;
  #usedAtLook = Number.NaN;
  #active = Number.NaN;

  constructor(site: ProbeSite, folder: ControllerFolder, processor: ProcessorProbe) {
    this.#site = site;
    this.#processor = processor;
    this.#list = site.file(`${folder.folder}/${folder.version === 2 ? 'cgroup.threads' : 'tasks'}`);
    this.#loads = ['load.1min', 'load.5min', 'load.15min'].map((metric) => site.column(metric));
    this.#unplaced = site.column('cpu.busy.core.unplaced');
    this.#cores = folder.version === 2 ? new CoreClock() : null;
    this.#lookedAtMs = site.clock.monotonicMs();
    this.#steppedAtMs = this.#lookedAtMs;
  }

  /** No thread is active, and none was since the last look. */
  get isIdle(): boolean {
    return this.#active === 0 && this.#processor.used === this.#usedAtLook;
  }

  sample(): void {
    const nowMs = this.#site.clock.monotonicMs();
    if (nowMs - this.#steppedAtMs >= LOAD_STEP_MS - EARLY_MS && this.#look(nowMs)) this.#step(nowMs);
    if (Number.isNaN(this.#active)) return;
    const averages = this.#average.averages;
    for (const [index, column] of this.#loads.entries()) this.#site.set(column, averages[index] as number);
  }

  close(): void {
    this.#list.close();
    this.#site.threads.leave(this);
  }

  /** As many steps as have passed, should looks have been late. */
  #step(nowMs: number): void {
    const steps = Math.max(1, Math.round((nowMs - this.#steppedAtMs) / LOAD_STEP_MS));
    // From the planned time, so that lateness does not add up; from now after a long pause.
    const plannedMs = this.#steppedAtMs + steps * LOAD_STEP_MS;
    this.#steppedAtMs = Math.abs(plannedMs - nowMs) > LOAD_STEP_MS ? nowMs : plannedMs;
    this.#average.advance(this.#active, steps);
  }

  /** Counts the active threads. False where it is not known how many there are. */
  #look(nowMs: number): boolean {
    const { used } = this.#processor;
    if (this.isIdle) {
      if (this.#cores !== null) this.#putCores({ percentOfCore: new Map(), unplacedPercent: 0 });
      this.#lookedAtMs = nowMs;
      return true;
    }
    if (!this.#list.read()) return false;
    this.#readList();
    this.#list.close();
    const stride = Math.ceil(this.#threads.length / THREADS_MAX) || 1;
    if (!this.#site.threads.take(this, Math.ceil(this.#threads.length / stride))) return false;
    this.#cores?.begin((nowMs - this.#lookedAtMs) / 1000);
    this.#active = this.#countActive(stride);
    const shares = this.#cores?.end((used - this.#usedAtLook) / NS_PER_S) ?? null;
    if (shares !== null) this.#putCores(shares);
    this.#usedAtLook = used;
    this.#lookedAtMs = nowMs;
    return true;
  }

  #readList(): void {
    const { scanner } = this.#site.desk;
    this.#threads = [];
    for (; !scanner.atEnd; scanner.skipLine()) {
      const tid = scanner.uint();
      if (tid > 0) this.#threads.push(tid);
    }
  }

  #countActive(stride: number): number {
    let active = 0;
    for (let index = 0; index < this.#threads.length; index += stride) {
      const tid = this.#threads[index] as number;
      const stat = readThreadStat(this.#site.procRoot, tid);
      if (stat === null) continue;
      if (stat.isActive) active += stride;
      this.#cores?.saw(tid, stat);
    }
    return Math.min(active, this.#threads.length);
  }

  #putCores(shares: CoreShares): void {
    this.#site.set(this.#unplaced, shares.unplacedPercent);
    for (let core = 0; core < this.#site.facts.cpuCount; core++) {
      const column = this.#site.column('cpu.busy.core', { core: String(core) });
      this.#site.set(column, shares.percentOfCore.get(core) ?? 0);
    }
  }
}
