import { describe, expect, test } from 'vitest';
import { type HostEvent, VirtualClock } from '../../../core/index.ts';
import { EngineStore } from '../../state/testing/engine-store.ts';
import { HostEvents } from './host-events.ts';
import { migrations } from './migrations.ts';

const DAY_MS = 24 * 3600 * 1000;
const START_MS = 1_700_000_000_000;

const event = (number: number, changes: Partial<HostEvent> = {}): HostEvent => ({
  id: `boot-${number}`,
  kind: 'oom_kill',
  severity: 'critical',
  atMs: START_MS + number,
  endpoint: 'h1/web',
  text: 'the kernel killed java',
  line: 'Killed process 7 (java)',
  facts: { process: 'java' },
  ...changes,
});

function events() {
  const clock = new VirtualClock(START_MS);
  let changes = 0;
  const kept = new HostEvents(new EngineStore(migrations), clock, () => changes++);
  return { clock, kept, changes: () => changes };
}

describe('what happened on hosts', () => {
  test('is kept once, however often it is told, and given newest first', async () => {
    const { kept, changes } = events();
    await kept.take('h1', [event(1), event(2)]);
    await kept.take('h1', [event(2), event(3)]);
    expect((await kept.list({})).map(({ id }) => id)).toEqual(['boot-3', 'boot-2', 'boot-1']);
    expect((await kept.list({ limit: 1 }))[0]).toEqual({ ...event(3), collector: 'h1' });
    expect(changes()).toBe(2);
  });

  test('is found by endpoint, kind and time', async () => {
    const { kept } = events();
    await kept.take('h1', [event(1), event(2, { endpoint: 'h1' }), event(3, { kind: 'segfault' })]);
    const ids = async (query: object) => (await kept.list(query)).map(({ id }) => id);
    expect(await ids({ endpoint: 'h1' })).toEqual(['boot-2']);
    expect(await ids({ kind: 'segfault' })).toEqual(['boot-3']);
    expect(await ids({ fromMs: START_MS + 2, toMs: START_MS + 3 })).toEqual(['boot-2']);
    expect(await ids({ endpoint: "x' OR '1'='1" })).toEqual([]);
  });

  test('is found by host, with what happened to its containers', async () => {
    const { kept } = events();
    await kept.take('h1', [event(1), event(2, { endpoint: 'h1' })]);
    await kept.take('h2', [event(3, { endpoint: 'h2/web' })]);
    expect((await kept.list({ host: 'h1' })).map(({ endpoint }) => endpoint)).toEqual(['h1', 'h1/web']);
  });

  test('is forgotten after 90 days', async () => {
    const { clock, kept } = events();
    await kept.take('h1', [event(1)]);
    await clock.advance(91 * DAY_MS);
    await kept.take('h1', [event(2, { atMs: clock.nowMs() })]);
    expect((await kept.list({})).map(({ id }) => id)).toEqual(['boot-2']);
  });
});
