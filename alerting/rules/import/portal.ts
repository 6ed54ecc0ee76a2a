/**
 * What an Open-Falcon portal has: templates with strategies, actions, groups and expressions. Read from
 * the JSON of its API (`/api/v1/template/ID` with its "stratges", `/api/v1/strategy?tid=ID`,
 * `/api/v1/expression`, one answer or a list of them) or from a MySQL dump of `falcon_portal`.
 */
import { AppError } from '../../../core/index.ts';
import { type DumpRow, readDump } from './sql-dump.ts';

export type PortalStrategy = {
  readonly id: string;
  readonly metric: string;
  readonly tags: string;
  readonly func: string;
  readonly op: string;
  readonly rightValue: string;
  readonly maxStep: string;
  readonly priority: string;
  readonly note: string;
  readonly runBegin: string;
  readonly runEnd: string;
};

export type PortalTemplate = {
  readonly id: string;
  readonly name: string;
  readonly parentId: string;
  readonly teams: readonly string[];
  /** Names of the host groups that it is bound to. */
  readonly groups: readonly string[];
  readonly strategies: readonly PortalStrategy[];
};

export type PortalExpression = Omit<PortalStrategy, 'metric' | 'tags' | 'runBegin' | 'runEnd'> & {
  readonly expression: string;
  readonly isPaused: boolean;
  readonly teams: readonly string[];
};

export type Portal = {
  readonly templates: readonly PortalTemplate[];
  readonly expressions: readonly PortalExpression[];
};

/** In the order of the portal's own schema, for dumps without column names. */
const columns = {
  tpl: ['id', 'tpl_name', 'parent_id', 'action_id', 'create_user', 'create_at'],
  strategy: [
    'id',
    'metric',
    'tags',
    'max_step',
    'priority',
    'func',
    'op',
    'right_value',
    'note',
    'run_begin',
    'run_end',
    'tpl_id',
  ],
  expression: [
    'id',
    'expression',
    'func',
    'op',
    'right_value',
    'max_step',
    'priority',
    'note',
    'action_id',
    'create_user',
    'pause',
  ],
  action: ['id', 'uic', 'url', 'callback'],
  grp: ['id', 'grp_name', 'create_user', 'create_at', 'come_from'],
  grp_tpl: ['grp_id', 'tpl_id', 'bind_user'],
} as const;

type Tables = Readonly<Record<keyof typeof columns, readonly DumpRow[]>>;

/** Throws `BAD_REQUEST` for a text that is neither. */
export function readPortal(text: string): Portal {
  const isJson = /^\s*[[{]/.test(text);
  const tables = isJson ? tablesOfJson(text) : tablesOfDump(text);
  if (tables.tpl.length + tables.strategy.length + tables.expression.length > 0) return portalOf(tables);
  throw new AppError('BAD_REQUEST', 'there is no template, strategy or expression in it', {
    hint: "give the JSON of the portal's API, or a mysqldump of the database falcon_portal",
  });
}

function tablesOfDump(text: string): Tables {
  const rows = readDump(text, columns);
  const of = (table: keyof typeof columns) => rows.get(table) ?? [];
  return {
    tpl: of('tpl'),
    strategy: of('strategy'),
    expression: of('expression'),
    action: of('action'),
    grp: of('grp'),
    grp_tpl: of('grp_tpl'),
  };
}

type Found = { readonly [Table in keyof typeof columns]: DumpRow[] };

function tablesOfJson(text: string): Tables {
  const tables: Found = { tpl: [], strategy: [], expression: [], action: [], grp: [], grp_tpl: [] };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new AppError('BAD_REQUEST', 'the file begins like JSON and is none', { cause });
  }
  gather(value, tables, 0);
  return tables;
}

const DEPTH_MAX = 8;

/** Whatever looks like a row of one of the tables, however it is wrapped. */
function gather(value: unknown, tables: Found, depth: number): void {
  if (depth > DEPTH_MAX || typeof value !== 'object' || value === null) return;
  const entries = Object.entries(value);
  const row = rowOf(entries);
  if ('tpl_name' in row) tables.tpl.push(row);
  else if ('expression' in row && 'func' in row) tables.expression.push(row);
  else if ('func' in row && 'metric' in row) tables.strategy.push(row);
  else if ('uic' in row && 'callback' in row) tables.action.push(row);
  for (const [, inner] of entries) gather(inner, tables, depth + 1);
}

function rowOf(entries: readonly (readonly [string, unknown])[]): DumpRow {
  const scalars = entries.filter(([, value]) => typeof value !== 'object' || value === null);
  return Object.fromEntries(scalars.map(([key, value]) => [key, value === null ? null : String(value)]));
}

function portalOf(tables: Tables): Portal {
  const teamsOf = (actionId: string | null | undefined): readonly string[] => {
    const uic = tables.action.find(({ id }) => id === actionId)?.uic ?? '';
    return uic.split(',').flatMap((name) => (name.trim() === '' ? [] : [name.trim()]));
  };
  const groupName = (id: string | null | undefined) => tables.grp.find((group) => group.id === id)?.grp_name ?? '';
  const templates = tables.tpl.map((tpl) => ({
    id: tpl.id ?? '',
    name: tpl.tpl_name ?? '',
    parentId: tpl.parent_id ?? '0',
    teams: teamsOf(tpl.action_id),
    groups: tables.grp_tpl.filter(({ tpl_id }) => tpl_id === tpl.id).map(({ grp_id }) => groupName(grp_id)),
    strategies: tables.strategy.filter(({ tpl_id }) => tpl_id === tpl.id).map(strategyOf),
  }));
  const owned = new Set(tables.tpl.map(({ id }) => id));
  const stray = tables.strategy.filter(({ tpl_id }) => tpl_id === undefined || !owned.has(tpl_id));
  const strays = {
    id: 'stray',
    name: 'imported',
    parentId: '0',
    teams: [],
    groups: [],
    strategies: stray.map(strategyOf),
  };
  return {
    templates: stray.length === 0 ? templates : [...templates, strays],
    expressions: tables.expression.map((row) => ({
      ...strategyOf(row),
      expression: row.expression ?? '',
      isPaused: row.pause === '1' || row.pause === 'true',
      teams: teamsOf(row.action_id),
    })),
  };
}

function strategyOf(row: DumpRow): PortalStrategy {
  const text = (key: string, usual = ''): string => (row[key] ?? usual).trim();
  return {
    id: text('id', '0'),
    metric: text('metric'),
    tags: text('tags'),
    func: text('func'),
    op: text('op'),
    rightValue: text('right_value'),
    maxStep: text('max_step', '3'),
    priority: text('priority', '3'),
    note: text('note'),
    runBegin: text('run_begin'),
    runEnd: text('run_end'),
  };
}
