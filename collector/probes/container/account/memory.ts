/**
 * Memory of a container, as the three figures that answer three questions: `usage` is what is
 * charged, page cache included (what the limit is compared with); the working set leaves out the
 * file pages that nobody used lately (what the kubelet watches); `rss` is the anonymous part (what
 * only an end of processes gives back).
 */
import { Counter } from '../../../reading/counter.ts';
import type { KeptFile } from '../../../reading/kept-file.ts';
import { KeyedLines } from '../../../reading/keyed-lines.ts';
import type { Column } from '../../../sampling/series-register.ts';
import type { ProbeSite, QuietProbe } from '../../probe.ts';
import type { ControllerFolder } from '../cgroup-paths.ts';

/** Version 1 writes "no limit" as 2^63 less a page. */
const NO_LIMIT_BYTES = 2 ** 60;

type Field = 'rss' | 'cache' | 'inactiveFile' | 'faults' | 'majorFaults' | 'limit';

/** What the lines of memory.stat are called. Version 2 has its limit in a file of its own. */
const keysOf: Readonly<Record<1 | 2, readonly (readonly [Field, string])[]>> = {
  1: [
    ['limit', 'hierarchical_memory_limit'],
    ['cache', 'total_cache'],
    ['rss', 'total_rss'],
    ['faults', 'total_pgfault'],
    ['majorFaults', 'total_pgmajfault'],
    ['inactiveFile', 'total_inactive_file'],
  ],
  2: [
    ['rss', 'anon'],
    ['cache', 'file'],
    ['inactiveFile', 'inactive_file'],
    ['faults', 'pgfault'],
    ['majorFaults', 'pgmajfault'],
  ],
};

const metricOf = {
  usage: 'mem.usage.bytes',
  workingSet: 'mem.working_set.bytes',
  rss: 'mem.rss.bytes',
  cache: 'mem.cache.bytes',
  limit: 'mem.limit.bytes',
  usagePercent: 'mem.usage.percent',
  workingSetPercent: 'mem.working_set.percent',
  rssPercent: 'mem.rss.percent',
  faults: 'mem.faults',
  majorFaults: 'mem.faults.major',
} as const;
type Columns = Readonly<Record<keyof typeof metricOf, Column>>;

export class ContainerMemoryProbe implements QuietProbe {
  readonly name = 'memory';
  readonly #site: ProbeSite;
  readonly #usageFile: KeptFile;
  readonly #statFile: KeptFile;
  /** Version 2 only: version 1 tells the limit in its statistics. */
  readonly #limitFile: KeptFile | null;
  readonly #lines: KeyedLines;
  readonly #at: ReadonlyMap<Field, number>;
  readonly #columns: Columns;
  readonly #faults = new Counter();
  readonly #majorFaults = new Counter();
  #isLimitDue = true;
  #isStatDue = true;
  #limitBytes = Number.NaN;
  #usage = Number.NaN;

  constructor(site: ProbeSite, { version, folder }: ControllerFolder) {
    this.#site = site;
    this.#usageFile = site.file(`${folder}/${version === 2 ? 'memory.current' : 'memory.usage_in_bytes'}`);
    this.#statFile = site.file(`${folder}/memory.stat`);
    this.#limitFile = version === 2 ? site.file(`${folder}/memory.max`) : null;
    this.#lines = new KeyedLines(keysOf[version].map(([, key]) => key));
    this.#at = new Map(keysOf[version].map(([field], index) => [field, index]));
    const entries = Object.entries(metricOf).map(([key, metric]) => [key, site.column(metric)]);
    this.#columns = Object.fromEntries(entries) as Columns;
  }

  /** Everything is read again, the limit too, with the next sample or look. */
  refresh(): void {
    this.#isLimitDue = true;
    this.#isStatDue = true;
  }

  sample(): void {
    if (!this.#usageFile.read()) return this.#forget();
    this.#usage = this.#site.desk.scanner.uint();
    if (!this.#statFile.read()) return this.#forget();
    this.#isStatDue = false;
    this.#lines.scan(this.#site.desk.scanner);
    const { readAtMs } = this.#site.desk;
    this.#put('faults', this.#faults.perSecond(this.#field('faults'), readAtMs));
    this.#put('majorFaults', this.#majorFaults.perSecond(this.#field('majorFaults'), readAtMs));
    this.#readLimit();
    this.#putLevels();
  }

  /** Nobody in it can have changed it. Only the kernel may have taken back cache meanwhile, which the usage shows. */
  repeat(isLookDue: boolean): void {
    if (isLookDue && !this.#holds()) return this.sample();
    if (Number.isNaN(this.#usage)) return;
    const nowMs = this.#site.clock.monotonicMs();
    this.#faults.pass(nowMs);
    this.#majorFaults.pass(nowMs);
    this.#put('faults', 0);
    this.#put('majorFaults', 0);
    this.#putLevels();
  }

  close(): void {
    this.#usageFile.close();
    this.#statFile.close();
    this.#limitFile?.close();
  }

  #holds(): boolean {
    return !this.#isStatDue && this.#usageFile.read() && this.#site.desk.scanner.uint() === this.#usage;
  }

  #putLevels(): void {
    const usage = this.#usage;
    const limit = this.#limitBytes;
    const rss = this.#field('rss');
    const workingSet = Math.max(0, usage - this.#field('inactiveFile'));
    this.#put('usage', usage);
    this.#put('workingSet', workingSet);
    this.#put('rss', rss);
    this.#put('cache', this.#field('cache'));
    this.#put('limit', limit);
    this.#put('usagePercent', (usage * 100) / limit);
    this.#put('workingSetPercent', (workingSet * 100) / limit);
    this.#put('rssPercent', (rss * 100) / limit);
  }

  #readLimit(): void {
    let limit = this.#limitBytes;
    if (this.#limitFile === null) {
      limit = this.#field('limit');
    } else if (this.#isLimitDue) {
      this.#isLimitDue = false;
      // `max` is no number.
      limit = this.#limitFile.read() ? this.#site.desk.scanner.uint() : Number.NaN;
      this.#limitFile.close();
    }
    this.#limitBytes = limit > 0 && limit < NO_LIMIT_BYTES ? limit : Number.NaN;
  }

  #field(field: Field): number {
    return this.#lines.at(this.#at.get(field) ?? -1);
  }

  #put(series: keyof Columns, value: number): void {
    this.#site.set(this.#columns[series], value);
  }

  #forget(): void {
    this.#usage = Number.NaN;
    this.#faults.forget();
    this.#majorFaults.forget();
  }
}
