/** Processor time and memory of processes, as the kernel counts them. */
import { readdir, readFile, readlink } from 'node:fs/promises';

/** Seconds that all threads of a process have run: nanoseconds in schedstat, where stat has ticks of 10 ms. */
export async function cpuSecondsOf(pid: number): Promise<number> {
  let nanoseconds = 0;
  for (const thread of await readdir(`/proc/${pid}/task`).catch(() => [])) {
    const line = await readFile(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').catch(() => '0');
    nanoseconds += Number(line.split(' ')[0]);
  }
  return nanoseconds / 1e9;
}

export async function residentMegabytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
}

/** Processes whose command line or program has `part` in it. */
export async function pidsWith(part: string): Promise<number[]> {
  const found: number[] = [];
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const commandLine = await readFile(`/proc/${entry}/cmdline`, 'utf8').catch(() => '');
    const program = await readlink(`/proc/${entry}/exe`).catch(() => '');
    if (commandLine.includes(part) || program.endsWith(`/${part}`)) found.push(Number(entry));
  }
  return found;
}

/** What processes used of one core, in percent, while `work` ran. Those that ended meanwhile count until then. */
export async function cpuPercent(pids: readonly number[], work: () => Promise<void>): Promise<number> {
  const sum = async (): Promise<number> => {
    const each = await Promise.all(pids.map(cpuSecondsOf));
    return each.reduce((total, seconds) => total + seconds, 0);
  };
  const [before, startedMs] = [await sum(), performance.now()];
  await work();
  return (((await sum()) - before) * 100_000) / (performance.now() - startedMs);
}
