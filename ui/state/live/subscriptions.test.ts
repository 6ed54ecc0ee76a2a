import { describe, expect, test } from 'vitest';
import type { LiveRequest } from '../../../core/api/index.ts';
import { retryDelayMs } from './retry.ts';
import { type LiveListener, Subscriptions, sampleValue } from './subscriptions.ts';

const select = { metrics: ['cpu.busy'] };
const cpu = { endpoint: 'web-1', metric: 'cpu.busy', tags: {}, unit: 'percent' };

class Recorder implements LiveListener {
  readonly heard: unknown[] = [];
  series(first: number, series: readonly unknown[]): void {
    this.heard.push(['series', first, series.length]);
  }
  tick(second: number, columns: readonly number[], values: readonly number[]): void {
    this.heard.push(['tick', second, columns, values]);
  }
  gap(columnsLost: boolean): void {
    this.heard.push(['gap', columnsLost]);
  }
  refused(code: string): void {
    this.heard.push(['refused', code]);
  }
}

describe('live subscriptions', () => {
  test('a subscription made before the connection is sent when it opens, and fetches what came before', () => {
    const subscriptions = new Subscriptions();
    const recorder = new Recorder();
    const sent: LiveRequest[] = [];
    subscriptions.add(select, recorder);
    subscriptions.opened((request) => sent.push(request));
    expect(sent).toEqual([{ type: 'subscribe', id: 1, select }]);
    expect(recorder.heard).toEqual([['gap', true]]);
  });

  test('a subscription made on an open connection has no gap', () => {
    const subscriptions = new Subscriptions();
    const recorder = new Recorder();
    subscriptions.opened(() => {});
    subscriptions.add(select, recorder);
    expect(recorder.heard).toEqual([]);
  });

  test('each listener hears its own series and ticks only', () => {
    const subscriptions = new Subscriptions();
    const [one, two] = [new Recorder(), new Recorder()];
    subscriptions.opened(() => {});
    subscriptions.add(select, one);
    subscriptions.add(select, two);
    subscriptions.receive({ type: 'series', id: 2, first: 0, series: [cpu] });
    subscriptions.receive({ type: 'tick', id: 2, second: 7, columns: [0], values: ['NaN'] });
    expect(one.heard).toEqual([]);
    expect(two.heard).toEqual([
      ['series', 0, 1],
      ['tick', 7, [0], [Number.NaN]],
    ]);
  });

  test('after a reconnect everything is subscribed again and told to fetch what was missed', () => {
    const subscriptions = new Subscriptions();
    const recorder = new Recorder();
    let changed = 0;
    subscriptions.opened(() => {});
    subscriptions.add(select, recorder);
    subscriptions.onChanged('alerts', () => changed++);
    subscriptions.closed();
    const sent: LiveRequest[] = [];
    subscriptions.opened((request) => sent.push(request));
    expect(sent).toEqual([{ type: 'subscribe', id: 1, select }]);
    expect(recorder.heard).toEqual([['gap', true]]);
    expect(changed).toBe(1);
  });

  test('missed ticks tell every listener, and keep the columns', () => {
    const subscriptions = new Subscriptions();
    const recorder = new Recorder();
    subscriptions.opened(() => {});
    subscriptions.add(select, recorder);
    subscriptions.receive({ type: 'missed', ticks: 4, fromSecond: 1, toSecond: 4 });
    expect(recorder.heard).toEqual([['gap', false]]);
  });

  test('a message for an ended subscription is counted and heard by nobody', () => {
    const subscriptions = new Subscriptions();
    const recorder = new Recorder();
    const sent: LiveRequest[] = [];
    subscriptions.opened((request) => sent.push(request));
    const end = subscriptions.add(select, recorder);
    end();
    end();
    subscriptions.receive({ type: 'tick', id: 1, second: 7, columns: [], values: [] });
    expect(recorder.heard).toEqual([]);
    expect(subscriptions.strayCount).toBe(1);
    expect(sent.map((request) => request.type)).toEqual(['subscribe', 'unsubscribe']);
  });

  test('a refused subscription hears why; a changed topic reaches those who asked for it', () => {
    const subscriptions = new Subscriptions();
    const recorder = new Recorder();
    const topics: string[] = [];
    subscriptions.opened(() => {});
    subscriptions.add(select, recorder);
    const end = subscriptions.onChanged('decisions', () => topics.push('decisions'));
    subscriptions.receive({ type: 'error', id: 1, code: 'QUERY_LIMIT', message: 'too many series' });
    subscriptions.receive({ type: 'changed', topic: 'decisions' });
    subscriptions.receive({ type: 'changed', topic: 'endpoints' });
    end();
    subscriptions.receive({ type: 'changed', topic: 'decisions' });
    expect(recorder.heard).toEqual([['refused', 'QUERY_LIMIT']]);
    expect(topics).toEqual(['decisions']);
  });

  test('what JSON cannot say is read back', () => {
    expect([1.5, null, 'NaN', 'Infinity', '-Infinity'].map(sampleValue)).toEqual([
      1.5,
      Number.NaN,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
    ]);
  });
});

test('waits between attempts grow from 1 s and never beyond 10 s', () => {
  expect([0, 1, 2, 3, 4, 5, 500].map(retryDelayMs)).toEqual([1000, 2000, 4000, 8000, 10_000, 10_000, 10_000]);
});
