import { beforeEach, describe, expect, test } from 'vitest';
import { type MonitorDefinition, VirtualClock } from '../../../core/index.ts';
import { SeriesRegister } from '../../sampling/series-register.ts';
import { Readings } from '../readings.ts';
import { type Monitor, reading } from './monitor.ts';
import { MonitorSet } from './monitor-set.ts';

const port = (name: string, everySeconds = 5): MonitorDefinition =>
  ({
    ...{ name, everySeconds, tags: {}, type: 'port', port: 1 },
    ...{ protocol: 'tcp', connect: null, timeoutMs: 1000 },
  }) as MonitorDefinition;

let clock: VirtualClock;
let readings: Readings;
let register: SeriesRegister;
let checks: string[];
let behaviour: Map<string, () => ReturnType<Monitor['check']>>;
let closed: string[];
let set: MonitorSet;
beforeEach(() => {
  clock = new VirtualClock(1_700_000_000_000);
  register = new SeriesRegister();
  const host = register.endpoint({ name: 'h', kind: 'host', host: 'h', state: 'running', labels: {} });
  if (host === null) throw new Error('no place');
  readings = new Readings(register, host);
  checks = [];
  closed = [];
  behaviour = new Map();
  const fine = () => Promise.resolve({ readings: [reading('a.b', {}, 7)], problem: null });
  set = new MonitorSet({
    clock,
    readings,
    onChange: () => {},
    create: ({ monitor: { name } }) => ({
      check: () => {
        checks.push(name);
        return (behaviour.get(name) ?? fine)();
      },
      close: () => void closed.push(name),
    }),
  });
  set.start();
});

const frame = (): number[] => {
  register.beginFrame();
  readings.sample();
  return [...register.endFrame()];
};
const states = (): Record<string, unknown> =>
  Object.fromEntries(set.states().map(({ name, state, error }) => [name, [state, error]]));

describe('the monitors of a host', () => {
  test('are checked at once, then at their pace, beside the ticks', async () => {
    set.declare('file', [{ origin: 'file', monitor: port('a') }]);
    expect(states()).toEqual({ a: ['starting', null] });
    await clock.advance(20_000);
    expect(checks.length).toBeGreaterThanOrEqual(4);
    expect(checks.length).toBeLessThanOrEqual(5);
    expect(states()).toEqual({ a: ['ok', null] });
    expect(frame()).toEqual([7]);
    // A value stands in one tick; the seconds between two checks are absent.
    expect(Number.isNaN(frame()[0])).toBe(true);
  });

  test('that hang or fail disturb no other, and say so', async () => {
    behaviour.set('hangs', () => new Promise(() => {}));
    behaviour.set('fails', () => Promise.reject(new Error('no luck')));
    set.declare(
      'file',
      ['hangs', 'fails', 'good'].map((name) => ({ origin: 'file', monitor: port(name, 1) })),
    );
    await clock.advance(20_000);
    expect(checks.filter((name) => name === 'hangs')).toHaveLength(1);
    expect(checks.filter((name) => name === 'good').length).toBeGreaterThan(15);
    expect(states()).toEqual({
      hangs: ['failing', 'a check began and does not come back; the next one waits for it'],
      fails: ['failing', 'no luck'],
      good: ['ok', null],
    });
    expect(set.skipped).toBeGreaterThan(10);
  });

  test('go on undisturbed when they are declared again as they were, and end when they are not', async () => {
    set.declare('file', [
      { origin: 'file', monitor: port('a') },
      { origin: 'file', monitor: port('b') },
    ]);
    set.declare('server', [{ origin: 'rule', monitor: port('a') }]);
    await clock.advance(2000);
    set.declare('file', [
      { origin: 'file', monitor: port('a') },
      { origin: 'file', monitor: port('b', 9) },
    ]);
    expect(closed).toEqual(['b']);
    set.declare('server', []);
    expect(closed).toEqual(['b', 'a']);
    expect(set.states().map(({ name, origin }) => `${origin}:${name}`)).toEqual(['file:a', 'file:b']);
  });

  test('that invent series spend their own places only', async () => {
    const many = Array.from({ length: 600 }, (_, index) => reading(`m.${index}`, {}, 1));
    behaviour.set('greedy', () => Promise.resolve({ readings: many, problem: null }));
    set.declare('file', [
      { origin: 'file', monitor: port('greedy') },
      { origin: 'file', monitor: port('good') },
    ]);
    await clock.advance(2000);
    expect(states()).toMatchObject({
      greedy: ['ok', 'more than 500 series; those that came later are not kept (m.599)'],
      good: ['ok', null],
    });
    expect(frame()).toHaveLength(501);
  });

  test('give their places back', async () => {
    for (let round = 0; round < 4; round++) {
      const many = Array.from({ length: 450 }, (_, index) => reading(`m.${round}.${index}`, {}, 1));
      behaviour.set(`x${round}`, () => Promise.resolve({ readings: many, problem: null }));
      set.declare('file', [{ origin: 'file', monitor: port(`x${round}`) }]);
      await clock.advance(2000);
      frame();
    }
    set.declare('file', []);
    frame();
    // What is left is too little for another generation.
    expect(register.seriesCount).toBe(450);
  });
});
