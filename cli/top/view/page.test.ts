import { describe, expect, test } from 'vitest';
import { Board } from '../readings/board.ts';
import { rowOf } from '../readings/row.ts';
import { columnsOf } from './columns.ts';
import { paintPage, tableLines } from './page.ts';
import { inColour, withoutColour } from './palette.ts';
import { cellsOf } from './text.ts';
import { firstState } from './view-state.ts';

function boardOf(containers: readonly (readonly [name: string, busy: number | null])[]): Board {
  const board = new Board();
  const system = { cpuCount: 2, memoryBytes: 8e9, kernel: '6.1', cgroupVersion: 1, docker: null } as const;
  board.describe([
    { name: 'h', kind: 'host', host: 'h', state: 'running', labels: {}, system },
    ...containers.map(([name]) => ({
      name: `h/${name}`,
      kind: 'container' as const,
      host: 'h',
      state: 'running' as const,
      labels: { app: name },
      container: { id: name, name, image: 'img', startedAtMs: 0 },
    })),
  ]);
  board.put('h', { metric: 'cpu.busy', tags: {}, second: 9, value: 12 });
  for (const [name, busy] of containers) {
    if (busy !== null) board.put(`h/${name}`, { metric: 'cpu.busy', tags: {}, second: 9, value: busy });
  }
  return board;
}

function factsOf(board: Board, note: string | null = null) {
  const readings = board.readings();
  return { title: 'saker top  h', time: '12:00:00', note, readings, rows: readings.map((one) => rowOf(one, 10_000)) };
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: what is taken out.
const strip = (line: string): string => line.replaceAll(/\u001b\[[0-9;]*m/g, '');
const namesIn = (lines: readonly string[]): string[] =>
  lines.slice(6, -1).flatMap((line) => (strip(line).trim() === '' ? [] : [strip(line).split(' ')[0] ?? '']));

describe('a page', () => {
  const facts = factsOf(
    boardOf([
      ['a', 5],
      ['b', 99],
      ['c', null],
    ]),
  );
  const size = { columns: 80, rows: 24 };

  test.each([
    [80, 24],
    [40, 10],
    [200, 60],
    [20, 5],
  ])('fills %d × %d cells and not one more', (columns, rows) => {
    for (const view of ['overview', 'cpu', 'memory', 'io', 'cores'] as const) {
      for (const isHelp of [false, true]) {
        const { lines } = paintPage(facts, { ...firstState, view, isHelp }, { columns, rows }, inColour);
        expect(lines.length).toBeLessThanOrEqual(rows);
        for (const line of lines) expect(cellsOf(strip(line))).toBeLessThanOrEqual(columns);
      }
    }
  });

  test('sorts by figures from the largest, what is not measured last in either direction', () => {
    expect(namesIn(paintPage(facts, firstState, size, withoutColour).lines)).toEqual(['b', '[h]', 'a', 'c']);
    const turned = paintPage(facts, { ...firstState, isDescending: false }, size, withoutColour);
    expect(namesIn(turned.lines)).toEqual(['a', '[h]', 'b', 'c']);
  });

  test('filters by name and by label, and says so', () => {
    const { lines } = paintPage(facts, { ...firstState, filter: 'APP=b' }, size, withoutColour);
    expect(namesIn(lines)).toEqual(['b']);
    expect(lines[4]).toContain('1 shown: "APP=b"');
  });

  test('says what could not be reached where the counts else stand', () => {
    const { lines } = paintPage({ ...facts, note: 'Docker is away' }, firstState, size, withoutColour);
    expect(lines[4]).toMatch(/^! Docker is away/);
  });

  test('marks what has not been heard of, and puts an alarm into colour', () => {
    const board = boardOf([['a', 97]]);
    const late = { ...factsOf(board), rows: board.readings().map((one) => rowOf(one, 30_000)) };
    expect(namesIn(paintPage(late, firstState, size, withoutColour).lines)).toEqual(['21s?', '21s?']);
    expect(paintPage(facts, firstState, size, inColour).lines.join('')).toContain('\u001b[1;31m 99.0\u001b[0m');
    expect(paintPage(facts, firstState, size, withoutColour).lines.join('')).not.toContain('\u001b');
  });

  test('names containers with their host where there are several hosts', () => {
    const rows = facts.rows.concat({ ...(facts.rows[0] as (typeof facts.rows)[0]), endpoint: 'g', name: 'g' });
    const lines = tableLines(rows, rows, firstState, { width: 80, paint: withoutColour });
    expect(lines.some((line) => line.startsWith('h/b '))).toBe(true);
  });
});

describe('columns', () => {
  test('give way by their rank, and the name takes what is left', () => {
    const at = (width: number) => columnsOf('overview', { width, coreCount: 2, units: 'iec' }).map(({ id }) => id);
    expect(at(80)).toEqual([
      'name',
      'cpu',
      'load1',
      'usage',
      'wset',
      'anon',
      'mem',
      'in',
      'out',
      'read',
      'write',
      'oom',
    ]);
    expect(at(30)).toEqual(['name', 'cpu', 'usage']);
    expect(at(1)).toEqual(['name']);
    expect(at(400)).toContain('image');
  });

  test('are wider for plain bytes', () => {
    const raw = columnsOf('memory', { width: 100, coreCount: 2, units: 'raw' });
    expect(raw.find(({ id }) => id === 'usage')?.width).toBe(13);
  });
});
