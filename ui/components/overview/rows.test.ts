import { describe, expect, test } from 'vitest';
import type { EndpointStatus } from '../../../core/api/index.ts';
import { overview } from '../../state/route/route.ts';
import { BucketRing } from '../../state/samples/bucket-ring.ts';
import type { Vitals } from '../../state/samples/vitals-table.ts';
import { factsOf, matchesFilter, rowsOf, selectRows } from './rows.ts';

const NOW = 100_000;

function endpoint(name: string, change: Partial<EndpointStatus> = {}): EndpointStatus {
  return {
    name,
    kind: 'container',
    host: 'h1',
    state: 'running',
    labels: { team: 'Ocean' },
    collector: 'h1',
    lastSampleMs: NOW,
    seriesCount: 20,
    ...change,
  };
}

function vitals(cpuPercent: number): Vitals {
  return {
    cpuPercent,
    cpuCores: Number.NaN,
    cpuLimitCores: Number.NaN,
    memoryBytes: Number.NaN,
    memoryMaxBytes: Number.NaN,
    netInBytes: Number.NaN,
    netOutBytes: Number.NaN,
    newestMs: NOW,
    trail: new BucketRing(60, 1000),
  };
}

const rows = (endpoints: readonly EndpointStatus[], cpu: Readonly<Record<string, number>> = {}) =>
  rowsOf({
    endpoints,
    collectors: [],
    nowMs: NOW,
    isLinked: true,
    vitalsOf: (name) => (cpu[name] === undefined ? undefined : vitals(cpu[name])),
  });

const namesOf = (selected: ReturnType<typeof selectRows>) => selected.map((row) => row.endpoint.name);

describe('rows of the overview', () => {
  test('names are ordered as people count, and what is gone comes last', () => {
    const all = rows([endpoint('web-10'), endpoint('web-2'), endpoint('a', { state: 'gone' })]);
    expect(namesOf(selectRows(all, 'container', overview))).toEqual(['web-2', 'web-10', 'a']);
    expect(namesOf(selectRows(all, 'container', { ...overview, descending: true }))).toEqual(['web-10', 'web-2', 'a']);
  });

  test('busiest first puts those without figures last', () => {
    const all = rows([endpoint('a'), endpoint('b'), endpoint('c')], { b: 10, c: 90 });
    const route = { ...overview, sort: 'cpu', descending: true } as const;
    expect(namesOf(selectRows(all, 'container', route))).toEqual(['c', 'b', 'a']);
  });

  test('each word of the filter has to be somewhere', () => {
    const container = { id: 'x', name: 'shop_web_1', image: 'nginx:1.27', startedAtMs: 0 };
    const web = endpoint('shop/web/1', { container });
    expect(['NGINX', 'web h1', 'team=ocean', ' '].map((filter) => matchesFilter(web, filter))).toEqual([
      true,
      true,
      true,
      true,
    ]);
    expect(matchesFilter(web, 'web redis')).toBe(false);
  });

  test('facts leave out what is gone, and count no samples of what is stale', () => {
    const all = rows([
      endpoint('h1', { kind: 'host', seriesCount: 100 }),
      endpoint('a'),
      endpoint('b', { lastSampleMs: NOW - 60_000 }),
      endpoint('c', { state: 'gone' }),
    ]);
    expect(factsOf(all)).toEqual({ hosts: 1, containers: 2, samplesPerSecond: 120, stale: 1 });
  });
});
