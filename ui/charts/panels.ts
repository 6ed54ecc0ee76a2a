import { isInnerInterface } from '../state/samples/interface.ts';
import type { TableSeries } from '../state/samples/series-table.ts';
import type { Catalogue } from '../text/catalogue.ts';

export type PanelId = keyof Catalogue['panels'];
export type LineWord = keyof Catalogue['lines'];

/** Which metrics a chart shows, in the order of their colours. */
type PanelPlan = {
  readonly id: PanelId;
  readonly unit: string;
  readonly lines: readonly { readonly metric: string; readonly word: LineWord; readonly limit?: true }[];
  /** The tag whose values make lines of their own (an interface, a device, a core). */
  readonly splitBy?: string;
};

export type PanelLine = {
  readonly series: TableSeries;
  readonly word: LineWord;
  /** Which of several (`eth0`, `3`): text from outside, or null. */
  readonly part: string | null;
  readonly isLimit: boolean;
};

export type Panel = { readonly id: PanelId; readonly unit: string; readonly lines: readonly PanelLine[] };

const cores: PanelPlan = {
  id: 'cores',
  unit: 'percent',
  splitBy: 'core',
  lines: [{ metric: 'cpu.busy.core', word: 'core' }],
};
const network: PanelPlan = {
  id: 'network',
  unit: 'bytes/s',
  splitBy: 'iface',
  lines: [
    { metric: 'net.if.in.bytes', word: 'received' },
    { metric: 'net.if.out.bytes', word: 'sent' },
  ],
};
const io: PanelPlan = {
  id: 'io',
  unit: 'bytes/s',
  splitBy: 'device',
  lines: [
    { metric: 'disk.io.read_bytes', word: 'read' },
    { metric: 'disk.io.write_bytes', word: 'written' },
    { metric: 'disk.io.processes.read_bytes', word: 'readByProcesses' },
    { metric: 'disk.io.processes.write_bytes', word: 'writtenByProcesses' },
  ],
};

const load: PanelPlan = {
  id: 'load',
  unit: 'load',
  lines: [
    { metric: 'load.1min', word: 'load1' },
    { metric: 'load.5min', word: 'load5' },
    { metric: 'load.15min', word: 'load15' },
  ],
};
const pressure: PanelPlan = {
  id: 'pressure',
  unit: 'percent',
  lines: [
    { metric: 'pressure.cpu.some', word: 'forCpu' },
    { metric: 'pressure.memory.some', word: 'forMemory' },
    { metric: 'pressure.io.some', word: 'forIo' },
  ],
};
const sockets: PanelPlan = {
  id: 'sockets',
  unit: 'count',
  lines: [
    { metric: 'ss.estab', word: 'established' },
    { metric: 'ss.timewait', word: 'timeWait' },
    { metric: 'ss.closewait', word: 'closeWait' },
    { metric: 'ss.listen', word: 'listening' },
    { metric: 'kernel.conntrack.count', word: 'tracked' },
  ],
};

const containerPlans: readonly PanelPlan[] = [
  {
    id: 'cpu',
    unit: 'cores',
    lines: [
      { metric: 'cpu.used.cores', word: 'used' },
      { metric: 'cpu.limit.cores', word: 'limit', limit: true },
    ],
  },
  {
    id: 'memory',
    unit: 'bytes',
    lines: [
      { metric: 'mem.working_set.bytes', word: 'workingSet' },
      { metric: 'mem.usage.bytes', word: 'usage' },
      { metric: 'mem.rss.bytes', word: 'rss' },
      { metric: 'mem.limit.bytes', word: 'limit', limit: true },
    ],
  },
  network,
  io,
  { id: 'throttling', unit: 'percent', lines: [{ metric: 'cpu.throttled.percent', word: 'throttled' }] },
  cores,
  load,
  {
    id: 'pids',
    unit: 'count',
    lines: [
      { metric: 'pids.current', word: 'tasks' },
      { metric: 'pids.limit', word: 'limit', limit: true },
    ],
  },
  pressure,
  sockets,
  { id: 'files', unit: 'count', lines: [{ metric: 'files.open', word: 'open' }] },
  { id: 'layer', unit: 'bytes', lines: [{ metric: 'disk.layer.bytes', word: 'used' }] },
];

const hostPlans: readonly PanelPlan[] = [
  {
    id: 'cpu',
    unit: 'percent',
    lines: [
      { metric: 'cpu.busy', word: 'busy' },
      { metric: 'cpu.user', word: 'user' },
      { metric: 'cpu.system', word: 'system' },
      { metric: 'cpu.iowait', word: 'iowait' },
      { metric: 'cpu.steal', word: 'steal' },
    ],
  },
  {
    id: 'memory',
    unit: 'bytes',
    lines: [
      { metric: 'mem.memused', word: 'used' },
      { metric: 'mem.memtotal', word: 'total', limit: true },
    ],
  },
  network,
  io,
  cores,
  load,
  pressure,
  sockets,
  {
    id: 'space',
    unit: 'percent',
    splitBy: 'mount',
    lines: [{ metric: 'df.bytes.used.percent', word: 'used' }],
  },
  {
    id: 'swap',
    unit: 'bytes',
    lines: [
      { metric: 'mem.swapused', word: 'used' },
      { metric: 'mem.swaptotal', word: 'total', limit: true },
    ],
  },
];

/** Not drawn: it tells why there is no chart of block I/O. */
export const IO_ACCOUNTED = 'disk.io.accounted';

const plansOf = { container: containerPlans, host: hostPlans } as const;

export type EndpointKind = keyof typeof plansOf;

export function metricsOf(kind: EndpointKind): readonly string[] {
  const drawn = plansOf[kind].flatMap((plan) => plan.lines.map((line) => line.metric));
  return kind === 'container' ? [...drawn, IO_ACCOUNTED] : drawn;
}

/** The charts of an endpoint, from the series that it has. A chart without a series but limits is left out. */
export function panelsOf(kind: EndpointKind, series: readonly TableSeries[]): readonly Panel[] {
  return plansOf[kind].flatMap((plan) => {
    const lines = plan.lines.flatMap(({ metric, word, limit }) =>
      series
        .filter((each) => each.metric === metric)
        .map((each) => ({
          series: each,
          word,
          part: plan.splitBy === undefined ? null : (each.tags[plan.splitBy] ?? null),
          isLimit: limit === true,
        })),
    );
    if (lines.every((line) => line.isLimit)) return [];
    return [{ id: plan.id, unit: plan.unit, lines: plan.splitBy === undefined ? lines : orderedByPart(lines) }];
  });
}

/** `core 2` before `core 10`, both directions of an interface side by side, and inner interfaces last. */
function orderedByPart(lines: readonly PanelLine[]): readonly PanelLine[] {
  const order = new Intl.Collator('en', { numeric: true });
  const rank = (line: PanelLine): number => (isInnerInterface(line.part ?? '') ? 1 : 0);
  return lines.toSorted((a, b) => rank(a) - rank(b) || order.compare(a.part ?? '', b.part ?? ''));
}
