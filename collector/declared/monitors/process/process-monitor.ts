import type { Clock, ProcessMonitor as Definition, Tags } from '../../../../core/index.ts';
import { type Checked, type Monitor, reading } from '../monitor.ts';
import { ageOf, type ProcessEntry, type ProcessTable } from './process-table.ts';

/** Processes of one monitor whose files are counted: `ls` of a thousand folders takes 30 ms of other threads. */
const FILES_OF_MAX = 256;

/** Number, processor time, memory and files of the processes of a name or command line. */
export class ProcessMonitor implements Monitor {
  readonly #definition: Definition;
  readonly #table: ProcessTable;
  readonly #clock: Clock;
  /** Processor time of each process at the last check, by pid and start. */
  #before = new Map<string, number>();
  #checkedAtMs = Number.NaN;

  constructor(definition: Definition, table: ProcessTable, clock: Clock) {
    this.#definition = definition;
    this.#table = table;
    this.#clock = clock;
  }

  async check(): Promise<Checked> {
    const matching = await this.#matching();
    const uptime = this.#table.uptimeSeconds();
    const tags = this.#tags();
    const sum = (value: (process: ProcessEntry) => number): number =>
      matching.reduce((total, process) => total + value(process), 0);
    const readings = [
      reading('proc.num', tags, matching.length),
      reading('proc.cpu.cores', tags, this.#cores(matching)),
      reading(
        'proc.mem.rss.bytes',
        tags,
        sum(({ rssPages }) => rssPages * this.#table.pageBytes),
      ),
      reading(
        'proc.threads',
        tags,
        sum(({ threads }) => threads),
      ),
      reading('proc.fds', tags, await this.#openFiles(matching)),
      // Of no process there is no age: the minimum of nothing is not finite, and so no sample.
      reading('proc.uptime.s', tags, Math.min(...matching.map((process) => ageOf(process, uptime)))),
    ];
    return { readings, problem: matching.length === 0 ? 'no process fits' : null };
  }

  close(): void {}

  #tags(): Tags {
    const { process, cmdline, tags } = this.#definition;
    return { ...(process === null ? {} : { name: process }), ...(cmdline === null ? {} : { cmdline }), ...tags };
  }

  async #matching(): Promise<readonly ProcessEntry[]> {
    const { process: name, cmdline } = this.#definition;
    // The kernel keeps 15 characters of a name.
    const comm = name?.slice(0, 15);
    const named = (await this.#table.processes()).filter((process) => comm === undefined || process.name === comm);
    if (cmdline === null) return named;
    const found: ProcessEntry[] = [];
    for (const process of named) {
      if ((await this.#table.commandLine(process)).includes(cmdline)) found.push(process);
    }
    return found;
  }

  /** NaN at the first check. A process that was not there then counts with all of its time. */
  #cores(processes: readonly ProcessEntry[]): number {
    const nowMs = this.#clock.monotonicMs();
    const elapsedSeconds = (nowMs - this.#checkedAtMs) / 1000;
    const seconds = new Map(processes.map(({ pid, startTicks, cpuSeconds }) => [`${pid} ${startTicks}`, cpuSeconds]));
    let used = 0;
    for (const [key, now] of seconds) used += Math.max(0, now - (this.#before.get(key) ?? 0));
    this.#before = seconds;
    this.#checkedAtMs = nowMs;
    return used / elapsedSeconds;
  }

  async #openFiles(processes: readonly ProcessEntry[]): Promise<number> {
    if (processes.length > FILES_OF_MAX) return Number.NaN;
    let total = 0;
    for (const process of processes) total += await this.#table.openFiles(process);
    return total;
  }
}
