import { describe, expect, test } from 'vitest';
import type { Endpoint } from '../../../core/index.ts';
import { Board } from './board.ts';
import { rowOf } from './row.ts';

const host: Endpoint = {
  name: 'h',
  kind: 'host',
  host: 'h',
  state: 'running',
  labels: {},
  system: { cpuCount: 4, memoryBytes: 8e9, kernel: '6.1', cgroupVersion: 2, docker: null },
};
const web: Endpoint = {
  name: 'h/web',
  kind: 'container',
  host: 'h',
  state: 'running',
  labels: { tier: 'front' },
  container: { id: 'a1', name: 'web', image: 'nginx', startedAtMs: 40_000 },
};

function boardOf(...endpoints: Endpoint[]): Board {
  const board = new Board();
  board.describe(endpoints);
  return board;
}

describe('the board', () => {
  test('shows the newest value of each series, and what is slower than a second for a while', () => {
    const board = boardOf(web);
    board.put('h/web', { metric: 'load.1min', tags: {}, second: 100, value: 0.5 });
    board.put('h/web', { metric: 'cpu.busy', tags: {}, second: 115, value: 20 });
    const [reading] = board.readings();
    expect([reading?.value('load.1min'), reading?.value('cpu.busy')]).toEqual([0.5, 20]);
    board.put('h/web', { metric: 'cpu.busy', tags: {}, second: 116, value: 30 });
    expect([reading?.value('load.1min'), reading?.value('cpu.busy')]).toEqual([null, 30]);
  });

  test('adds up kills, of which each value tells only the newest', () => {
    const board = boardOf(web);
    for (const second of [1, 2, 60]) board.put('h/web', { metric: 'mem.oom.kills', tags: {}, second, value: 1 });
    expect(board.readings()[0]?.value('mem.oom.kills')).toBe(3);
  });

  test('forgets what ended, and begins anew with a recreated container', () => {
    const board = boardOf(host, web);
    board.put('h/web', { metric: 'cpu.busy', tags: {}, second: 1, value: 20 });
    board.describe([host, { ...web, container: { id: 'b2', name: 'web', image: 'nginx', startedAtMs: 0 } }]);
    expect(board.readings()[1]?.value('cpu.busy')).toBeNull();
    board.describe([host, { ...web, state: 'gone' }]);
    expect(board.readings().map(({ endpoint }) => endpoint.name)).toEqual(['h']);
    board.put('h/web', { metric: 'cpu.busy', tags: {}, second: 2, value: 20 });
  });
});

describe('a row', () => {
  test('of a host counts used cores of those that it has, and sums its interfaces', () => {
    const board = boardOf(host);
    board.put('h', { metric: 'cpu.busy', tags: {}, second: 1, value: 50 });
    board.put('h', { metric: 'net.if.in.bytes', tags: { iface: 'a' }, second: 1, value: 10 });
    board.put('h', { metric: 'net.if.in.bytes', tags: { iface: 'b' }, second: 1, value: 5 });
    const [reading] = board.readings();
    expect(reading && rowOf(reading, 5000)).toMatchObject({
      cpu: { percent: 50, usedCores: 2, limitCores: 4 },
      network: { inBytesPerSecond: 15, outBytesPerSecond: null },
      ageSeconds: 4,
    });
  });

  test('of a container says null for what was not measured, and where block I/O is not counted', () => {
    const board = boardOf(web);
    board.put('h/web', { metric: 'disk.io.accounted', tags: {}, second: 99, value: 0 });
    board.put('h/web', { metric: 'cpu.busy.core', tags: { core: '1' }, second: 99, value: 7 });
    board.put('h/web', { metric: 'cpu.busy.core', tags: { core: '4000000000' }, second: 99, value: 7 });
    const [reading] = board.readings();
    expect(reading && rowOf(reading, 100_000)).toMatchObject({
      name: 'web',
      cpu: { percent: null, perCorePercent: [null, 7] },
      memory: { usageBytes: null, limitBytes: null },
      io: { readBytesPerSecond: null, accounted: false },
      uptimeSeconds: 60,
    });
  });
});
