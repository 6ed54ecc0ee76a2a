import { describe, expect, test } from 'vitest';
import type { Dictionary, Frame, LiveMessage, Tick, TimestampMs } from '../../core/index.ts';
import { dictionaryOf, frameOf, START_SECOND } from '../testing/frames.ts';
import { LiveHub } from './live-hub.ts';

const tickOf = (frame: Frame, dictionary: Dictionary): Tick => ({
  frame,
  dictionary,
  receivedAtMs: 0 as TimestampMs,
  kind: 'live',
});

function clientOf(hub: LiveHub, accepts: () => boolean = () => true) {
  const sent: LiveMessage[] = [];
  const { client, leave } = hub.join((message) => {
    if (!accepts()) return false;
    sent.push(message);
    return true;
  });
  return { client, leave, sent };
}

describe('live hub', () => {
  test('names columns once, then sends each second what has a sample', () => {
    const hub = new LiveHub();
    const { client, sent } = clientOf(hub);
    client.handle({ type: 'subscribe', id: 7, select: { metrics: ['m0', 'm2'] } });
    const dictionary = dictionaryOf(3);
    hub.onTick(tickOf(frameOf({ seq: 1, samples: [1, 2, 3] }), dictionary));
    hub.onTick(tickOf(frameOf({ seq: 2, samples: [4, 5, undefined] }), dictionary));
    expect(sent).toStrictEqual([
      {
        type: 'series',
        id: 7,
        first: 0,
        series: [
          { endpoint: 'h1', metric: 'm0', tags: {}, unit: null },
          { endpoint: 'h1', metric: 'm2', tags: {}, unit: null },
        ],
      },
      { type: 'tick', id: 7, second: START_SECOND + 1, columns: [0, 1], values: [1, 3] },
      { type: 'tick', id: 7, second: START_SECOND + 2, columns: [0], values: [4] },
    ]);
  });

  test('keeps a series in its column when the collector starts a new dictionary', () => {
    const hub = new LiveHub();
    const { client, sent } = clientOf(hub);
    client.handle({ type: 'subscribe', id: 1, select: { endpoints: ['h1'], metrics: ['m0'] } });
    hub.onTick(tickOf(frameOf({ seq: 1, samples: [1] }), dictionaryOf(1)));
    hub.onTick(tickOf(frameOf({ seq: 2, samples: [2] }), dictionaryOf(1)));
    expect(sent.filter(({ type }) => type === 'series')).toHaveLength(1);
    expect(sent.at(-1)).toMatchObject({ columns: [0], values: [2] });
  });

  test('tells a client that did not read how many ticks it missed', () => {
    const hub = new LiveHub();
    let reads = true;
    const { client, sent } = clientOf(hub, () => reads);
    client.handle({ type: 'subscribe', id: 1, select: { metrics: ['m0'] } });
    const dictionary = dictionaryOf(1);
    const tick = (seq: number) => hub.onTick(tickOf(frameOf({ seq, samples: [seq] }), dictionary));
    tick(1);
    reads = false;
    for (const seq of [2, 3, 4]) tick(seq);
    reads = true;
    tick(5);
    expect(sent.slice(-2)).toMatchObject([
      { type: 'missed', ticks: 3, fromSecond: START_SECOND + 2, toSecond: START_SECOND + 4 },
      { type: 'tick', values: [5] },
    ]);
  });

  test('does not tell a client of ticks that it did not ask for, and of changes as soon as it reads', () => {
    const hub = new LiveHub();
    let reads = true;
    const { client, sent } = clientOf(hub, () => reads);
    client.handle({ type: 'subscribe', id: 1, select: { metrics: ['m0'], endpoints: ['h1'] } });
    const [own, other] = [dictionaryOf(1), dictionaryOf(1, 'h2')];
    reads = false;
    hub.onTick(tickOf(frameOf({ seq: 1, samples: [1], collector: 'h2' }), other));
    hub.changed('alerts');
    hub.changed('alerts');
    reads = true;
    hub.onTick(tickOf(frameOf({ seq: 2, samples: [2] }), own));
    expect(sent.map(({ type }) => type)).toStrictEqual(['changed', 'series', 'tick']);
  });

  test('picks by labels of the endpoint, of the series, and by name', () => {
    const hub = new LiveHub();
    const { client, sent } = clientOf(hub);
    const matchers = [
      { label: 'metric', op: '=~' as const, value: 'm[12]' },
      { label: 'endpoint', op: '!=' as const, value: 'h2' },
    ];
    client.handle({ type: 'subscribe', id: 1, select: { matchers } });
    hub.onTick(tickOf(frameOf({ seq: 1, samples: [1, 2, 3] }), dictionaryOf(3)));
    hub.onTick(tickOf(frameOf({ seq: 1, samples: [1, 2, 3], collector: 'h2' }), dictionaryOf(3, 'h2')));
    expect(sent.at(-1)).toMatchObject({ type: 'tick', values: [2, 3] });
    expect(sent).toHaveLength(2);
  });

  test('refuses a subscription number that is in use', () => {
    const { client } = clientOf(new LiveHub());
    client.handle({ type: 'subscribe', id: 1, select: { metrics: ['m0'] } });
    expect(() => client.handle({ type: 'subscribe', id: 1, select: { metrics: ['m1'] } })).toThrow(/exists already/);
    client.handle({ type: 'unsubscribe', id: 1 });
    client.handle({ type: 'subscribe', id: 1, select: { metrics: ['m1'] } });
  });
});
