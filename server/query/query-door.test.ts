import { describe, expect, test } from 'vitest';
import {
  Dictionary,
  type Endpoint,
  type Frame,
  instantAnswerSchema,
  parserOf,
  type RangeAnswer,
  type RangeQuery,
  rangeAnswerSchema,
  type Second,
  type Selector,
  systemClock,
  type TimestampMs,
  VirtualClock,
} from '../../core/index.ts';
import { type Range, Ring, Slices } from '../../realtime/index.ts';
import type { HistoryQuery } from './history-columns.ts';
import { QueryDoor } from './query-door.ts';
import { Turnstile } from './turnstile.ts';

/** A whole hour, so that all steps here begin with it. */
const HOUR = 1_700_006_400;
/** The ring begins somewhere before this second, and holds no more than a day. */
const NOW = HOUR + 86_400;

const parseRange = parserOf(rangeAnswerSchema, 'INTERNAL', 'the answer');
const parseInstant = parserOf(instantAnswerSchema, 'INTERNAL', 'the answer');

type Told = { readonly service: string; readonly samples: (second: number) => readonly number[] };

/** A ring that was told, by each host, samples of cpu.busy and of pushed.odd for `seconds` until now. */
function ringOf(hosts: Readonly<Record<string, Told>>, seconds: number): Ring {
  const ring = new Ring({ seriesMax: 100 });
  for (const [name, { service, samples }] of Object.entries(hosts)) {
    const endpoint: Endpoint = { name, kind: 'host', host: name, state: 'running', labels: { service } };
    const dictionary = new Dictionary(1);
    const series = ['cpu.busy', 'pushed.odd'].map((metric) => ({
      endpoint: 0,
      metric,
      tags: {},
      decimals: 2 as const,
    }));
    dictionary.apply({ generation: 1, endpoints: [{ index: 0, endpoint }], firstSeries: 0, series });
    for (let second = NOW - seconds; second < NOW; second++) {
      const values = Float64Array.from(samples(second));
      const sentAtMs = (second * 1000) as TimestampMs;
      const frame: Frame = {
        collector: name,
        bootEpoch: 1,
        seq: second,
        second: second as Second,
        sentAtMs,
        generation: 1,
        values,
      };
      ring.put(frame, dictionary, second * 1000);
    }
  }
  return ring;
}

function doorOver(ring: Ring, history: HistoryQuery = async () => []): QueryDoor {
  return new QueryDoor({
    realtime: () => ({ ring }),
    history,
    clock: new VirtualClock(NOW * 1000),
    slices: new Slices(systemClock),
    turnstile: new Turnstile({ insideMax: 2, waitingMax: 2 }),
  });
}

const waiting = (): AbortSignal => new AbortController().signal;

async function ask(door: QueryDoor, query: RangeQuery): Promise<RangeAnswer> {
  return parseRange(JSON.parse(await door.range(query, waiting())));
}

const flat: Readonly<Record<string, Told>> = {
  web1: { service: 'web', samples: () => [1, Number.NaN] },
  web2: { service: 'web', samples: () => [2, 5] },
  db1: { service: 'db', samples: (second) => [second % 60, 7] },
};
const lastMinutes = { fromMs: (NOW - 180) * 1000, toMs: (NOW + 60) * 1000, stepSeconds: 60 };

describe('a range', () => {
  test('has the values that were asked for, by name, with units and gaps', async () => {
    const answer = await ask(doorOver(ringOf(flat, 120)), {
      ...lastMinutes,
      select: { endpoints: ['db1'], metrics: ['cpu.busy'] },
      values: ['count', 'avg', 'p50', 'last'],
    });
    expect(answer).toStrictEqual({
      ...lastMinutes,
      sources: ['ring'],
      series: [
        {
          endpoint: 'db1',
          metric: 'cpu.busy',
          tags: {},
          unit: 'percent',
          count: [0, 60, 60, 0],
          avg: [null, 29.5, 29.5, null],
          p50: [null, 29.5, 29.5, null],
          last: [null, 59, 59, null],
        },
      ],
    });
  });

  test('of raw samples has their times, and a measured NaN', async () => {
    const select = { endpoints: ['web1'], metrics: ['pushed.odd'] };
    const query = { select, fromMs: (NOW - 2) * 1000, toMs: NOW * 1000, raw: true as const };
    const [series] = (await ask(doorOver(ringOf(flat, 60)), query)).series;
    expect(series).toMatchObject({ timesMs: [(NOW - 2) * 1000, (NOW - 1) * 1000], value: ['NaN', 'NaN'] });
  });

  test('of many series is one row a label', async () => {
    const { groups, series } = await ask(doorOver(ringOf(flat, 60)), {
      ...lastMinutes,
      select: { matchers: [{ label: 'metric', op: '=', value: 'cpu.busy' }] },
      across: { aggregation: 'sum', of: 'max', by: ['service'] },
    });
    expect(series).toStrictEqual([]);
    expect(groups).toStrictEqual([
      {
        labels: { service: 'web' },
        unit: 'percent',
        seriesCount: 2,
        count: [0, 0, 2, 0],
        value: [null, null, 3, null],
      },
      {
        labels: { service: 'db' },
        unit: 'percent',
        seriesCount: 1,
        count: [0, 0, 1, 0],
        value: [null, null, 59, null],
      },
    ]);
  });

  test.each<[string, Partial<RangeQuery>, object]>([
    ['that is empty', { toMs: 0 }, { code: 'BAD_REQUEST', where: 'body/fromMs' }],
    ['of raw buckets', { raw: true, stepSeconds: 60 }, { code: 'BAD_REQUEST', where: 'body/raw' }],
    ['of values across', { values: ['max'], across: { aggregation: 'sum' } }, { where: 'body/values' }],
    [
      'of too many buckets',
      { fromMs: (NOW - 20_000) * 1000, stepSeconds: 1 },
      { code: 'QUERY_LIMIT', where: 'buckets' },
    ],
    ['of nothing', { select: {} }, { code: 'BAD_REQUEST', where: 'select' }],
  ])('%s is refused', async (_, part, problem) => {
    const query: RangeQuery = { ...lastMinutes, select: { metrics: ['cpu.busy'] }, ...part };
    await expect(doorOver(ringOf(flat, 10)).range(query, waiting())).rejects.toMatchObject(problem);
  });

  test('that nobody waits for any more ends, and leaves its place', async () => {
    const door = doorOver(ringOf(flat, 60));
    const gone = AbortSignal.abort();
    const query: RangeQuery = { ...lastMinutes, select: { metrics: ['cpu.busy'] } };
    for (let one = 0; one < 5; one++) await expect(door.range(query, gone)).rejects.toMatchObject({ code: 'TIMEOUT' });
    expect((await ask(door, query)).series).toHaveLength(3);
  });
});

describe('a range that begins before the ring', () => {
  const range = { fromMs: (HOUR - 7200) * 1000, toMs: NOW * 1000, stepSeconds: 3600 };
  const asked: { selector: Selector; range: Range }[] = [];
  const history: HistoryQuery = async (selector, old) => {
    asked.push({ selector, range: old });
    const size = (old.to - old.from) / old.step;
    const column = (value: number): number[] => Array.from({ length: size }, () => value);
    return ['web1', 'db1', 'gone'].map((endpoint) => ({
      endpoint,
      metric: 'cpu.busy',
      tags: {},
      unit: 'percent',
      count: column(10),
      min: column(1),
      max: column(9),
      avg: column(4),
    }));
  };

  test('is stitched at the edge of a bucket, with sums made of averages', async () => {
    const ring = ringOf(flat, 3600);
    const query: RangeQuery = { ...range, select: { metrics: ['cpu.busy'] }, values: ['sum', 'max'] };
    const { series, sources } = await ask(doorOver(ring, history), query);
    const seam = asked.at(-1)?.range.to ?? 0;
    expect([seam % 3600, seam >= ring.oldestSecond, seam - 3600 < ring.oldestSecond]).toStrictEqual([0, true, true]);
    expect(sources).toStrictEqual(['history', 'ring']);
    const byEndpoint = new Map(series.map((one) => [one.endpoint, one]));
    const old = (seam - (HOUR - 7200)) / 3600;
    const row = byEndpoint.get('web1');
    expect(row?.sum).toStrictEqual(Array.from({ length: 26 }, (_, at) => (at < old ? 40 : at === 25 ? 3600 : null)));
    expect(byEndpoint.get('gone')?.max?.slice(old)).toStrictEqual(Array.from({ length: 26 - old }, () => null));
    expect(byEndpoint.get('web2')?.max?.at(-1)).toBe(2);
  });

  test('asks history by metric, and applies matchers to what it says', async () => {
    const matchers = [
      { label: 'metric', op: '=~' as const, value: 'cpu\\.busy|pushed\\..*' },
      { label: 'service', op: '=' as const, value: 'web' },
    ];
    const across = { aggregation: 'sum' as const, by: ['service'] };
    const { groups } = await ask(doorOver(ringOf(flat, 3600), history), { ...range, select: { matchers }, across });
    expect(asked.at(-1)?.selector.metrics).toStrictEqual(['cpu.busy', 'pushed.odd']);
    expect(groups?.map(({ labels }) => labels)).toStrictEqual([{ service: 'web' }]);
    expect([groups?.[0]?.value[0], groups?.[0]?.count[0]]).toStrictEqual([4, 1]);
  });

  test.each<[string, Partial<RangeQuery>]>([
    ['p99', { values: ['avg', 'p99'] }],
    ['last', { values: ['last'] }],
    ['last', { across: { aggregation: 'sum', of: 'last' } }],
  ])('refuses %s, and says from when on it can be asked for', async (name, part) => {
    const query: RangeQuery = { ...range, select: { metrics: ['cpu.busy'] }, ...part };
    const error = await doorOver(ringOf(flat, 10), history)
      .range(query, waiting())
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'BAD_REQUEST', message: expect.stringContaining(`${name} can be answered`) });
  });
});

describe('a moment', () => {
  const at = async (query: object) => {
    const door = doorOver(ringOf(flat, 120));
    return parseInstant(await door.instant({ select: { metrics: ['cpu.busy'] }, ...query }, waiting()));
  };

  test('has the newest values, and the largest first where it is asked for them', async () => {
    const { series, seriesMatched, atMs } = await at({ rank: { order: 'top', limit: 2 } });
    expect([seriesMatched, atMs]).toStrictEqual([3, NOW * 1000]);
    expect(series.map(({ endpoint, value, unit, valueAtMs }) => [endpoint, value, unit, valueAtMs])).toStrictEqual([
      ['db1', 59, 'percent', (NOW - 1) * 1000],
      ['web2', 2, 'percent', (NOW - 1) * 1000],
    ]);
    expect((await at({})).series).toHaveLength(3);
  });

  test('of the past has what was newest then, and nothing older than the lookback', async () => {
    const { series } = await at({ atMs: (NOW - 31) * 1000, rank: { order: 'top', limit: 1 } });
    expect(series[0]).toMatchObject({ value: 29, valueAtMs: (NOW - 31) * 1000 });
    expect((await at({ atMs: (NOW + 100) * 1000, lookbackSeconds: 60 })).series).toStrictEqual([]);
  });

  test('takes windows, puts series together by label, and ranks what comes of it', async () => {
    const { groups, series } = await at({
      window: { seconds: 60, of: 'max' },
      across: { aggregation: 'sum', by: ['service'] },
      rank: { order: 'bottom', limit: 1 },
    });
    expect(series).toStrictEqual([]);
    expect(groups).toStrictEqual([{ labels: { service: 'web' }, unit: 'percent', seriesCount: 2, value: 3 }]);
  });

  test('from before the ring is refused', async () => {
    await expect(at({ atMs: (NOW - 100_000) * 1000 })).rejects.toMatchObject({ where: 'body/atMs' });
  });
});
