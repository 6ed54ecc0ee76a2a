/**
 * Memory of a container. `usage` is what is charged, page cache included; the working set leaves
 * out the file pages that nobody used lately, which is what the kubelet watches too.
 */

import type { KeptFile } from '../../reading/kept-file.ts';
import { KeyedLines } from '../../reading/keyed-lines.ts';
import type { Column } from '../../sampling/series-register.ts';
import type { Probe, ProbeSite } from '../probe.ts';
import type { ControllerFolder } from './cgroup-paths.ts';
import { SETTINGS_TICKS } from './processor-limit.ts';

/** Version 1 writes "no limit" as 2^63 less a page. */
const NO_LIMIT_BYTES = 2 ** 60;

const V1_KEYS = ['total_rss', 'total_cache', 'total_inactive_file', 'hierarchical_memory_limit'];
const V2_KEYS = ['anon', 'file', 'inactive_file'];

export class ContainerMemoryProbe implements Probe {
  readonly name = 'memory';
  readonly #site: ProbeSite;
  readonly #usageFile: KeptFile;
  readonly #statFile: KeptFile;
  /** Version 2 only: version 1 tells the limit in its statistics. */
  readonly #limitFile: KeptFile | null;
  readonly #lines: KeyedLines;
  readonly #columns: Readonly<Record<'usage' | 'workingSet' | 'rss' | 'cache' | 'limit' | 'percent', Column>>;
  #limitBytes = Number.NaN;
  #ticksToLimit = 0;

  constructor(site: ProbeSite, { version, folder }: ControllerFolder) {
    this.#site = site;
    this.#usageFile = site.file(`${folder}/${version === 2 ? 'memory.current' : 'memory.usage_in_bytes'}`);
    this.#statFile = site.file(`${folder}/memory.stat`);
    this.#limitFile = version === 2 ? site.file(`${folder}/memory.max`) : null;
    this.#lines = new KeyedLines(version === 2 ? V2_KEYS : V1_KEYS);
    this.#columns = {
      usage: site.column('mem.usage.bytes'),
      workingSet: site.column('mem.working_set.bytes'),
      rss: site.column('mem.rss.bytes'),
      cache: site.column('mem.cache.bytes'),
      limit: site.column('mem.limit.bytes'),
      percent: site.column('mem.working_set.percent'),
    };
  }

  /** The limit is read again with the next sample. */
  refresh(): void {
    this.#ticksToLimit = 0;
  }

  sample(): void {
    if (!this.#usageFile.read()) return;
    const usage = this.#site.desk.scanner.uint();
    if (!this.#statFile.read()) return;
    this.#lines.scan(this.#site.desk.scanner);
    this.#readLimit();
    const workingSet = Math.max(0, usage - this.#lines.at(2));
    this.#site.set(this.#columns.usage, usage);
    this.#site.set(this.#columns.workingSet, workingSet);
    this.#site.set(this.#columns.rss, this.#lines.at(0));
    this.#site.set(this.#columns.cache, this.#lines.at(1));
    this.#site.set(this.#columns.limit, this.#limitBytes);
    this.#site.set(this.#columns.percent, (workingSet * 100) / this.#limitBytes);
  }

  close(): void {
    this.#usageFile.close();
    this.#statFile.close();
    this.#limitFile?.close();
  }

  #readLimit(): void {
    let limit = this.#limitBytes;
    if (this.#limitFile === null) {
      limit = this.#lines.at(3);
    } else if (this.#ticksToLimit-- <= 0) {
      this.#ticksToLimit = SETTINGS_TICKS - 1;
      // `max` is no number.
      limit = this.#limitFile.read() ? this.#site.desk.scanner.uint() : Number.NaN;
      this.#limitFile.close();
    }
    this.#limitBytes = limit > 0 && limit < NO_LIMIT_BYTES ? limit : Number.NaN;
  }
}
