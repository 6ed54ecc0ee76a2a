import { describe, expect, test } from 'vitest';
import { absentColumn, type Endpoint, isAbsent, SERIES_PER_COLLECTOR_MAX } from '../../core/index.ts';
import { DEAD_SERIES_MIN, ENDPOINTS_MAX, type EndpointEntry, SeriesRegister } from './series-register.ts';

function endpointNamed(name: string, state: 'running' | 'gone' = 'running'): Endpoint {
  return { name, kind: 'container', host: 'h', state, labels: {} };
}

function entryOf(register: SeriesRegister, name: string): EndpointEntry {
  const entry = register.endpoint(endpointNamed(name));
  if (entry === null) throw new Error('no place');
  return entry;
}

/** An endpoint with `count` series that all have a value in the open frame. */
function fill(register: SeriesRegister, name: string, count: number): EndpointEntry {
  const entry = entryOf(register, name);
  for (let core = 0; core < count; core++) {
    register.set(register.column(entry, 'cpu.busy.core', { core: String(core) }), 1);
  }
  return entry;
}

describe('the series register', () => {
  test('gives a series its column with its first value', () => {
    const register = new SeriesRegister();
    const column = register.column(entryOf(register, 'c'), 'cpu.busy');
    register.beginFrame();
    expect(register.endFrame()).toHaveLength(0);
    register.beginFrame();
    register.set(column, 12.345);
    expect([...register.endFrame()]).toEqual([12.35]);
    expect(register.generation.dictionary.identityOf(0)).toEqual({ endpoint: 'c', metric: 'cpu.busy', tags: {} });
  });

  test('marks what has no value in a frame as absent', () => {
    const register = new SeriesRegister();
    const column = register.column(entryOf(register, 'c'), 'cpu.busy');
    register.beginFrame();
    register.set(column, 1);
    register.beginFrame();
    register.set(column, Number.NaN);
    const values = register.endFrame();
    expect(isAbsent(values, 0)).toBe(true);
    expect(isAbsent(absentColumn(1), 0)).toBe(true);
  });

  test('hands out frames that the next one does not change', () => {
    const register = new SeriesRegister();
    const column = register.column(entryOf(register, 'c'), 'pids.current');
    register.beginFrame();
    register.set(column, 1);
    const first = register.endFrame();
    register.beginFrame();
    register.set(column, 2);
    expect(first[0]).toBe(1);
  });

  test('never sets a negative zero, which could not travel as an integer', () => {
    const register = new SeriesRegister();
    const column = register.column(entryOf(register, 'c'), 'agent.clock.offset.ms');
    register.beginFrame();
    register.set(column, -0.01);
    expect(Object.is(register.endFrame()[0], 0)).toBe(true);
  });

  test('continues the column of a series that is asked for again', () => {
    const register = new SeriesRegister();
    const column = register.column(entryOf(register, 'c'), 'net.if.in.bytes', { iface: 'eth0' });
    register.endpoint(endpointNamed('c', 'gone'));
    const again = register.column(entryOf(register, 'c'), 'net.if.in.bytes', { iface: 'eth0' });
    expect(again).toBe(column);
    expect(register.generation.dictionary.endpoints).toHaveLength(1);
  });

  test('begins a new generation when most series belong to the gone, and keeps the living', () => {
    const register = new SeriesRegister();
    register.beginFrame();
    fill(register, 'dead', DEAD_SERIES_MIN + 1);
    const alive = fill(register, 'alive', 3);
    register.beginFrame();
    expect(register.generation.dictionary.generation).toBe(1);
    register.endpoint(endpointNamed('dead', 'gone'));
    register.beginFrame();
    expect(register.generation.dictionary.generation).toBe(2);
    expect(register.generation.dictionary.endpoints.map(({ name }) => name)).toEqual(['alive']);
    register.set(register.column(alive, 'cpu.busy.core', { core: '2' }), 42);
    expect([...register.endFrame()]).toEqual([42]);
    expect(register.generation.dictionary.identityOf(0).tags).toEqual({ core: '2' });
  });

  test('keeps its generation while the dead are fewer than the living, or few', () => {
    const register = new SeriesRegister();
    register.beginFrame();
    fill(register, 'dead', DEAD_SERIES_MIN + 1);
    fill(register, 'alive', DEAD_SERIES_MIN + 1);
    fill(register, 'few', 10);
    register.endpoint(endpointNamed('dead', 'gone'));
    register.beginFrame();
    expect(register.generation.dictionary.generation).toBe(1);
  });

  test('does not grow with containers that come and go', () => {
    const register = new SeriesRegister();
    for (let number = 0; number < 500; number++) {
      register.beginFrame();
      fill(register, `c${number}`, 50);
      register.endpoint(endpointNamed(`c${number}`, 'gone'));
    }
    expect(register.seriesCount).toBeLessThanOrEqual(DEAD_SERIES_MIN + 100);
    expect(register.refused).toBe(0);
  });

  test('refuses series beyond the budget of a host, and counts them', () => {
    const register = new SeriesRegister();
    register.beginFrame();
    fill(register, 'c', SERIES_PER_COLLECTOR_MAX + 2);
    expect(register.seriesCount).toBe(SERIES_PER_COLLECTOR_MAX);
    expect(register.refused).toBe(2);
    expect(register.endFrame()).toHaveLength(SERIES_PER_COLLECTOR_MAX);
  });

  test('refuses an endpoint beyond the budget unless a gone one makes room', () => {
    const register = new SeriesRegister();
    for (let number = 0; number < ENDPOINTS_MAX; number++) entryOf(register, `c${number}`);
    expect(register.endpoint(endpointNamed('one more'))).toBeNull();
    register.endpoint(endpointNamed('c7', 'gone'));
    expect(register.endpoint(endpointNamed('one more'))).not.toBeNull();
  });
});
