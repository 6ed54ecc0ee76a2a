import { compressSync } from 'snappy';
import { describe, expect, test } from 'vitest';
import type { AddSample, PushedSeries } from '../../../realtime/index.ts';
import { JsonStream } from './json-stream.ts';
import { CounterRates, parseFalconTags, readFalconItem, takeFalconItems } from './open-falcon.ts';
import type { PushedForm, Taking } from './push-door.ts';
import { type Reason, Refusals } from './refusals.ts';
import { RemoteWriteReader, UNPACKED_BYTES_MAX, unpack } from './remote-write.ts';

const NOW = 1_700_000_000;
const item = { endpoint: 'h', metric: 'qps', value: 1.5, step: 60, counterType: 'GAUGE', tags: 'a=1', timestamp: NOW };

/** Writes down what a reader adds; a series is an object of its own, as senders' are. */
function recorded(refuse: (form: PushedForm) => Reason | null = () => null) {
  const samples: [string, number, number][] = [];
  const names = new Map<PushedSeries, string>();
  const byName = new Map<string, PushedSeries>();
  const refusals = new Refusals(new Map());
  const series = (form: PushedForm): PushedSeries | Reason => {
    const reason = refuse(form);
    if (reason !== null) return reason;
    const name = `${form.endpoint}/${form.metric}${JSON.stringify(form.tags)}`;
    const known = byName.get(name) ?? ({ lane: { isDropped: false }, column: byName.size } as unknown as PushedSeries);
    byName.set(name, known);
    names.set(known, name);
    return known;
  };
  const add: AddSample = (one, second, value) => {
    samples.push([names.get(one) ?? '', second, value]);
    return null;
  };
  const taking: Taking = { refusals, series, add };
  return { samples, refusals, taking };
}

describe("Open-Falcon's items", () => {
  test.each([
    ['1.5', 1.5],
    ['1e3', 1000],
    ['-.5', -0.5],
    ['+Inf', Number.POSITIVE_INFINITY],
    ['-infinity', Number.NEGATIVE_INFINITY],
    ['NaN', Number.NaN],
    [7, 7],
  ])('take the value %j', (value, expected) => {
    expect(readFalconItem({ ...item, value }, NOW)).toMatchObject({ value: expected });
  });

  test.each([
    [null, 'it is not an object'],
    [{ ...item, metric: 'kernel.hostname' }, 'metric: kernel.hostname is not a number'],
    [{ ...item, endpoint: '' }, 'endpoint: 1 to 255 characters'],
    [{ ...item, counterType: 'gauge' }, 'counterType: GAUGE, COUNTER or DERIVE'],
    [{ ...item, step: 0 }, 'step: seconds, at least 1'],
    [{ ...item, value: true }, 'value: a number'],
    [{ ...item, value: '' }, 'value: a number'],
    [{ ...item, value: '1_000' }, 'value: a number'],
    [{ ...item, tags: `a=${'x'.repeat(510)}` }, 'metric and tags: at most 510 bytes together'],
    [{ ...item, tags: '=z' }, 'tags: at most 32, names of 1 to 64 and values of at most 255 characters'],
  ])('an item is refused for its form, %#', (wrong, reason) => {
    expect(readFalconItem(wrong, NOW)).toBe(reason);
  });

  test('a time that can not be is now: none, or one in milliseconds', () => {
    for (const timestamp of [0, -5, NOW * 1000])
      expect(readFalconItem({ ...item, timestamp }, NOW)).toMatchObject({ second: NOW });
  });

  test('tags are parsed as the original does', () => {
    expect(parseFalconTags('a=1, b = 2,c,d=x=y')).toStrictEqual({ a: '1', b: '2', d: 'x=y' });
    expect(parseFalconTags(',core=0')).toStrictEqual({ core: '0' });
    expect(parseFalconTags('a=1,a=2')).toStrictEqual({ a: '2' });
  });

  test('a counter is its change in a second; a reset and what comes late say nothing', () => {
    const { samples, taking } = recorded();
    const counts = [
      [0, 100],
      [60, 400],
      [30, 500],
      [120, 20],
      [180, 80],
    ] as const;
    const items = counts.map(([at, value]) => ({ ...item, counterType: 'COUNTER', timestamp: NOW + at, value }));
    takeFalconItems(items, NOW, new CounterRates())(taking);
    expect(samples.map(([, second, value]) => [second - NOW, value])).toStrictEqual([
      [60, 5],
      [180, 1],
    ]);
  });

  test('a bad one costs itself, and is named', () => {
    const { samples, refusals, taking } = recorded(({ metric }) => (metric === 'theirs' ? 'node' : null));
    takeFalconItems([item, { ...item, step: -1 }, { ...item, metric: 'theirs' }], NOW, new CounterRates())(taking);
    expect(samples).toStrictEqual([['h/qps{"a":"1"}', NOW, 1.5]]);
    expect(refusals.words(3)).toBe(
      '2 of 3 refused: item 2: step: seconds, at least 1; item 3 (h/theirs): ' +
        'the endpoint is not under the node of the service tree that this token may write to',
    );
  });
});

describe('remote write', () => {
  /** http_requests_total{empty="", instance="web1:9100", job="web", path="/a,b"} 1.5 at NOW + 999 ms. */
  const message = Buffer.from(
    '0a6f0a1f0a085f5f6e616d655f5f1213687474705f72657175657374735f746f74616c0a090a05656d70747912000a150a08' +
      '696e7374616e63651209776562313a393130300a0a0a036a6f6212037765620a0c0a047061746812042f612c621210090000' +
      '00000000f83f10e7d795ffbc31',
    'hex',
  );

  test('labels become endpoint, metric and tags; a time its second', () => {
    const { samples, taking } = recorded();
    const reader = new RemoteWriteReader();
    expect(reader.count(message)).toBe(1);
    reader.take(message)(taking);
    reader.take(message)(taking);
    const name = 'web1:9100/http_requests_total{"job":"web","path":"/a%2Cb"}';
    expect(samples).toStrictEqual([
      [name, NOW, 1.5],
      [name, NOW, 1.5],
    ]);
  });

  test('a staleness marker is no sample, another NaN is one', () => {
    const { samples: taken, taking } = recorded();
    // up{} twice: the marker, and a second later what was measured as not a number.
    const two = Buffer.from(
      '0a340a0e0a085f5f6e616d655f5f12027570121009020000000000f07f1080d095ffbc31121009000000000000f87f10e8d7' +
        '95ffbc31',
      'hex',
    );
    new RemoteWriteReader().take(two)(taking);
    expect(taken.map(([, second]) => second - NOW)).toStrictEqual([1]);
  });

  test('every cut of a message is refused, or is a message of its own; no flipped byte does worse', () => {
    for (let length = 0; length < message.length; length++) {
      for (const bytes of [message.subarray(0, length), flipped(message, length)]) {
        try {
          new RemoteWriteReader().take(bytes)(recorded().taking);
        } catch (error) {
          expect(error).toMatchObject({ code: 'BAD_REQUEST' });
        }
      }
    }
  });

  test('a block that says it is huge, or is none, is refused before it is unpacked', () => {
    expect(unpack(compressSync(message))).toStrictEqual(message);
    const huge = Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f, 0]);
    expect(() => unpack(huge)).toThrow(`${UNPACKED_BYTES_MAX} are taken`);
    expect(() => unpack(Buffer.from([10, 1, 2, 3]))).toThrow('no snappy block');
  });
});

const flipped = (message: Buffer, at: number): Buffer => {
  const copy = Buffer.from(message);
  copy[at] = (copy[at] ?? 0) ^ 0x55;
  return copy;
};

describe('a stream of calls', () => {
  test('is cut where calls end, wherever its packets do', () => {
    const calls = ['{"a":"}{\\""}', '{"b":[{"c":1}]}', '{}'];
    const text = Buffer.from(` ${calls[0]}\n${calls[1]}${calls[2]}\n`);
    for (let cut = 0; cut <= text.length; cut++) {
      const stream = new JsonStream(100);
      expect([...stream.push(text.subarray(0, cut)), ...stream.push(text.subarray(cut))]).toStrictEqual(calls);
    }
  });

  test('ends with what is no object, or is too large', () => {
    expect(() => new JsonStream(100).push(Buffer.from('GET / HTTP/1.1'))).toThrow('no JSON object');
    const stream = new JsonStream(100);
    stream.push(Buffer.from(`{"a":"${'x'.repeat(80)}`));
    expect(() => stream.push(Buffer.from('x'.repeat(20)))).toThrow('more than 100 bytes');
  });
});
