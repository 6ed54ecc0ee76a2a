import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bucketDeltas, bucketQuantile } from '../buckets.ts';
import { scrapeTargetOf } from './scrape-target.ts';
import { parseText, SAMPLES_MAX } from './text-format.ts';

describe('Prometheus text', () => {
  test('is read with types, labels, escapes, times and exemplars', () => {
    const { points, badLines } = parseText(`# HELP up Is it up
# TYPE up gauge
up 1
# TYPE http_requests_total counter
http_requests_total{method="post",path="/a\\\\b\\"c"} 1027 1395066363000
http_requests_total{method="get",} 3 # {trace_id="x"} 1
# TYPE temperature gauge
temperature -3.5e1
no_type_total 7
no_type{} +Inf
# EOF
`);
    expect(badLines).toBe(0);
    expect(points).toEqual([
      { kind: 'gauge', metric: 'up', tags: {}, value: 1 },
      {
        kind: 'counter',
        metric: 'http_requests_total',
        tags: { method: 'post', path: '/a\\b"c' },
        value: 1027,
        isDelta: false,
      },
      { kind: 'counter', metric: 'http_requests_total', tags: { method: 'get' }, value: 3, isDelta: false },
      { kind: 'gauge', metric: 'temperature', tags: {}, value: -35 },
      { kind: 'counter', metric: 'no_type_total', tags: {}, value: 7, isDelta: false },
      { kind: 'gauge', metric: 'no_type', tags: {}, value: Number.POSITIVE_INFINITY },
    ]);
  });

  test('has histograms and summaries as one point each', () => {
    const { points } = parseText(`# TYPE rt histogram
rt_bucket{path="/",le="0.1"} 2
rt_bucket{path="/",le="+Inf"} 5
rt_bucket{path="/",le="1"} 4
rt_sum{path="/"} 3.5
rt_count{path="/"} 5
# TYPE gc summary
gc{quantile="0.5"} 0.25
gc_sum 12
gc_count 40
`);
    expect(points).toEqual([
      {
        kind: 'histogram',
        metric: 'rt',
        tags: { path: '/' },
        isDelta: false,
        count: 5,
        sum: 3.5,
        bounds: [0.1, 1],
        counts: [2, 2, 1],
      },
      { kind: 'summary', metric: 'gc', tags: {}, count: 40, sum: 12, quantiles: [{ q: 0.5, value: 0.25 }] },
    ]);
  });

  test.each(['<html>', 'a{b="c} 1', 'a{b=c} 1', 'a', 'a one', '1a 2', 'a{b="c"', '{a="b"} 1'])(
    'a line like %j costs that line',
    (line) => {
      const parsed = parseText(`good 1\n${line}\ngood 2\n`);
      expect([parsed.points.length, parsed.badLines]).toEqual([2, 1]);
      expect(parsed.firstBad).toBe(`line 2: ${JSON.stringify(line)}`);
    },
  );

  test('of any kind is read in time, and never throws', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('a', '{', '}', '"', '\\', '=', ',', ' ', '1', '\n', '#') }),
        (text) => void parseText(text),
      ),
    );
    const start = performance.now();
    parseText(`a{${'b="\\\\'.repeat(50_000)}`);
    expect(performance.now() - start).toBeLessThan(1000);
  });

  test('beyond the limit is refused and counted', () => {
    const parsed = parseText('a 1\n'.repeat(SAMPLES_MAX + 5));
    expect([parsed.points.length, parsed.refused]).toEqual([SAMPLES_MAX, 5]);
  });
});

test('quantiles of buckets are those of histogram_quantile', () => {
  expect(bucketQuantile(0.5, [1, 2, 4], [0, 10, 0, 0])).toBe(1.5);
  expect(bucketQuantile(0.9, [1, 2], [5, 5, 90])).toBe(2);
  expect(bucketQuantile(0.5, [1], [4, 0])).toBe(0.5);
  expect(bucketQuantile(0.5, [-1, 1], [4, 0, 0])).toBe(-1);
  expect(bucketQuantile(0.5, [1], [0, 0])).toBeNaN();
  expect(bucketDeltas(null, [1])).toBeNull();
  expect(bucketDeltas([1, 5], [3, 5])).toEqual([2, 0]);
  expect(bucketDeltas([4, 5], [3, 5])).toBeNull();
});

test.each([
  [{}, null],
  [{ 'saker.scrape': 'false', 'prometheus.io/scrape': 'true' }, null],
  [{ 'saker.scrape': '9100' }, { port: 9100, path: '/metrics', everySeconds: 10 }],
  [
    {
      'prometheus.io/scrape': 'true',
      'prometheus.io/port': '80',
      'prometheus.io/path': '/m',
      'saker.scrape.every': '5s',
    },
    { port: 80, path: '/m', everySeconds: 5 },
  ],
  [{ 'saker.scrape': 'yes' }, 'the label saker.scrape is "yes"; write a port, true or false'],
  [{ 'saker.scrape': 'true' }, 'the port is missing; add the label saker.scrape.port'],
  [{ 'saker.scrape': '99999' }, 'the port is no number from 1 to 65535'],
  [{ 'saker.scrape': '80', 'saker.scrape.path': 'metrics' }, 'the path does not begin with / or is too long'],
  [{ 'saker.scrape': '80', 'saker.scrape.every': 'soon' }, 'the label saker.scrape.every is no time from 1s to 3600s'],
])('labels %j ask for %j', (labels, target) => {
  expect(scrapeTargetOf({ labels: labels as Record<string, string> })).toEqual(target);
});
