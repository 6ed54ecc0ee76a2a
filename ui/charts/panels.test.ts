import { describe, expect, test } from 'vitest';
import { BucketRing } from '../state/samples/bucket-ring.ts';
import type { TableSeries } from '../state/samples/series-table.ts';
import { metricsOf, panelsOf } from './panels.ts';

function series(metric: string, tags: Record<string, string> = {}): TableSeries {
  return { key: `${metric}${JSON.stringify(tags)}`, endpoint: 'web-1', metric, tags, ring: new BucketRing(60, 1000) };
}

describe('the charts of an endpoint', () => {
  test('cores are in the order of their numbers', () => {
    const cores = ['10', '2', '0'].map((core) => series('cpu.busy.core', { core }));
    expect(panelsOf('host', cores)[0]?.lines.map((line) => line.part)).toEqual(['0', '2', '10']);
  });

  test('both directions of an interface stand side by side', () => {
    const all = ['net.if.in.bytes', 'net.if.out.bytes'].flatMap((metric) =>
      ['eth1', 'eth0'].map((iface) => series(metric, { iface })),
    );
    expect(panelsOf('container', all)[0]?.lines.map((line) => `${line.part} ${line.word}`)).toEqual([
      'eth0 received',
      'eth0 sent',
      'eth1 received',
      'eth1 sent',
    ]);
  });

  test('a limit alone is no chart, and is marked as a limit beside its line', () => {
    expect(panelsOf('container', [series('mem.limit.bytes')])).toEqual([]);
    const [memory] = panelsOf('container', [series('mem.limit.bytes'), series('mem.rss.bytes')]);
    expect(memory?.lines.map((line) => line.isLimit)).toEqual([false, true]);
  });

  test('asks for no more metrics than one query may name', () => {
    expect(metricsOf('host').length).toBeLessThanOrEqual(100);
    expect(metricsOf('container')).toContain('cpu.throttled.percent');
  });
});
