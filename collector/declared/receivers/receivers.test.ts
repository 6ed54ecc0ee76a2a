import { createSocket } from 'node:dgram';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { gzipSync } from 'node:zlib';
import { PbfReader, PbfWriter } from 'pbf';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Endpoint, formatTags, isAbsent, systemClock } from '../../../core/index.ts';
import type { ContainerDescription } from '../../sampling/identity.ts';
import { type EndpointEntry, SeriesRegister } from '../../sampling/series-register.ts';
import { Readings } from '../readings.ts';
import { Receivers } from './receivers.ts';

let register: SeriesRegister;
let readings: Readings;
let receivers: Receivers;
let running: { container: ContainerDescription; entry: EndpointEntry }[];
let nowMs: number;
const closers: (() => unknown)[] = [];

function endpoint(name: string, kind: Endpoint['kind'] = 'host'): EndpointEntry {
  const entry = register.endpoint({ name, kind, host: 'h', state: 'running', labels: {} });
  if (entry === null) throw new Error('no place');
  return entry;
}

beforeEach(() => {
  register = new SeriesRegister();
  readings = new Readings(register, endpoint('h'));
  running = [];
  nowMs = 1_000_000;
  receivers = new Receivers({
    // Rates are over a time that the test says; everything else takes its real time.
    clock: { ...systemClock, monotonicMs: () => nowMs },
    readings,
    containers: () => running,
    facts: async () => ({ logPath: null, logDriver: 'none', address: '127.0.0.1' }),
    onChange: () => {},
  });
});
afterEach(async () => {
  receivers.stop();
  for (const close of closers.splice(0)) await close();
});

/** Values of the next frame by `endpoint/metric/tags`. */
function frame(): Record<string, number> {
  register.beginFrame();
  readings.sample();
  const values = register.endFrame();
  const { dictionary } = register.generation;
  return Object.fromEntries(
    dictionary.series.flatMap(({ metric, tags }, index) => {
      const name = `${dictionary.endpointOf(index).name}/${metric}/${formatTags(tags)}`;
      return isAbsent(values, index) ? [] : [[name, values[index] ?? 0]];
    }),
  );
}

async function until(what: () => boolean): Promise<void> {
  for (let attempt = 0; attempt < 400; attempt++) {
    if (what()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`in vain: ${what}`);
}
const state = (name: string) => receivers.states().find((each) => each.name === name);

function freePort(): Promise<number> {
  const server = createTcpServer();
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

describe('StatsD', () => {
  async function open(): Promise<(text: string) => Promise<void>> {
    const port = await freePort();
    receivers.apply({ otlpPort: null, statsdPort: port, prometheus: false });
    await until(() => state('statsd')?.state === 'ok');
    const socket = createSocket('udp4');
    closers.push(() => socket.close());
    return async (text) => {
      await new Promise((resolve) => socket.send(text, port, '127.0.0.1', resolve));
      await new Promise((resolve) => setTimeout(resolve, 30));
    };
  }

  test('is summed up in each tick', async () => {
    const send = await open();
    await send('orders:3|c|#shop:eu,new\norders:1|c|@0.5|#shop:eu,new\nqueue:7|g\nqueue:-2|g\nusers:a|s\nusers:b:a|s');
    await send('rt:10|ms\nrt:20:30|ms');
    nowMs += 2000;
    expect(frame()).toEqual({
      'h/orders.rate/new=true,shop=eu': 2.5,
      'h/queue/': 5,
      'h/users.unique/': 2,
      'h/rt.rate/': 1.5,
      'h/rt.avg/': 20,
      'h/rt.max/': 30,
      'h/rt.quantile/q=0.5': expect.closeTo(20, 0),
      'h/rt.quantile/q=0.95': expect.closeTo(30, 0),
      'h/rt.quantile/q=0.99': expect.closeTo(30, 0),
    });
    nowMs += 1000;
    // Nothing more came: nothing is counted, a gauge stands, of no times there is no mean.
    expect(frame()).toEqual({
      'h/orders.rate/new=true,shop=eu': 0,
      'h/queue/': 5,
      'h/users.unique/': 0,
      'h/rt.rate/': 0,
    });
    nowMs += 301_000;
    expect(frame()).toEqual({});
  });

  test('that is wrong is refused with words, and disturbs nothing else', async () => {
    const send = await open();
    await send('garbage\nx:1|zz\nx:one|c\ngood:1|c\ncpu.busy:99|g\n_e{1,1}:a|b');
    nowMs += 1000;
    expect(frame()).toEqual({ 'h/good.rate/': 1 });
    expect(state('statsd')?.error).toMatch(/^5 refused since the start: /);
    await send(Array.from({ length: 300 }, (_, index) => `n${index}:1|g`).join('\n'));
    for (let part = 1; part <= 3; part++)
      await send(Array.from({ length: 300 }, (_, index) => `n${part}.${index}:1|g`).join('\n'));
    nowMs += 1000;
    expect(Object.keys(frame()).length).toBeLessThanOrEqual(1000);
    expect(state('statsd')?.error).toContain('names beyond 1000');
  });

  test('whose port is taken says so, and closes when it is switched off', async () => {
    const taken = createSocket('udp4');
    closers.push(() => taken.close());
    const port = await new Promise<number>((resolve) =>
      taken.bind(0, '127.0.0.1', () => resolve(taken.address().port)),
    );
    receivers.apply({ otlpPort: null, statsdPort: port, prometheus: false });
    await until(() => state('statsd')?.state === 'failing');
    expect(state('statsd')?.error).toMatch(new RegExp(`^port ${port} of 127.0.0.1 can not be opened: .*EADDRINUSE`));
    receivers.apply({ otlpPort: null, statsdPort: null, prometheus: false });
    expect(receivers.states()).toEqual([]);
  });
});

describe('OTLP', () => {
  async function open(): Promise<(body: string | Uint8Array, headers?: Record<string, string>) => Promise<Response>> {
    const port = await freePort();
    receivers.apply({ otlpPort: port, statsdPort: null, prometheus: false });
    await until(() => state('otlp')?.state === 'ok');
    return (body, headers = {}) =>
      fetch(`http://127.0.0.1:${port}/v1/metrics`, {
        method: 'POST',
        body: typeof body === 'string' ? body : Buffer.from(body),
        headers: { 'content-type': 'application/json', ...headers },
      });
  }
  const request = (metric: object, attributes: object[] = []): string =>
    JSON.stringify({ resourceMetrics: [{ resource: { attributes }, scopeMetrics: [{ metrics: [metric] }] }] });
  const sum = (value: string): string =>
    request(
      {
        name: 'http.requests',
        sum: {
          aggregationTemporality: 2,
          isMonotonic: true,
          dataPoints: [{ asInt: value, attributes: [{ key: 'route', value: { stringValue: '/a' } }] }],
        },
      },
      [{ key: 'service.name', value: { stringValue: 'shop' } }],
    );

  test('in JSON becomes gauges and rates', async () => {
    const send = await open();
    expect(await (await send(sum('100'))).json()).toEqual({});
    nowMs += 4000;
    await send(sum('120'));
    await send(request({ name: 'queue/depth', gauge: { dataPoints: [{ asDouble: 2.5 }] } }));
    expect(frame()).toEqual({ 'h/http.requests.rate/route=/a,service.name=shop': 5, 'h/queue_depth/': 2.5 });
  });

  test('of a container of this host hangs on the container', async () => {
    const id = 'c'.repeat(64);
    running.push({ container: { id, labels: {} } as ContainerDescription, entry: endpoint('h/shop.1', 'container') });
    const send = await open();
    await send(
      request({ name: 'a', gauge: { dataPoints: [{ asInt: 1 }] } }, [
        { key: 'container.id', value: { stringValue: id } },
      ]),
    );
    await send(
      request({ name: 'b', gauge: { dataPoints: [{ asInt: 2 }] } }, [
        { key: 'container.id', value: { stringValue: 'elsewhere-x' } },
      ]),
    );
    expect(frame()).toEqual({ 'h/shop.1/a/': 1, 'h/b/': 2 });
  });

  test('in protobuf, with gzip, says the same', async () => {
    const send = await open();
    type Write = (writer: PbfWriter) => void;
    const inside =
      (number: number, write: Write): Write =>
      (writer) =>
        writer.writeMessage(number, (_: null, into) => write(into), null);
    const attribute: Write = (w) => {
      w.writeStringField(1, 'route');
      inside(2, (value) => value.writeStringField(1, '/b'))(w);
    };
    const histogram = (counts: number[]): Uint8Array => {
      const point: Write = (w) => {
        inside(9, attribute)(w);
        w.writeFixed64Field(
          4,
          counts.reduce((a, b) => a + b),
        );
        w.writeDoubleField(5, counts.length);
        w.writePackedFixed64(6, counts);
        w.writePackedDouble(7, [0.1, 1]);
        w.writeStringField(99, 'of a later version');
      };
      const metric: Write = (w) => {
        w.writeStringField(1, 'rt');
        inside(9, (points) => {
          inside(1, point)(points);
          points.writeVarintField(2, 2);
        })(w);
      };
      const writer = new PbfWriter();
      inside(1, inside(2, inside(2, metric)))(writer);
      return writer.finish();
    };
    const headers = { 'content-type': 'application/x-protobuf', 'content-encoding': 'gzip' };
    expect((await send(gzipSync(histogram([1, 1, 0])), headers)).status).toBe(200);
    nowMs += 10_000;
    await send(gzipSync(histogram([1, 11, 10])), headers);
    expect(frame()).toEqual({
      'h/rt.rate/route=/b': 2,
      'h/rt.avg/route=/b': 0,
      'h/rt.quantile/q=0.5,route=/b': 1,
      'h/rt.quantile/q=0.95,route=/b': 1,
      'h/rt.quantile/q=0.99,route=/b': 1,
    });
  });

  test('that can not be taken is told as the protocol has it', async () => {
    const send = await open();
    const exponential = request({ name: 'e', exponentialHistogram: { dataPoints: [{}, {}] } });
    expect(await (await send(exponential)).json()).toEqual({
      partialSuccess: {
        rejectedDataPoints: '2',
        errorMessage: '2 refused since the start: exponential histograms; use explicit buckets (2)',
      },
    });
    const own = await send(request({ name: 'cpu.busy', gauge: { dataPoints: [{ asInt: 1 }] } }));
    expect(await own.json()).toMatchObject({ partialSuccess: { rejectedDataPoints: '1' } });
    const empty = { 'content-type': 'application/x-protobuf' };
    // A resource with a scope with a metric of no bytes at all.
    const nameless = new Uint8Array([10, 4, 18, 2, 18, 0]);
    const answer = new PbfReader(new Uint8Array(await (await send(nameless, empty)).arrayBuffer()));
    expect(answer.readFields((tag, tags: number[]) => void tags.push(tag), [])).toEqual([1]);
  });

  test.each<[string, string | Uint8Array, Record<string, string>, number]>([
    ['no JSON', '{', {}, 400],
    ['no protobuf', new Uint8Array([10, 200, 1]), { 'content-type': 'application/x-protobuf' }, 400],
    ['another type', 'a=b', { 'content-type': 'text/plain' }, 415],
    ['another encoding', '{}', { 'content-encoding': 'br' }, 415],
    ['no gzip', '{}', { 'content-encoding': 'gzip' }, 400],
    ['a bomb', gzipSync(Buffer.alloc(8 * 1024 * 1024)), { 'content-encoding': 'gzip' }, 413],
    ['a page of a browser', '{}', { origin: 'http://evil.example' }, 403],
  ])('that is %s is refused', async (_, body, headers, status) => {
    const send = await open();
    expect((await send(body, headers)).status).toBe(status);
    expect((await send('{}')).status).toBe(200);
  });
});

describe('scraping', () => {
  async function serve(answer: () => string, status = 200): Promise<number> {
    const server: Server = createServer((_, response) => response.writeHead(status).end(answer()));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closers.push(() => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    });
    return (server.address() as AddressInfo).port;
  }
  const label = (id: string, labels: Record<string, string>): void => {
    running.push({
      container: { id, pid: 1, labels } as unknown as ContainerDescription,
      entry: endpoint(`h/${id}`, 'container'),
    });
  };

  test('of containers that are labelled for it', async () => {
    let orders = 0;
    const answer = (): string => {
      orders += 30;
      return `orders_total ${orders}\nqueue{q="a,b"} 4\n`;
    };
    label('shop', {
      'saker.scrape': String(await serve(answer)),
      'saker.scrape.every': '1',
    });
    label('none', {});
    label('wrong', { 'saker.scrape': 'maybe' });
    label('broken', { 'saker.scrape': String(await serve(() => 'x', 500)) });
    label('page', { 'saker.scrape': String(await serve(() => '<html>')) });
    receivers.start();
    await until(
      () => receivers.states().every(({ state: one }) => one !== 'starting') && receivers.states().length === 4,
    );
    frame();
    nowMs += 10_000;
    await until(() => orders >= 60);
    await until(() => (frame()['h/shop/orders_total.rate/'] ?? 0) > 0);
    expect(state('prometheus/h/shop')).toMatchObject({ type: 'prometheus', state: 'ok', error: null });
    expect(state('prometheus/h/wrong')?.error).toMatch(/^the label saker.scrape is "maybe"/);
    expect(state('prometheus/h/broken')?.error).toMatch(/^http:.*\/metrics: status 500$/);
    expect(state('prometheus/h/page')?.error).toBe('no samples in the answer; line 1: "<html>" is none');
    running.splice(0);
    await until(() => receivers.states().length === 0);
  });

  test('beyond the series of one container is refused and counted', async () => {
    const text = Array.from({ length: 1100 }, (_, index) => `m${index} 1`).join('\n');
    label('greedy', { 'saker.scrape': String(await serve(() => text)) });
    receivers.start();
    await until(() => state('prometheus/h/greedy')?.state === 'ok');
    expect(state('prometheus/h/greedy')).toMatchObject({
      series: 1000,
      error: expect.stringMatching(/^100 refused since the start: more than 1000 series/),
    });
    expect(Object.keys(frame())).toHaveLength(1000);
  });
});
