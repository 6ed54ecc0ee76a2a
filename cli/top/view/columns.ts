/** The columns of the table, and the views that choose among them. */
import type { MemoryVerdictKind } from '../../../core/index.ts';
import type { Row } from '../readings/row.ts';
import type { Align } from './text.ts';
import { bytes, decimal, duration, MISSING, percent, type UnitSystem, whole } from './units.ts';

export type Column = {
  readonly id: string;
  readonly title: string;
  readonly width: number;
  /** With plain bytes instead of prefixed ones. */
  readonly rawWidth?: number;
  readonly align: Align;
  /** For the help page. */
  readonly help: string;
  readonly text: (row: Row, units: UnitSystem) => string;
  /** What the table is sorted by; null comes last in either direction. */
  readonly key: (row: Row) => number | string | null;
  /** 0 … 100, above which a value is shown as a warning and as bad. */
  readonly alarm?: (row: Row) => number | null;
};

type Figure = (row: Row) => number | null;
type Words = Pick<Column, 'title' | 'help'> & { readonly width?: number };

const number =
  (format: (value: number | null) => string) =>
  (id: string, key: Figure, { title, help, width = 5 }: Words): Column => ({
    id,
    title,
    help,
    width,
    align: 'right',
    key,
    text: (row) => format(key(row)),
  });

const inPercent = number(percent);
const inDecimals = number(decimal);
const inWhole = number(whole);

const RAW_BYTES_WIDTH = 13;

const inBytes = (id: string, key: Figure, { title, help }: Words): Column => ({
  id,
  title,
  help,
  width: 5,
  rawWidth: RAW_BYTES_WIDTH,
  align: 'right',
  key,
  text: (row, units) => bytes(key(row), units),
});

const name: Column = {
  id: 'name',
  title: 'NAME',
  width: 16,
  align: 'left',
  help: 'host or container; with several hosts its whole name',
  text: (row) => row.name,
  key: (row) => row.endpoint,
};
const image: Column = {
  id: 'image',
  title: 'IMAGE',
  width: 20,
  align: 'left',
  help: 'image of the container',
  text: (row) => row.image ?? MISSING,
  key: (row) => row.image,
};
const uptime: Column = {
  id: 'up',
  title: 'UP',
  width: 6,
  align: 'right',
  help: 'time since it started',
  text: (row) => duration(row.uptimeSeconds),
  key: (row) => row.uptimeSeconds,
};

const cpu: Column = {
  ...inPercent('cpu', (row) => row.cpu.percent, { title: 'CPU%', help: 'CPU time, of its limit or of all cores' }),
  alarm: (row) => row.cpu.percent,
};
const user = inPercent('user', (row) => row.cpu.userPercent, { title: 'USER', help: 'in user mode' });
const system = inPercent('system', (row) => row.cpu.systemPercent, { title: 'SYS', help: 'in kernel mode' });
const cores = inDecimals('cores', (row) => row.cpu.usedCores, { title: 'CORES', help: 'cores in use' });
const coreLimit = inDecimals('cpulimit', (row) => row.cpu.limitCores, {
  title: 'OF',
  help: 'cores that the limit allows (a host: that it has)',
});
const throttled: Column = {
  ...inPercent('throttled', (row) => row.cpu.throttledPercent, {
    title: 'THR%',
    help: 'scheduler periods in which it was held back by its limit',
  }),
  alarm: (row) => row.cpu.throttledPercent,
};
const load = (['one', 'five', 'fifteen'] as const).map((span, at) =>
  inDecimals(`load${[1, 5, 15][at]}`, (row) => row.load[span], {
    title: `LD${[1, 5, 15][at]}`,
    help: `load average of ${[1, 5, 15][at]} min, of this container's or host's own tasks`,
  }),
);
const usage = inBytes('usage', (row) => row.memory.usageBytes, {
  title: 'USAGE',
  help: 'memory charged, cache included',
});
const workingSet = inBytes('wset', (row) => row.memory.workingSetBytes, {
  title: 'WSET',
  help: 'working set: usage less what can be taken back at once',
});
const anon = inBytes('anon', (row) => row.memory.anonBytes, {
  title: 'ANON',
  help: 'anonymous memory: only the end of processes gives it back',
});
const memoryLimit = inBytes('memlimit', (row) => row.memory.limitBytes, { title: 'LIMIT', help: 'memory limit' });
/** A full limit is no trouble by itself, so what is shown as bad is the verdict and not the share. */
const memoryAlarm = ({ memory: { percent: share, verdict } }: Row): number | null =>
  verdict === null ? share : { fine: 0, warning: 80, critical: 100 }[verdict.severity];
const memory: Column = {
  ...inPercent('mem', (row) => row.memory.percent, { title: 'MEM%', help: 'working set of the limit' }),
  alarm: memoryAlarm,
};
const verdictWords: Readonly<Record<MemoryVerdictKind, string>> = {
  fine: 'fine',
  unlimited: 'no limit',
  cache_full: 'cache, harmless',
  files_in_use: 'files in use',
  tight: 'little is left',
  oom_close: 'OOM kill close',
  oom_killed: 'OOM killed',
};
const verdict: Column = {
  id: 'verdict',
  title: 'VERDICT',
  width: 15,
  align: 'left',
  help: 'what the three figures of memory mean',
  text: ({ memory: { verdict: found } }) => (found === null ? MISSING : verdictWords[found.kind]),
  key: (row) => (row.memory.verdict === null ? null : Object.keys(verdictWords).indexOf(row.memory.verdict.kind)),
  alarm: memoryAlarm,
};
const oom: Column = {
  ...inWhole('oom', (row) => row.memory.oomKills, { title: 'OOM', width: 3, help: 'OOM kills since this view began' }),
  alarm: (row) => ((row.memory.oomKills ?? 0) > 0 ? 100 : 0),
};
const netIn = inBytes('in', (row) => row.network.inBytesPerSecond, { title: 'IN/s', help: 'received' });
const netOut = inBytes('out', (row) => row.network.outBytesPerSecond, { title: 'OUT/s', help: 'sent' });
/** A dash would look like a figure that is late. */
const orNotCounted = (column: Column): Column => ({
  ...column,
  text: (row, units) => (column.key(row) === null && !row.io.accounted ? 'n/a' : column.text(row, units)),
});
const read = orNotCounted(
  inBytes('read', (row) => row.io.readBytesPerSecond, {
    title: 'RD/s',
    help: 'read from block devices; n/a where the kernel does not count it (cgroup v1)',
  }),
);
const write = orNotCounted(
  inBytes('write', (row) => row.io.writeBytesPerSecond, { title: 'WR/s', help: 'written to block devices' }),
);
const pids = inWhole('pids', (row) => row.pids.current, { title: 'PIDS', help: 'processes and threads' });
const pidLimit = inWhole('pidlimit', (row) => row.pids.limit, {
  title: 'MAX',
  width: 7,
  help: 'and how many it may have',
});

const core = (at: number): Column => ({
  ...inPercent(`core${at}`, (row) => row.cpu.perCorePercent[at] ?? null, { title: `C${at}`, help: `core ${at}` }),
  alarm: (row) => row.cpu.perCorePercent[at] ?? null,
});

/**
 * Each view's columns in the order in which they are shown, with their rank: where the terminal is
 * too narrow, the highest rank goes first.
 */
export const viewNames = ['overview', 'cpu', 'memory', 'io', 'cores'] as const;
export type ViewName = (typeof viewNames)[number];

const CORE_COLUMNS_MAX = 256;

type Ranked = readonly [rank: number, column: Column];

const [load1, load5, load15] = load as [Column, Column, Column];
const views: Readonly<Record<Exclude<ViewName, 'cores'>, readonly Ranked[]>> = {
  overview: [
    [0, name],
    [0, cpu],
    [9, cores],
    [2, load1],
    [10, load5],
    [10, load15],
    [12, throttled],
    [1, usage],
    [1, workingSet],
    [1, anon],
    [1, memory],
    [3, netIn],
    [3, netOut],
    [4, read],
    [4, write],
    [6, pids],
    [5, oom],
    [11, uptime],
    [13, image],
  ],
  cpu: [name, cpu, user, system, cores, coreLimit, throttled, load1, load5, load15, uptime, image].map(inOrder),
  memory: [name, memory, usage, workingSet, anon, memoryLimit, verdict, oom, pids, pidLimit, uptime, image].map(
    inOrder,
  ),
  io: [name, cpu, netIn, netOut, read, write, pids, pidLimit, uptime, image].map(inOrder),
};

function inOrder(column: Column, rank: number): Ranked {
  return [rank, column];
}

export type Space = { readonly width: number; readonly coreCount: number; readonly units: UnitSystem };

/** The columns of a view that fit into `width` cells, the name taking what is left over. */
export function columnsOf(view: ViewName, { width, coreCount, units }: Space): readonly Column[] {
  const wanted = view === 'cores' ? coreColumns(coreCount) : views[view];
  const kept = wanted.map(([rank, column]): Ranked => {
    const isWide = units === 'raw' && column.rawWidth !== undefined;
    return [rank, isWide ? { ...column, width: column.rawWidth ?? column.width } : column];
  });
  while (kept.length > 1 && widthOf(kept) > width) {
    const worst = Math.max(...kept.map(([rank]) => rank));
    kept.splice(
      kept.findLastIndex(([rank]) => rank === worst),
      1,
    );
  }
  const spare = width - widthOf(kept);
  return kept.map(([, column]) => (column.id === 'name' ? { ...column, width: column.width + spare } : column));
}

function coreColumns(coreCount: number): readonly Ranked[] {
  const count = Math.min(coreCount, CORE_COLUMNS_MAX);
  return [name, cpu, ...Array.from({ length: count }, (_, at) => core(at))].map(inOrder);
}

function widthOf(columns: readonly Ranked[]): number {
  return columns.reduce((total, [, column]) => total + column.width + 1, -1);
}

/** Everything that can be sorted by, for flags and the help page. */
export const sortableColumns: readonly Column[] = [
  ...new Map(Object.values(views).flatMap((view) => view.map(([, column]) => [column.id, column] as const))).values(),
];

export function sortRows(rows: readonly Row[], columnId: string, isDescending: boolean): readonly Row[] {
  const column = sortableColumns.find(({ id }) => id === columnId) ?? cpu;
  const sign = isDescending ? -1 : 1;
  return [...rows].sort((a, b) => {
    const [left, right] = [column.key(a), column.key(b)];
    // What was not measured stands last, whichever way the order runs.
    if (left === null || right === null) return Number(left === null) - Number(right === null) || byName(a, b);
    if (left === right) return byName(a, b);
    return left < right ? -sign : sign;
  });
}

const byName = (a: Row, b: Row): number => (a.endpoint < b.endpoint ? -1 : 1);
