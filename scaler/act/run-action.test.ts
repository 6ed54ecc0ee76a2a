import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { VirtualClock } from '../../core/index.ts';
import type { ContainerSpec } from '../driver.ts';
import { ActionLog, type ActionRecord } from '../record/action-log.ts';
import { scalerMigrations } from '../record/migrations.ts';
import { FakeDriver } from '../testing/fake-driver.ts';
import { SqliteStore } from '../testing/sqlite-store.ts';
import { type RunContext, runAction } from './run-action.ts';

const spec: ContainerSpec = {
  name: 'web-1-a1',
  image: 'image',
  command: [],
  env: {},
  labels: { 'saker.action': 'a1' },
  resources: { cpus: null, memoryBytes: null, pids: 10 },
};

let clock: VirtualClock;
let store: SqliteStore;
let driver: FakeDriver;
let log: ActionLog;
let steps: string[];
let closing: AbortController;

beforeEach(() => {
  clock = new VirtualClock(1_000_000);
  store = new SqliteStore(scalerMigrations);
  driver = new FakeDriver(clock, ['image']);
  log = new ActionLog(store);
  steps = [];
  closing = new AbortController();
});
afterEach(() => store.close());

function context(): RunContext {
  const onStep = (record: ActionRecord) => steps.push(record.step);
  return { driver, clock, closing: closing.signal, log, onStep, onStoreFailure: () => {} };
}

async function begin(over: Partial<ActionRecord> = {}): Promise<ActionRecord> {
  const record: ActionRecord = {
    id: 'a1',
    group: 'web',
    kind: 'create',
    container: 'web-1-a1',
    containerId: null,
    state: 'running',
    step: 'create',
    error: null,
    spec,
    startedAtMs: clock.nowMs(),
    endedAtMs: null,
    ...over,
  };
  await log.begin(record);
  return record;
}

/** Runs to the end, with as much virtual time as it takes, up to a minute. */
async function finish(record: ActionRecord): Promise<ActionRecord> {
  let done = false;
  const running = runAction(context(), record).finally(() => {
    done = true;
  });
  running.catch(() => {});
  for (let seconds = 0; seconds < 60 && !done; seconds++) await clock.advance(1000);
  return running;
}

const callsOf = (name: string) => driver.calls.filter(({ call }) => call === name).length;

describe('a creation', () => {
  test('creates, starts and verifies, each step on record', async () => {
    const ended = await finish(await begin());
    expect(ended).toMatchObject({ state: 'done', step: 'verify', error: null, containerId: driver.all()[0]?.id });
    expect(steps).toEqual(['create', 'start', 'verify']);
    expect(driver.running()).toEqual(['web-1-a1']);
    expect(await log.recent({ limit: 5 })).toMatchObject([{ id: 'a1', state: 'done', container: 'web-1-a1' }]);
    expect(await log.unfinished()).toEqual([]);
  });

  test('whose create was done but not answered makes one container', async () => {
    driver.failNext('create', 'done-but-timeout');
    expect(await finish(await begin())).toMatchObject({ state: 'done' });
    expect(driver.all()).toHaveLength(1);
    expect(callsOf('create')).toBe(1);
  });

  test.each(['create', 'start', 'verify'])(
    'that a crash has cut at step %s goes on and makes one container',
    async (step) => {
      const id = await driver.create(spec);
      if (step === 'verify') await driver.start(id);
      const containerId = step === 'create' ? null : id;
      const ended = await finish(await begin({ step, containerId }));
      expect(ended).toMatchObject({ state: 'done', containerId: id });
      expect(driver.all()).toHaveLength(1);
      expect(driver.running()).toEqual(['web-1-a1']);
    },
  );

  test('that Docker refuses fails at once, with its words', async () => {
    const record = await begin({ spec: { ...spec, image: 'not-there' } });
    expect(await finish(record)).toMatchObject({ state: 'failed', step: 'create', error: 'no such image: not-there' });
    expect(callsOf('create')).toBe(1);
  });

  test('that can not be started takes its container away again', async () => {
    driver.failNext('start', 'refused');
    expect(await finish(await begin())).toMatchObject({ state: 'failed', step: 'start', error: 'start refused' });
    expect(driver.all()).toEqual([]);
  });

  test('whose container ends at once fails and leaves nothing', async () => {
    const record = await begin();
    const original = driver.start.bind(driver);
    driver.start = async (id) => {
      await original(id);
      await driver.kill(id);
    };
    const ended = await finish(record);
    expect(ended).toMatchObject({ state: 'failed', step: 'verify' });
    expect(ended.error).toContain('ended as soon as it was started');
    expect(driver.all()).toEqual([]);
  });

  test('outlives a short absence of Docker, and fails after a long one', async () => {
    driver.failNext('create', 'unavailable', 2);
    expect(await finish(await begin())).toMatchObject({ state: 'done' });
    driver.failNext('findByAction', 'unavailable', 3);
    expect(await finish(await begin({ id: 'a2' }))).toMatchObject({ state: 'failed' });
  });

  test('takes no step that it could not record', async () => {
    const record = await begin();
    store.failing = true;
    const running = runAction(context(), record);
    await clock.advance(120_000);
    expect(callsOf('create')).toBe(1);
    expect(callsOf('start')).toBe(0);
    store.failing = false;
    await clock.advance(20_000);
    expect(await running).toMatchObject({ state: 'done' });
  });

  test('that is cut by closing stays on record for the next run', async () => {
    driver.failNext('create', 'unavailable', 2);
    const running = runAction(context(), await begin());
    const rejected = expect(running).rejects.toThrow('closing');
    await clock.advance(500);
    closing.abort(new Error('closing'));
    await rejected;
    expect(await log.unfinished()).toMatchObject([{ id: 'a1', step: 'create', spec }]);
  });
});

describe('a removal', () => {
  const removal = (containerId: string, over: Partial<ActionRecord> = {}) =>
    begin({ kind: 'remove', step: 'stop', containerId, spec: null, ...over });

  test('stops and removes', async () => {
    const id = driver.place('web-1', {});
    expect(await finish(await removal(id))).toMatchObject({ state: 'done', step: 'remove' });
    expect(steps).toEqual(['stop', 'remove']);
    expect(driver.calls).toContainEqual({ call: 'stop', about: `${id} 10` });
    expect(driver.all()).toEqual([]);
  });

  test('kills what stop does not end', async () => {
    const id = driver.place('web-1', {});
    driver.failNext('stop', 'timeout');
    expect(await finish(await removal(id))).toMatchObject({ state: 'done' });
    expect(steps).toEqual(['stop', 'kill', 'remove']);
    expect(callsOf('stop')).toBe(1);
  });

  test('of what no signal ends is stuck, after one stop and one kill', async () => {
    const id = driver.place('web-1', {}, { unkillable: true });
    const ended = await finish(await removal(id));
    expect(ended).toMatchObject({ state: 'stuck', step: 'kill', containerId: id });
    expect(ended.error).toContain('still running after SIGKILL');
    expect([callsOf('stop'), callsOf('kill'), callsOf('remove')]).toEqual([1, 1, 0]);
    expect(await log.stuckContainers()).toEqual([id]);
  });

  test.each(['stop', 'kill', 'remove'])('that a crash has cut at step %s goes on', async (step) => {
    const id = driver.place('web-1', {}, { state: step === 'remove' ? 'exited' : 'running' });
    expect(await finish(await removal(id, { step }))).toMatchObject({ state: 'done' });
    expect(driver.all()).toEqual([]);
  });

  test('of a container that is gone already is done', async () => {
    const id = driver.place('web-1', {});
    driver.vanish(id);
    expect(await finish(await removal(id))).toMatchObject({ state: 'done' });
    expect(callsOf('stop')).toBe(0);
  });
});
