/**
 * Block I/O of a container by the accounts of its processes (`/proc/<pid>/io`, proc(5)), for where its
 * cgroup has none: version 1 before any throttle exists.
 *
 * The kernel adds what a process did to its parent's account when that one waits for it
 * (wait_task_zombie in kernel/exit.c), so the sum over those alive keeps what the ended ones did. It
 * falls only when the parent is outside (`docker exec`) or does not wait; then there is no sample.
 * What is written counts when a page becomes dirty, so page cache that is written later is in it.
 */
import { existsSync } from 'node:fs';
import { Counter } from '../../../reading/counter.ts';
import { KeyedLines } from '../../../reading/keyed-lines.ts';
import type { Column } from '../../../sampling/series-register.ts';
import type { ProbeSite } from '../../probe.ts';

/** 10 µs each, every ten seconds. A container with more has no sample: a part would look like all of it. */
const PROCESSES_MAX = 30;

const KEYS = ['read_bytes', 'write_bytes'] as const;

export class ProcessIo {
  readonly #site: ProbeSite;
  readonly #lines = new KeyedLines(KEYS);
  readonly #directions: readonly { readonly column: Column; readonly counter: Counter }[];
  #sums: number[] | null = null;
  #usedBefore = Number.NaN;
  /** Where it is not ours to look, we do not try again. */
  #isForbidden = false;

  constructor(site: ProbeSite) {
    this.#site = site;
    this.#directions = KEYS.map((key) => ({
      column: site.column(`disk.io.processes.${key}`),
      counter: new Counter(),
    }));
  }

  /** `used` is the processor time of the container: where it is what it was, nobody read or wrote. */
  sample(pids: readonly number[], used: number): void {
    if (this.#isForbidden) return;
    if (this.#sums === null || used !== this.#usedBefore) this.#sums = this.#sumsOf(pids);
    this.#usedBefore = used;
    const sums = this.#sums;
    if (sums === null) return this.forget();
    const nowMs = this.#site.clock.monotonicMs();
    this.#directions.forEach(({ column, counter }, index) => {
      this.#site.set(column, counter.perSecond(sums[index] ?? Number.NaN, nowMs));
    });
  }

  /** The cgroup counts by itself, or nothing is known. */
  forget(): void {
    this.#sums = null;
    for (const { counter } of this.#directions) counter.forget();
  }

  #sumsOf(pids: readonly number[]): number[] | null {
    if (pids.length > PROCESSES_MAX) return null;
    const sums = KEYS.map(() => 0);
    for (const pid of pids) {
      const folder = `${this.#site.procRoot}/${pid}`;
      const file = this.#site.file(`${folder}/io`);
      if (!file.read()) {
        if (!existsSync(folder)) continue;
        this.#isForbidden = true;
        return null;
      }
      this.#lines.scan(this.#site.desk.scanner);
      file.close();
      for (const index of KEYS.keys()) sums[index] = (sums[index] ?? 0) + this.#lines.at(index);
    }
    return sums;
  }
}
