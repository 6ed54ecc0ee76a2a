import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { silentLogger } from '../../core/index.ts';
import { SqliteStore } from '../testing/sqlite-store.ts';
import { DECISIONS_PER_GROUP_MAX, type DecisionDraft, DecisionLog } from './decision-log.ts';
import { scalerMigrations } from './migrations.ts';

const draft = (over: Partial<DecisionDraft> = {}): DecisionDraft => ({
  group: 'web',
  atMs: 1000,
  kind: 'hold',
  code: 'steady',
  metric: 'cpu.busy',
  signal: 50,
  current: 2,
  wanted: 2,
  reason: 'nothing to do',
  guards: [],
  winner: 'policy',
  stages: { raw: 2, stabilised: 2, limited: 2 },
  gates: [],
  proposals: [],
  mode: 'act',
  action: null,
  ...over,
});

const inputs = () => [{ endpoint: 'web.1', value: 50, ageMs: 10 }];

let store: SqliteStore;
let log: DecisionLog;

beforeEach(async () => {
  store = new SqliteStore(scalerMigrations);
  log = await DecisionLog.open(store, silentLogger);
});
afterEach(() => store.close());

describe('holds', () => {
  test('that say the same are one record with a count, the newest reason and both times', async () => {
    expect(log.hold(draft(), inputs)).toBe(true);
    expect(log.hold(draft({ atMs: 2000, reason: 'still nothing to do', signal: 51 }), inputs)).toBe(false);
    expect(log.hold(draft({ atMs: 3000 }), inputs)).toBe(false);
    const decisions = await log.recent({ limit: 10 });
    expect(decisions).toMatchObject([{ id: 'web.1', atMs: 1000, lastAtMs: 3000, repeats: 3 }]);
    await log.flush();
    expect(await log.recent({ limit: 10 })).toEqual(decisions);
  });

  test('of another class, another count, or after a change are records of their own', async () => {
    log.hold(draft(), inputs);
    log.hold(draft({ code: 'missing-data' }), inputs);
    log.hold(draft({ code: 'missing-data', current: 1 }), inputs);
    await log.change(draft({ kind: 'add', code: 'load-high', action: 'a1', wanted: 3, atMs: 5000 }), inputs, []);
    log.hold(draft({ atMs: 6000 }), inputs);
    const decisions = await log.recent({ limit: 10 });
    expect(decisions.map(({ id, repeats }) => [id, repeats])).toEqual([
      ['web.5', 1],
      ['web.4', 1],
      ['web.3', 1],
      ['web.2', 1],
      ['web.1', 1],
    ]);
  });

  test('survive a store that is away for a while', async () => {
    store.failing = true;
    log.hold(draft(), inputs);
    await log.flush();
    log.hold(draft({ atMs: 2000 }), inputs);
    store.failing = false;
    await log.flush();
    const reopened = await DecisionLog.open(store, silentLogger);
    expect(await reopened.recent({ limit: 10 })).toMatchObject([{ repeats: 2, lastAtMs: 2000 }]);
  });

  test('are numbered on, and begin a new record, after a restart', async () => {
    log.hold(draft(), inputs);
    await log.flush();
    const reopened = await DecisionLog.open(store, silentLogger);
    expect(reopened.hold(draft({ atMs: 9000 }), inputs)).toBe(true);
    expect((await reopened.recent({ limit: 10 })).map(({ id }) => id)).toEqual(['web.2', 'web.1']);
  });
});

describe('changes', () => {
  test('are durable together with what begins them, or not at all', async () => {
    const beginning = {
      sql: "INSERT INTO scaler_actions VALUES ('a', 'web', 'create', 'c', NULL, 'running', 's', NULL, NULL, 1, NULL)",
    };
    await log.change(draft({ kind: 'add', action: 'a' }), inputs, [beginning]);
    await expect(log.change(draft({ kind: 'add', action: 'a' }), inputs, [beginning])).rejects.toThrow();
    expect(await log.recent({ limit: 10 })).toHaveLength(1);
    expect(log.newest('web')?.id).toBe('web.1');
  });

  test('leave the time of the last one of each kind for the next run', async () => {
    await log.change(draft({ kind: 'add', atMs: 1000 }), inputs, []);
    await log.change(draft({ kind: 'add', atMs: 2000 }), inputs, []);
    await log.change(draft({ kind: 'remove', atMs: 3000 }), inputs, []);
    await log.change(draft({ kind: 'add', atMs: 4000, group: 'other' }), inputs, []);
    const changes = await log.lastChanges();
    expect(changes.get('web')).toEqual({ addMs: 2000, removeMs: 3000 });
    expect(changes.get('other')).toEqual({ addMs: 4000, removeMs: null });
  });
});

test('one group can be asked for alone', async () => {
  log.hold(draft(), inputs);
  log.hold(draft({ group: 'api', atMs: 2000 }), inputs);
  await log.flush();
  log.hold(draft({ group: 'api', atMs: 3000, code: 'other' }), inputs);
  expect((await log.recent({ group: 'api', limit: 10 })).map(({ id }) => id)).toEqual(['api.2', 'api.1']);
  expect((await log.recent({ limit: 2 })).map(({ id }) => id)).toEqual(['api.2', 'api.1']);
});

test('a group keeps its newest records and no more', async () => {
  const more = 250;
  for (let index = 0; index < DECISIONS_PER_GROUP_MAX + more; index++) {
    log.hold(draft({ atMs: index, code: `code ${index}` }), inputs);
    if (index % 5000 === 0) await log.flush();
  }
  await log.flush();
  const [row] = await store.read({ sql: 'SELECT COUNT(*) AS count, MIN(seq) AS oldest FROM scaler_decisions' });
  expect(row?.count).toBeLessThan(DECISIONS_PER_GROUP_MAX + 100);
  expect(row?.oldest).toBe(201);
});

test('a store that is away for long costs the oldest repeats, counted, and no memory', () => {
  store.failing = true;
  for (let index = 0; index < 10_050; index++) log.hold(draft({ atMs: index, code: `code ${index}` }), inputs);
  expect(log.droppedCount).toBeGreaterThanOrEqual(50);
});
