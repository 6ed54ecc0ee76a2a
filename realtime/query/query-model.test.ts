/** Any query against a model that compresses nothing: every sample in a map. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Dictionary, type Endpoint, formatSeries, type Selection, VirtualClock } from '../../core/index.ts';
import { Intake } from '../intake/intake.ts';
import { Ring } from '../ring/ring.ts';
import { frameOf, START_SECOND } from '../testing/frames.ts';
import { latest, type Order, rankNow } from './instant/latest.ts';
import { overWindow } from './instant/over-window.ts';
import { readAcross, readRange, readSamples } from './range-columns.ts';
import type { Work } from './run/slices.ts';

const HOSTS = 3;
const SPAN_SECONDS = 4500;
const end = START_SECOND + SPAN_SECONDS;

type Series = { readonly endpoint: Endpoint; readonly metric: string; readonly tags: Record<string, string> };
type Modelled = Series & { readonly samples: Map<number, number> };
type World = { readonly ring: Ring; readonly model: Modelled[] };

const namesOfHost = [
  { metric: 'cpu', tags: {} },
  { metric: 'core', tags: { core: '0' } },
  { metric: 'core', tags: { core: '1', service: 'tagged' } },
  { metric: 'mem', tags: {} },
];

function hostOf(index: number): { dictionary: Dictionary; series: Series[] } {
  const name = `host${index}`;
  const labels: Record<string, string> = index === 0 ? {} : { service: index === 1 ? 'web' : 'db' };
  const endpoint: Endpoint = { name, kind: 'host', host: name, state: 'running', labels };
  const dictionary = new Dictionary(1);
  const series = namesOfHost.map((one) => ({ endpoint: 0, ...one, decimals: 2 as const }));
  dictionary.apply({ generation: 1, endpoints: [{ index: 0, endpoint }], firstSeries: 0, series });
  return { dictionary, series: namesOfHost.map((one) => ({ endpoint, ...one })) };
}

const value = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: -300, max: 300 }).map((scaled) => scaled / 100) },
  { weight: 1, arbitrary: fc.constantFrom(Number.NaN, Infinity, -Infinity, -0, 1e300, Math.PI) },
);
/** A run of seconds in which a host tells samples. */
const burst = fc.record({
  host: fc.nat(HOSTS - 1),
  at: fc.nat(SPAN_SECONDS - 1),
  length: fc.integer({ min: 1, max: 400 }),
  samples: fc.array(fc.option(value, { nil: undefined }), { minLength: 1, maxLength: namesOfHost.length }),
  drift: fc.boolean(),
});
type Burst = typeof burst extends fc.Arbitrary<infer One> ? One : never;

/** Hands bursts to a ring as frames in the order given, late ones and repeated seconds as they come. */
function worldOf(bursts: readonly Burst[]): World {
  const ring = new Ring({ seriesMax: 1000 });
  const clock = new VirtualClock(end * 1000);
  const intake = new Intake({ ring, log: { append: () => Promise.resolve() }, clock, listeners: [] });
  const hosts = Array.from({ length: HOSTS }, (_, index) => hostOf(index));
  const model = hosts.flatMap(({ series }) => series.map((one) => ({ ...one, samples: new Map<number, number>() })));
  let seq = 0;
  for (const { host, at, length, samples, drift } of bursts) {
    for (let second = START_SECOND + at; second < Math.min(end, START_SECOND + at + length); second++) {
      const told = samples.map((sample) => (sample !== undefined && drift ? sample + (second % 7) : sample));
      const dictionary = hosts[host]?.dictionary;
      if (dictionary === undefined) continue;
      void intake.accept(frameOf({ seq: ++seq, second, samples: told, collector: `host${host}` }), dictionary);
      namesOfHost.forEach((_, index) => {
        const column = model[host * namesOfHost.length + index]?.samples;
        const sample = told[index];
        if (sample === undefined) column?.delete(second);
        else column?.set(second, sample);
      });
    }
  }
  return { ring, model: model.filter((one) => one.samples.size > 0 || isKnown(ring, one)) };
}

/** A frame that took a sample back leaves the series without one. */
const isKnown = (ring: Ring, { endpoint, metric, tags }: Series): boolean =>
  ring.find(endpoint.name)?.find(metric, tags) !== undefined;

function finish<Result>(work: Work<Result>): Result {
  for (let turn = 0; turn < 10_000; turn++) {
    const { done, value: result } = work.next();
    if (done === true) return result;
  }
  throw new Error('a query that does not end');
}

const labelOf = ({ endpoint, metric, tags }: Series, label: string): string =>
  ({ metric, endpoint: endpoint.name, host: endpoint.host, kind: endpoint.kind })[label] ??
  tags[label] ??
  endpoint.labels[label] ??
  '';

function isPicked(series: Series, { metrics, endpoints, matchers = [] }: Selection): boolean {
  if (metrics !== undefined && !metrics.includes(series.metric)) return false;
  if (endpoints !== undefined && !endpoints.includes(series.endpoint.name)) return false;
  return matchers.every(({ label, op, value: wanted }) => {
    const text = labelOf(series, label);
    const passes = op.endsWith('~') ? new RegExp(`^(?:${wanted})$`, 's').test(text) : text === wanted;
    return op.startsWith('!') ? !passes : passes;
  });
}

const matcher = fc.record({
  label: fc.constantFrom('metric', 'endpoint', 'host', 'kind', 'service', 'core', 'absent'),
  op: fc.constantFrom('=' as const, '!=' as const, '=~' as const, '!~' as const),
  value: fc.constantFrom('', 'cpu', 'c.*', 'host[01]', 'host1|host2', 'web', 'web|tagged', '.+', '.*', '0', '[^0]?'),
});
const selection: fc.Arbitrary<Selection> = fc.oneof(
  fc.record({ matchers: fc.array(matcher, { minLength: 1, maxLength: 3 }) }),
  fc.record({
    metrics: fc.uniqueArray(fc.constantFrom('cpu', 'core', 'mem', 'none'), { minLength: 1 }),
    matchers: fc.array(matcher, { maxLength: 2 }),
  }),
  fc.record({ endpoints: fc.uniqueArray(fc.constantFrom('host0', 'host2', 'gone'), { minLength: 1 }) }),
);

const nameOf = ({ endpoint, metric, tags }: Series): string => formatSeries({ endpoint: endpoint.name, metric, tags });

const isMissing = Number.isNaN;
function valuesIn({ samples }: Modelled, from: number, to: number): number[] {
  const found: number[] = [];
  for (let second = from; second < to; second++) {
    const sample = samples.get(second);
    if (sample !== undefined && !isMissing(sample)) found.push(sample);
  }
  return found;
}

const sumOf = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
/** Sums are taken in another order than the model's, so their last bits may differ. */
const rounded = (number: number): number => (Number.isFinite(number) ? Number(number.toPrecision(9)) + 0 : number);

function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = share * (sorted.length - 1);
  const [low, high] = [sorted[Math.floor(at)] ?? Number.NaN, sorted[Math.ceil(at)] ?? Number.NaN];
  return low === high ? low : low + (high - low) * (at - Math.floor(at));
}

const range = fc
  .record({
    step: fc.constantFrom(1, 7, 60, 300, 1000),
    at: fc.nat(SPAN_SECONDS),
    buckets: fc.integer({ min: 1, max: 30 }),
  })
  .map(({ step, at, buckets }) => {
    const from = Math.floor((START_SECOND + at) / step) * step;
    return { from, to: from + step * buckets, step };
  });

const world = fc.array(burst, { minLength: 1, maxLength: 8 });
const runs = { numRuns: 60 };

describe('queries against an uncompressed model', () => {
  test('of ranges: count, min, max, sum, last and percentiles of each bucket', () => {
    fc.assert(
      fc.property(world, selection, range, (bursts, select, { from, to, step }) => {
        const { ring, model } = worldOf(bursts);
        const found = finish(readRange(ring, select, { from, to, step }, ['min', 'max', 'sum', 'last', 0.5, 0.99]));
        const picked = model.filter((one) => isPicked(one, select));
        expect(found.map(({ series }) => formatSeries(series)).sort()).toStrictEqual(picked.map(nameOf).sort());
        for (const one of picked) {
          const row = found.find(({ series }) => formatSeries(series) === nameOf(one));
          for (let bucket = 0; bucket < (to - from) / step; bucket++) {
            const values = valuesIn(one, from + bucket * step, from + (bucket + 1) * step);
            expect(row?.count[bucket]).toBe(values.length);
            if (values.length === 0) continue;
            const expected = [Math.min(...values), Math.max(...values), sumOf(values), values.at(-1) ?? Number.NaN];
            const shares = [percentile(values, 0.5), percentile(values, 0.99)];
            const answered = row?.columns.map((column) => rounded(column[bucket] ?? Number.NaN));
            expect(answered).toStrictEqual([...expected, ...shares].map(rounded));
          }
        }
      }),
      runs,
    );
  });

  test('of samples as they came', () => {
    fc.assert(
      fc.property(world, selection, range, (bursts, select, { from, to: end }) => {
        const { ring, model } = worldOf(bursts);
        // Every second of every series is a point, of which an answer has at most so many.
        const to = Math.min(end, from + 3600);
        const answered = finish(readSamples(ring, select, from, to)).map(({ series, seconds, values }) => ({
          name: formatSeries(series),
          samples: Array.from(seconds, (second, at) => [second, values[at]]),
        }));
        const expected = model
          .filter((one) => isPicked(one, select))
          .map((one) => ({
            name: nameOf(one),
            samples: [...one.samples].filter(([second]) => second >= from && second < to).sort(([a], [b]) => a - b),
          }));
        const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1);
        expect(answered.sort(byName)).toStrictEqual(expected.sort(byName));
      }),
      runs,
    );
  });

  test('of many series together, by labels', () => {
    const across = fc.record({
      aggregation: fc.constantFrom('sum' as const, 'avg' as const, 'min' as const, 'max' as const, 'count' as const),
      of: fc.constantFrom('min' as const, 'max' as const, 'last' as const, 'count' as const),
      by: fc.uniqueArray(fc.constantFrom('service', 'core', 'host', 'metric'), { maxLength: 2 }),
    });
    fc.assert(
      fc.property(world, selection, range, across, (bursts, select, { from, to, step }, { aggregation, of, by }) => {
        const { ring, model } = worldOf(bursts);
        const groups = finish(readAcross(ring, select, { from, to, step }, { aggregation, of, by }));
        const picked = model.filter((one) => isPicked(one, select));
        expect(groups.reduce((sum, { seriesCount }) => sum + seriesCount, 0)).toBe(picked.length);
        for (const { labels, count, value: answered } of groups) {
          const members = picked.filter((one) => by.every((label) => labelOf(one, label) === labels[label]));
          for (let bucket = 0; bucket < (to - from) / step; bucket++) {
            const reduced = members
              .map((one) => valuesIn(one, from + bucket * step, from + (bucket + 1) * step))
              .filter((values) => values.length > 0)
              .map((values) => reduceAs(of, values));
            expect(count[bucket]).toBe(reduced.length);
            const expected = reduced.length === 0 ? Number.NaN : aggregateAs(aggregation, reduced);
            expect(rounded(answered[bucket] ?? Number.NaN)).toBe(rounded(expected));
          }
        }
      }),
      runs,
    );
  });

  test('of a moment: newest samples, the largest and the smallest, over a window', () => {
    const moment = fc.record({ at: fc.nat(SPAN_SECONDS + 100), lookback: fc.integer({ min: 3, max: 900 }) });
    const rank = fc.record({
      order: fc.constantFrom('top' as Order, 'bottom' as Order),
      limit: fc.integer({ min: 1, max: 5 }),
    });
    fc.assert(
      fc.property(world, selection, moment, rank, (bursts, select, { at: offset, lookback }, { order, limit }) => {
        const { ring, model } = worldOf(bursts);
        const at = START_SECOND + offset;
        const newest = model
          .filter((one) => isPicked(one, select))
          .flatMap((one) => {
            for (let second = at; second > at - lookback; second--) {
              const sample = one.samples.get(second);
              if (sample !== undefined) return [{ name: nameOf(one), second, value: sample }];
            }
            return [];
          });
        const now = { at, lookback, ahead: 0 };
        const told = latest(ring, select, now, 100).found.map(({ series, second, value: sample }) => ({
          name: formatSeries(series),
          second,
          value: sample,
        }));
        const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1);
        expect(told.sort(byName)).toStrictEqual(newest.sort(byName));
        const numbers = newest.map(({ value: sample }) => sample).filter((sample) => !isMissing(sample));
        const sorted = numbers.sort((a, b) => (order === 'top' ? b - a : a - b)).slice(0, limit);
        const { ranked } = rankNow(ring, select, now, { order, limit });
        expect(ranked.map(({ value: sample }) => sample + 0)).toStrictEqual(sorted.map((sample) => sample + 0));
        const windowed = finish(overWindow(ring, select, { at, seconds: lookback, of: 'max' })).found;
        const maxima = model
          .filter((one) => isPicked(one, select))
          .map((one) => valuesIn(one, at - lookback + 1, at + 1))
          .filter((values) => values.length > 0)
          .map((values) => Math.max(...values) + 0);
        expect(windowed.map(({ value: sample }) => sample + 0).sort()).toStrictEqual(maxima.sort());
      }),
      runs,
    );
  });
});

function reduceAs(of: 'min' | 'max' | 'last' | 'count', values: readonly number[]): number {
  if (of === 'count') return values.length;
  if (of === 'last') return values.at(-1) ?? Number.NaN;
  return of === 'min' ? Math.min(...values) : Math.max(...values);
}

function aggregateAs(aggregation: 'sum' | 'avg' | 'min' | 'max' | 'count', values: readonly number[]): number {
  if (aggregation === 'count') return values.length;
  if (aggregation === 'sum') return sumOf(values);
  if (aggregation === 'avg') return sumOf(values) / values.length;
  return aggregation === 'min' ? Math.min(...values) : Math.max(...values);
}
