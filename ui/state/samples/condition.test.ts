import { describe, expect, test } from 'vitest';
import type { CollectorStatus, EndpointStatus } from '../../../core/api/index.ts';
import { conditionOf } from './condition.ts';

const endpoint: EndpointStatus = {
  name: 'web-1',
  kind: 'container',
  host: 'h1',
  state: 'running',
  labels: {},
  collector: 'h1',
  lastSampleMs: 100_000,
  seriesCount: 20,
};
const collector: CollectorStatus = {
  name: 'h1',
  connected: true,
  version: '0.1.0',
  lastFrameMs: 100_000,
  ackedSeq: 1,
  clockSkewMs: 0,
  seriesCount: 20,
  seriesRefused: 0,
};

function judged(of: EndpointStatus, from: CollectorStatus, newestMs: number | null, nowMs: number) {
  return conditionOf(of, { collector: from, newestMs, nowMs, isLinked: true });
}

describe('the condition of an endpoint', () => {
  test('is live up to five seconds after its newest sample, stale after', () => {
    expect(judged(endpoint, collector, null, 105_000)).toEqual({ kind: 'live' });
    expect(judged(endpoint, collector, null, 105_001)).toEqual({
      kind: 'stale',
      ageMs: 5001,
      collectorDown: false,
    });
    expect(judged(endpoint, collector, 104_000, 105_001)).toEqual({ kind: 'live' });
  });

  test('tells a silent collector from a silent container', () => {
    const down = { ...collector, connected: false };
    expect(judged(endpoint, down, null, 130_000)).toMatchObject({ kind: 'stale', collectorDown: true });
  });

  test('a removed container is gone, not stale; one without samples is waited for', () => {
    expect(judged({ ...endpoint, state: 'gone' }, collector, null, 900_000)).toEqual({
      kind: 'gone',
      lastMs: 100_000,
    });
    expect(judged({ ...endpoint, lastSampleMs: null }, collector, null, 900_000)).toEqual({ kind: 'waiting' });
  });

  test('what was live when our link was lost is neither live nor stale', () => {
    const signs = { collector, newestMs: null, nowMs: 101_000, isLinked: false };
    expect(conditionOf(endpoint, signs)).toEqual({ kind: 'unlinked' });
    expect(conditionOf(endpoint, { ...signs, nowMs: 130_000 })).toMatchObject({ kind: 'stale' });
  });
});
