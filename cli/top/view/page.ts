/** A whole screen as lines: a pure function of what is known, what is chosen and how large it is. */
import type { Reading } from '../readings/board.ts';
import type { Row } from '../readings/row.ts';
import { type Column, columnsOf, sortableColumns, sortRows } from './columns.ts';
import { headLines } from './head.ts';
import type { Paint, Style } from './palette.ts';
import { cellsOf, inCells } from './text.ts';
import type { Extent, ViewState } from './view-state.ts';

/** A row whose newest sample is older than this is marked: its host or its collector is late. */
const LATE_S = 3;
const WARNING_AT = 80;
const BAD_AT = 95;

export type Size = { readonly columns: number; readonly rows: number };

export type Facts = {
  /** The first line, on the left: what is looked at. */
  readonly title: string;
  /** And on the right: the time of it. */
  readonly time: string;
  readonly note: string | null;
  readonly rows: readonly Row[];
  readonly readings: readonly Reading[];
};

export type Page = Extent & { readonly lines: readonly string[] };

/** The rows that the person wants to see, in their order. */
export function chosenRows(rows: readonly Row[], state: ViewState): readonly Row[] {
  const wanted = rows.filter((row) => isKind(row, state) && matches(row, state.filter));
  return sortRows(wanted, state.sort, state.isDescending);
}

export function paintPage(facts: Facts, state: ViewState, size: Size, paint: Paint): Page {
  const { columns: width, rows: height } = size;
  const shown = chosenRows(facts.rows, state);
  const hosts = facts.rows.filter(({ kind }) => kind === 'host');
  const head = [
    paint(spread(facts.title, facts.time, width), 'bold'),
    ...headLines(hosts, facts.readings, state.units).map((line) => inCells(line, width)),
    statusLine(facts, state, shown.length, { width, paint }),
  ];
  const pageSize = Math.max(1, height - head.length - 2);
  const extent = { rowCount: shown.length, pageSize, helpLineCount: helpLines().length };
  if (state.isHelp) return { lines: helpPage(state, size, paint), ...extent, pageSize: height - 2 };
  const top = Math.min(state.top, Math.max(0, shown.length - pageSize));
  const table = tableLines(shown.slice(top, top + pageSize), facts.rows, state, { width, paint });
  const filler = Array.from({ length: Math.max(0, pageSize - (table.length - 1)) }, () => '');
  const lines = [...head, ...table, ...filler, paint(inCells(footer(state, width), width), 'title')];
  return { lines: lines.slice(0, height), ...extent };
}

type Canvas = { readonly width: number; readonly paint: Paint };

/** The title line and one line a row. */
export function tableLines(
  rows: readonly Row[],
  all: readonly Row[],
  state: ViewState,
  { width, paint }: Canvas,
): readonly string[] {
  const coreCount = Math.max(0, ...all.map((row) => row.cpu.perCorePercent.length));
  const columns = columnsOf(state.view, { width, coreCount, units: state.units });
  const hostCount = all.filter(({ kind }) => kind === 'host').length;
  const titles = columns.map((column) => {
    const mark = column.id === state.sort ? (state.isDescending ? '↓' : '↑') : '';
    const title = cellsOf(column.title) + mark.length > column.width ? column.title.slice(0, -1) : column.title;
    return inCells(`${title}${mark}`, column.width, column.align);
  });
  return [paint(titles.join(' '), 'title'), ...rows.map((row) => tableLine(row, columns, state, { hostCount, paint }))];
}

function tableLine(
  row: Row,
  columns: readonly Column[],
  { units }: ViewState,
  { hostCount, paint }: { readonly hostCount: number; readonly paint: Paint },
): string {
  const isLate = row.ageSeconds === null || row.ageSeconds > LATE_S;
  const cells = columns.map((column) => {
    if (column.id === 'name')
      return paint(inCells(nameOf(row, hostCount, isLate), column.width), isLate ? 'dim' : 'bold');
    const text = inCells(column.text(row, units), column.width, column.align);
    return paint(text, isLate ? 'dim' : styleOf(column.alarm?.(row) ?? null));
  });
  return cells.join(' ');
}

/** A host is marked as such, for colours may be off; so is what has not been heard of for a while. */
function nameOf(row: Row, hostCount: number, isLate: boolean): string {
  const name = row.kind === 'host' ? `[${row.name}]` : hostCount > 1 ? row.endpoint : row.name;
  if (!isLate) return name;
  return row.ageSeconds === null ? `${name} …` : `${row.ageSeconds}s? ${name}`;
}

function styleOf(alarm: number | null): Style {
  if (alarm === null || alarm < WARNING_AT) return 'plain';
  return alarm < BAD_AT ? 'warning' : 'bad';
}

function statusLine({ rows, note }: Facts, state: ViewState, shown: number, { width, paint }: Canvas): string {
  if (state.isTyping) return inCells(`filter: ${state.filter}_   Enter keeps it, Esc clears it`, width);
  if (note !== null) return paint(inCells(`! ${note}`, width), 'warning');
  const hosts = rows.filter(({ kind }) => kind === 'host').length;
  const parts = [`${count(hosts, 'host')}, ${count(rows.length - hosts, 'container')}`];
  if (state.filter !== '' || state.kind !== 'all') {
    const what = [state.kind === 'all' ? '' : state.kind, state.filter === '' ? '' : `"${state.filter}"`];
    parts.push(`${shown} shown: ${what.filter((word) => word !== '').join(' with ')}`);
  }
  parts.push(`view: ${state.view}`);
  if (state.isPaused) parts.push('PAUSED');
  return inCells(parts.join('   '), width);
}

/** As many hints as inCells, the most wanted first. */
function footer(state: ViewState, width: number): string {
  const pause = state.isPaused ? 'Space go on' : 'Space pause';
  const hints = [
    'q quit',
    '? help',
    '</> sort',
    'r turn',
    '/ filter',
    'Tab view',
    'p cores',
    'h kind',
    'u units',
    pause,
  ];
  let line = '';
  for (const hint of hints) {
    if (line.length + hint.length + 2 > width) break;
    line += ` ${hint} `;
  }
  return line;
}

function helpPage(state: ViewState, { columns: width, rows: height }: Size, paint: Paint): readonly string[] {
  const help = helpLines().slice(state.helpTop, state.helpTop + Math.max(1, height - 2));
  return [
    paint(inCells('saker top: keys and columns', width), 'title'),
    ...help.map((line) => inCells(line, width)),
    paint(inCells(' q back  ↑ ↓ scroll', width), 'title'),
  ];
}

function helpLines(): readonly string[] {
  const keys: readonly (readonly [string, string])[] = [
    ['q, Ctrl-C', 'leave            Ctrl-Z  stop, fg comes back'],
    ['1 2 3 4 5, Tab', 'view: overview, cpu, memory, io, cores     p  cores and back'],
    ['< > or ← →', 'sort by the column beside      r  turn the order'],
    ['c m l i n', 'sort by CPU%, MEM%, load, received bytes, name'],
    ['/', 'filter by a part of name, image or label=value      Esc  no filter'],
    ['h', 'hosts and containers, hosts, containers'],
    ['↑ ↓ PgUp PgDn', 'scroll           Home End  first, last'],
    ['u', 'units: 1024 (iec), 1000 (si), plain bytes (raw)'],
    ['Space', 'hold the picture'],
  ];
  return [
    ...keys.map(([key, what]) => ` ${key.padEnd(16)}${what}`),
    '',
    ...sortableColumns.map(({ title, help }) => ` ${title.padEnd(8)}${help}`),
  ];
}

function isKind(row: Row, { kind }: ViewState): boolean {
  return kind === 'all' || kind === `${row.kind}s`;
}

function matches({ endpoint, name, image, labels }: Row, filter: string): boolean {
  if (filter === '') return true;
  const wanted = filter.toLowerCase();
  const texts = [endpoint, name, image ?? '', ...Object.entries(labels).map(([key, value]) => `${key}=${value}`)];
  return texts.some((text) => text.toLowerCase().includes(wanted));
}

function spread(left: string, right: string, width: number): string {
  const room = width - cellsOf(right) - 1;
  return room < 1 ? inCells(left, width) : `${inCells(left, room)} ${right}`;
}

const count = (number: number, what: string): string => `${number} ${what}${number === 1 ? '' : 's'}`;
