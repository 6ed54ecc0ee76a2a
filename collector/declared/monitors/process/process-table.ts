/**
 * The processes of this host, read when a monitor asks and shared by all that ask within a second.
 *
 * A name costs one small read a process (20 µs), a command line another one; that one is kept for as
 * long as the process has the same start and name. It is read off the main thread, because the
 * kernel may hold it back while the process is stuck in memory management.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import type { Clock } from '../../../../core/index.ts';

/** Processes that are looked at: twice the default `pid_max` of a large host's practice. */
const PROCESSES_MAX = 65_536;
/** Processes between two turns of the event loop: a slice takes about a millisecond. */
const SLICE = 40;
const FRESH_MS = 900;
const TICKS_PER_SECOND = 100; // USER_HZ, the same on every Linux that Node runs on.
/** Key of the page size in the auxiliary vector, getauxval(3). */
const AT_PAGESZ = 6n;

export type ProcessEntry = {
  readonly pid: number;
  readonly name: string;
  /** In clock ticks since boot: with the pid it names one process. */
  readonly startTicks: number;
  readonly cpuSeconds: number;
  readonly threads: number;
  readonly rssPages: number;
};

export class ProcessTable {
  readonly #procRoot: string;
  readonly #clock: Clock;
  readonly #commandLines = new Map<string, string>();
  #scan: Promise<readonly ProcessEntry[]> | null = null;
  #scannedAtMs = Number.NEGATIVE_INFINITY;
  readonly pageBytes: number;

  constructor(procRoot: string, clock: Clock) {
    this.#procRoot = procRoot;
    this.#clock = clock;
    this.pageBytes = pageBytesOf(procRoot);
  }

  /** All processes but kernel threads, at most a second old. */
  processes(): Promise<readonly ProcessEntry[]> {
    const nowMs = this.#clock.monotonicMs();
    if (this.#scan === null || nowMs - this.#scannedAtMs > FRESH_MS) {
      this.#scannedAtMs = nowMs;
      this.#scan = this.#read();
    }
    return this.#scan;
  }

  /** Arguments with a space between them; empty when the process is gone or may not be looked at. */
  async commandLine(process: ProcessEntry): Promise<string> {
    const key = `${process.pid} ${process.startTicks} ${process.name}`;
    const known = this.#commandLines.get(key);
    if (known !== undefined) return known;
    const text = await readFile(`${this.#procRoot}/${process.pid}/cmdline`, 'utf8').catch(() => '');
    const line = text.replaceAll('\0', ' ').trim();
    if (this.#commandLines.size >= PROCESSES_MAX) this.#commandLines.clear();
    this.#commandLines.set(key, line);
    return line;
  }

  /** How many files it has open; NaN where that may not be looked at. */
  async openFiles(process: ProcessEntry): Promise<number> {
    const names = await readdir(`${this.#procRoot}/${process.pid}/fd`).catch(() => null);
    return names === null ? Number.NaN : names.length;
  }

  /** Seconds since boot, by which start times are counted. */
  uptimeSeconds(): number {
    return Number.parseFloat(readFileSync(`${this.#procRoot}/uptime`, 'latin1'));
  }

  async #read(): Promise<readonly ProcessEntry[]> {
    const pids = readdirSync(this.#procRoot).filter((name) => /^\d+$/.test(name));
    const found: ProcessEntry[] = [];
    for (const [index, pid] of pids.slice(0, PROCESSES_MAX).entries()) {
      if (index % SLICE === SLICE - 1) await new Promise((resolve) => setImmediate(resolve));
      const entry = this.#entryOf(pid);
      if (entry !== null) found.push(entry);
    }
    this.#forgetOthers(found);
    return found;
  }

  #entryOf(pid: string): ProcessEntry | null {
    let text: string;
    try {
      text = readFileSync(`${this.#procRoot}/${pid}/stat`, 'utf8');
    } catch {
      return null; // It ended since the folder was listed.
    }
    return parseStat(text);
  }

  #forgetOthers(processes: readonly ProcessEntry[]): void {
    if (this.#commandLines.size <= processes.length * 2) return;
    const alive = new Set(processes.map(({ pid, startTicks, name }) => `${pid} ${startTicks} ${name}`));
    for (const key of this.#commandLines.keys()) if (!alive.has(key)) this.#commandLines.delete(key);
  }
}

/** `/proc/PID/stat`, proc(5); null for kernel threads (parent 2) and zombies. */
export function parseStat(text: string): ProcessEntry | null {
  const open = text.indexOf('(');
  // The name may hold parentheses of its own.
  const close = text.lastIndexOf(')');
  const field = text.slice(close + 2).split(' ');
  const number = (index: number): number => Number(field[index]);
  const pid = Number(text.slice(0, open));
  if (open < 0 || pid === 2 || field[1] === '2' || field[0] === 'Z') return null;
  return {
    pid,
    name: text.slice(open + 1, close),
    startTicks: number(19),
    cpuSeconds: (number(11) + number(12)) / TICKS_PER_SECOND,
    threads: number(17),
    rssPages: number(21),
  };
}

/** The size of a memory page, 4 KiB nearly everywhere. */
function pageBytesOf(procRoot: string): number {
  try {
    const vector = readFileSync(`${procRoot}/self/auxv`);
    for (let at = 0; at + 16 <= vector.length; at += 16) {
      if (vector.readBigUInt64LE(at) === AT_PAGESZ) return Number(vector.readBigUInt64LE(at + 8));
    }
  } catch {
    // A recorded proc tree has none.
  }
  return 4096;
}

/** Age of a process in seconds. */
export function ageOf({ startTicks }: ProcessEntry, uptimeSeconds: number): number {
  return Math.max(0, uptimeSeconds - startTicks / TICKS_PER_SECOND);
}
