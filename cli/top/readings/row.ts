/** One line of the table: what a person wants to know of a host or a container, in plain units. */
import { type MemoryVerdict, memoryVerdict } from '../../../core/index.ts';
import type { Reading } from './board.ts';

const CORES_MAX = 1024;

/** All figures are null where nothing was measured. Percents are 0–100 of what may be used. */
export type Row = {
  readonly endpoint: string;
  readonly kind: 'host' | 'container';
  readonly host: string;
  /** The container's own name, or the host's. */
  readonly name: string;
  readonly image: string | null;
  readonly labels: Readonly<Record<string, string>>;
  /** Age of the newest sample in seconds: above 3 something is late. */
  readonly ageSeconds: number | null;
  readonly cpu: {
    readonly percent: number | null;
    readonly userPercent: number | null;
    readonly systemPercent: number | null;
    readonly usedCores: number | null;
    /** The limit of a container, the cores of a host. */
    readonly limitCores: number | null;
    readonly throttledPercent: number | null;
    /** By number of the core. */
    readonly perCorePercent: readonly (number | null)[];
  };
  readonly load: { readonly one: number | null; readonly five: number | null; readonly fifteen: number | null };
  readonly memory: {
    /** Everything charged, page cache included. */
    readonly usageBytes: number | null;
    /** Usage less what the kernel can take back at once. */
    readonly workingSetBytes: number | null;
    /** What only the end of processes gives back. */
    readonly anonBytes: number | null;
    readonly limitBytes: number | null;
    /** Working set of the limit; used of total on a host. */
    readonly percent: number | null;
    readonly oomKills: number | null;
    /** What these mean for a container; null for a host, and where nothing was measured. */
    readonly verdict: MemoryVerdict | null;
  };
  readonly network: { readonly inBytesPerSecond: number | null; readonly outBytesPerSecond: number | null };
  readonly io: {
    readonly readBytesPerSecond: number | null;
    readonly writeBytesPerSecond: number | null;
    /** False where the kernel does not count the block I/O of this container (cgroup v1): then its processes’ own. */
    readonly accounted: boolean;
  };
  readonly pids: { readonly current: number | null; readonly limit: number | null };
  readonly uptimeSeconds: number | null;
};

/** `nowMs` is the time of whoever measured. */
export function rowOf(reading: Reading, nowMs: number): Row {
  const { endpoint } = reading;
  return {
    endpoint: endpoint.name,
    kind: endpoint.kind,
    host: endpoint.host,
    name: endpoint.container?.name ?? endpoint.name,
    image: endpoint.container?.image ?? null,
    labels: endpoint.labels,
    ageSeconds: reading.second === null ? null : Math.max(0, Math.round(nowMs / 1000 - reading.second)),
    cpu: processorOf(reading),
    load: { one: reading.value('load.1min'), five: reading.value('load.5min'), fifteen: reading.value('load.15min') },
    memory: memoryOf(reading),
    network: {
      inBytesPerSecond: reading.sum('net.if.in.bytes'),
      outBytesPerSecond: reading.sum('net.if.out.bytes'),
    },
    io: {
      readBytesPerSecond: reading.sum('disk.io.read_bytes') ?? reading.value('disk.io.processes.read_bytes'),
      writeBytesPerSecond: reading.sum('disk.io.write_bytes') ?? reading.value('disk.io.processes.write_bytes'),
      accounted: reading.value('disk.io.accounted') !== 0,
    },
    pids: {
      current: reading.value(endpoint.kind === 'host' ? 'proc.total' : 'pids.current'),
      limit: reading.value(endpoint.kind === 'host' ? 'kernel.maxproc' : 'pids.limit'),
    },
    uptimeSeconds: uptimeOf(reading, nowMs),
  };
}

/** Every metric that `rowOf` and the head of the screen read, for a subscription. */
export const shownMetrics: readonly string[] = [
  'agent.alive',
  'container.uptime',
  'cpu.busy',
  'cpu.busy.core',
  'cpu.iowait',
  'cpu.limit.cores',
  'cpu.steal',
  'cpu.system',
  'cpu.throttled.percent',
  'cpu.used.cores',
  'cpu.user',
  'disk.io.accounted',
  'disk.io.processes.read_bytes',
  'disk.io.processes.write_bytes',
  'disk.io.read_bytes',
  'disk.io.write_bytes',
  'kernel.maxproc',
  'load.15min',
  'load.1min',
  'load.5min',
  'mem.cache.bytes',
  'mem.limit.bytes',
  'mem.memtotal',
  'mem.memused',
  'mem.memused.percent',
  'mem.oom.kills',
  'mem.rss.bytes',
  'mem.swaptotal',
  'mem.swapused',
  'mem.usage.bytes',
  'mem.working_set.bytes',
  'mem.working_set.percent',
  'net.if.in.bytes',
  'net.if.out.bytes',
  'pids.current',
  'pids.limit',
  'proc.total',
];

function processorOf(reading: Reading): Row['cpu'] {
  const percent = reading.value('cpu.busy');
  const cores = reading.endpoint.system?.cpuCount ?? null;
  const isHost = reading.endpoint.kind === 'host';
  const ofHost = percent === null || cores === null ? null : (percent * cores) / 100;
  const perCorePercent: (number | null)[] = [];
  for (const { tags, value } of reading.series('cpu.busy.core')) {
    const core = Number(tags.core);
    if (Number.isInteger(core) && core >= 0 && core < CORES_MAX) perCorePercent[core] = value;
  }
  return {
    percent,
    userPercent: reading.value('cpu.user'),
    systemPercent: reading.value('cpu.system'),
    usedCores: isHost ? ofHost : reading.value('cpu.used.cores'),
    limitCores: isHost ? cores : reading.value('cpu.limit.cores'),
    throttledPercent: reading.value('cpu.throttled.percent'),
    perCorePercent: Array.from(perCorePercent, (value) => value ?? null),
  };
}

function memoryOf(reading: Reading): Row['memory'] {
  const isHost = reading.endpoint.kind === 'host';
  const figures = {
    usageBytes: reading.value(isHost ? 'mem.memused' : 'mem.usage.bytes'),
    workingSetBytes: reading.value('mem.working_set.bytes'),
    anonBytes: reading.value('mem.rss.bytes'),
    limitBytes: reading.value(isHost ? 'mem.memtotal' : 'mem.limit.bytes'),
    oomKills: reading.value('mem.oom.kills'),
  };
  return {
    ...figures,
    percent: reading.value(isHost ? 'mem.memused.percent' : 'mem.working_set.percent'),
    verdict: isHost ? null : memoryVerdict({ ...figures, cacheBytes: reading.value('mem.cache.bytes') }),
  };
}

function uptimeOf(reading: Reading, nowMs: number): number | null {
  const started = reading.endpoint.container?.startedAtMs ?? 0;
  if (started > 0) return Math.max(0, Math.round((nowMs - started) / 1000));
  return reading.value('container.uptime');
}
