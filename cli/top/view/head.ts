/** The lines above the table: one host in detail, or the sum of many. */
import type { Reading } from '../readings/board.ts';
import type { Row } from '../readings/row.ts';
import { decimal, duration, longBytes, percent, type UnitSystem, whole } from './units.ts';

const BAR_CELLS = 10;

/** Three lines: processor, memory, traffic. Null where there is no host yet. */
export function headLines(hosts: readonly Row[], readings: readonly Reading[], units: UnitSystem): readonly string[] {
  const [only] = hosts;
  if (only === undefined) return [];
  const reading = hosts.length === 1 ? readings.find(({ endpoint }) => endpoint.name === only.endpoint) : undefined;
  return [processorLine(hosts, reading), memoryLine(hosts, reading, units), trafficLine(hosts, units)];
}

function processorLine(hosts: readonly Row[], reading: Reading | undefined): string {
  const used = sumOf(hosts, (row) => row.cpu.usedCores);
  const cores = sumOf(hosts, (row) => row.cpu.limitCores);
  const share = used === null || cores === null || cores === 0 ? null : (used * 100) / cores;
  const head = `CPU ${percent(share).padStart(5)}% ${bar(share)}`;
  if (reading === undefined) return `${head}  ${decimal(used)} of ${whole(cores)} cores`;
  const part = (label: string, metric: string): string => `${label} ${percent(reading.value(metric))}`;
  const parts = [part('us', 'cpu.user'), part('sy', 'cpu.system'), part('wa', 'cpu.iowait'), part('st', 'cpu.steal')];
  const loads = ['load.1min', 'load.5min', 'load.15min'].map((metric) => decimal(reading.value(metric)));
  return `${head}  ${parts.join(' ')}  load ${loads.join(' ')}`;
}

function memoryLine(hosts: readonly Row[], reading: Reading | undefined, units: UnitSystem): string {
  const used = sumOf(hosts, (row) => row.memory.usageBytes);
  const total = sumOf(hosts, (row) => row.memory.limitBytes);
  const share = used === null || total === null || total === 0 ? null : (used * 100) / total;
  const head = `MEM ${percent(share).padStart(5)}% ${bar(share)}  ${longBytes(used, units)} of ${longBytes(total, units)}`;
  const swap = reading?.value('mem.swaptotal') ?? 0;
  if (reading === undefined || swap === 0) return head;
  return `${head}  swap ${longBytes(reading.value('mem.swapused'), units)} of ${longBytes(swap, units)}`;
}

function trafficLine(hosts: readonly Row[], units: UnitSystem): string {
  const rate = (of: (row: Row) => number | null): string => `${longBytes(sumOf(hosts, of), units)}/s`;
  const traffic = [
    `NET in ${rate((row) => row.network.inBytesPerSecond)} out ${rate((row) => row.network.outBytesPerSecond)}`,
    `IO read ${rate((row) => row.io.readBytesPerSecond)} write ${rate((row) => row.io.writeBytesPerSecond)}`,
    `tasks ${whole(sumOf(hosts, (row) => row.pids.current))}`,
  ];
  const [only] = hosts;
  if (hosts.length === 1 && only !== undefined && only.uptimeSeconds !== null) {
    traffic.push(`up ${duration(only.uptimeSeconds)}`);
  }
  return traffic.join('  ');
}

function sumOf(rows: readonly Row[], of: (row: Row) => number | null): number | null {
  const known = rows.map(of).filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((total, value) => total + value, 0);
}

function bar(share: number | null): string {
  const filled = Math.min(BAR_CELLS, Math.round(((share ?? 0) * BAR_CELLS) / 100));
  return `[${'|'.repeat(filled)}${' '.repeat(BAR_CELLS - filled)}]`;
}
