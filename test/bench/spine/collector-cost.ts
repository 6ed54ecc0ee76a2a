import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { Figures } from '../figures.ts';

/** Ticks of user and system time are hundredths of a second on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

async function cpuSeconds(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

async function residentMegabytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
}

/** CPU time and memory of a process over `seconds`, as a share of one core. */
export async function measureCost(pid: number, name: string, figures: Figures, seconds: number): Promise<void> {
  const [startCpu, startAt] = [await cpuSeconds(pid), performance.now()];
  await delay(seconds * 1000);
  const elapsedSeconds = (performance.now() - startAt) / 1000;
  figures.emit(`spine.${name}_cpu_percent`, (((await cpuSeconds(pid)) - startCpu) / elapsedSeconds) * 100, '%');
  figures.emit(`spine.${name}_resident_mb`, await residentMegabytes(pid), 'MiB');
}
