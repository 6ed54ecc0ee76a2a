import { describe, expect, test } from 'vitest';
import type { QueryRangeAnswer } from '../../../core/api/index.ts';
import { VitalsTable } from './vitals-table.ts';

const series = (metric: string, tags: Record<string, string> = {}) => ({ endpoint: 'web-1', metric, tags, unit: null });

function answer(fromMs: number, columns: Record<string, (number | null)[]>): QueryRangeAnswer {
  const all = Object.entries(columns).map(([metric, avg]) => ({
    ...series(metric, metric.startsWith('net.') ? { iface: 'eth0' } : {}),
    count: avg.map(() => 1),
    min: avg,
    max: avg,
    avg,
  }));
  return { fromMs, toMs: fromMs + 60_000, stepSeconds: 1, sources: ['ring'], series: all };
}

describe('current values of the overview', () => {
  test('traffic is the sum of outer interfaces', () => {
    const table = new VitalsTable();
    const names = ['eth0', 'eth1', 'lo', 'docker0', 'vethab12', 'br-1234'];
    table.columns(
      0,
      names.map((iface) => series('net.if.in.bytes', { iface })),
    );
    table.tick(10, [0, 1, 2, 3, 4, 5], [1, 2, 4, 8, 16, 32]);
    table.tick(11, [0, 1, 2, 3, 4, 5], [10, 20, 40, 80, 160, 320]);
    expect(table.find('web-1')?.netInBytes).toBe(30);
  });

  test('a value that is not in the newest second is not shown as current', () => {
    const table = new VitalsTable();
    table.columns(0, [series('cpu.busy'), series('mem.working_set.bytes')]);
    table.tick(10, [0, 1], [50, 1024]);
    table.tick(11, [0], [60]);
    expect(table.find('web-1')).toMatchObject({ cpuPercent: 60, memoryBytes: Number.NaN, newestMs: 11_000 });
  });

  test('a late second fills the line and leaves the present alone', () => {
    const table = new VitalsTable();
    table.columns(0, [series('cpu.busy')]);
    table.tick(11, [0], [60]);
    table.tick(9, [0], [40]);
    expect(table.find('web-1')).toMatchObject({ cpuPercent: 60, newestMs: 11_000 });
    expect(table.find('web-1')?.trail.at(9_000)).toBe(40);
  });

  test('starts from a query, and a tick that came before its answer wins', () => {
    const table = new VitalsTable();
    table.fill(answer(8_000, { 'cpu.busy': [10, 20, null], 'net.if.in.bytes': [1, 2, null] }));
    expect(table.find('web-1')).toMatchObject({ cpuPercent: 20, netInBytes: 2, newestMs: 9_000 });
    table.columns(0, [series('cpu.busy')]);
    table.tick(12, [0], [70]);
    table.fill(answer(9_000, { 'cpu.busy': [20, 30] }));
    expect(table.find('web-1')).toMatchObject({ cpuPercent: 70, newestMs: 12_000 });
    expect(table.find('web-1')?.trail.at(10_000)).toBe(30);
  });

  test('metrics that no row shows are passed over', () => {
    const table = new VitalsTable();
    table.columns(0, [series('load.1min'), series('cpu.busy')]);
    table.tick(10, [0, 1, 7], [3, 50, 9]);
    expect(table.find('web-1')?.cpuPercent).toBe(50);
  });
});
