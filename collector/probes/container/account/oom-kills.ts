/**
 * How often the kernel killed a task of the container for want of memory: `oom_kill` in
 * `memory.oom_control` (version 1, since Linux 4.13) or `memory.events` (version 2). Read every five
 * seconds; the kernel log tells of each kill at once, this counts them all.
 */
import { Counter } from '../../../reading/counter.ts';
import type { KeptFile } from '../../../reading/kept-file.ts';
import { KeyedLines } from '../../../reading/keyed-lines.ts';
import type { Column } from '../../../sampling/series-register.ts';
import type { ProbeSite, QuietProbe } from '../../probe.ts';
import type { ControllerFolder } from '../cgroup-paths.ts';

export class OomKillsProbe implements QuietProbe {
  readonly name = 'oom kills';
  readonly #site: ProbeSite;
  readonly #file: KeptFile;
  readonly #column: Column;
  readonly #lines = new KeyedLines(['oom_kill']);
  readonly #kills = new Counter();
  #isKnown = false;

  /** Of a container that has just begun, what the counter shows first has happened since we look as well. */
  constructor(site: ProbeSite, { version, folder }: ControllerFolder, hasJustBegun: boolean) {
    if (hasJustBegun) this.#kills.delta(0);
    this.#site = site;
    this.#file = site.file(`${folder}/${version === 2 ? 'memory.events' : 'memory.oom_control'}`);
    this.#column = site.column('mem.oom.kills');
  }

  sample(): void {
    this.#isKnown = this.#file.read();
    if (!this.#isKnown) return this.#kills.forget();
    this.#lines.scan(this.#site.desk.scanner);
    this.#site.set(this.#column, this.#kills.delta(this.#lines.at(0)));
  }

  /** Who is killed runs to its end. */
  repeat(): void {
    if (this.#isKnown) this.#site.set(this.#column, 0);
  }

  close(): void {
    this.#file.close();
  }
}
