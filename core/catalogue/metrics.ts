import { gauge, type MetricDefinition } from './metric.ts';

const host = { on: 'host' } as const;
const container = { on: 'container' } as const;
const perInterface = { tags: ['iface'] } as const;
const perDevice = { tags: ['device'] } as const;
const perMount = { on: 'host', tags: ['mount', 'fstype'] } as const;
const percent = { decimals: 2 } as const;

const cpu: readonly MetricDefinition[] = [
  gauge(
    'cpu.busy',
    'percent',
    'CPU time in use, of what may be used: all cores of a host (waiting for I/O counts, as in Open-Falcon), the limit of a container (all cores where it has none)',
    percent,
  ),
  gauge('cpu.user', 'percent', 'CPU time in user mode, of what may be used', percent),
  gauge('cpu.system', 'percent', 'CPU time in kernel mode, of what may be used', percent),
  gauge('cpu.idle', 'percent', 'CPU time idle', { ...host, ...percent }),
  gauge('cpu.nice', 'percent', 'CPU time of niced user processes', { ...host, ...percent }),
  gauge('cpu.iowait', 'percent', 'CPU time idle while waiting for block I/O', { ...host, ...percent }),
  gauge('cpu.irq', 'percent', 'CPU time in hardware interrupts', { ...host, ...percent }),
  gauge('cpu.softirq', 'percent', 'CPU time in soft interrupts', { ...host, ...percent }),
  gauge('cpu.steal', 'percent', 'CPU time taken by the hypervisor', { ...host, ...percent }),
  gauge('cpu.guest', 'percent', 'CPU time given to guests (also counted in user)', { ...host, ...percent }),
  gauge('cpu.switches', 'events/s', 'Context switches', host),
  gauge('cpu.busy.core', 'percent', 'CPU time in use on one core', { ...percent, tags: ['core'] }),
  gauge('cpu.used.cores', 'cores', 'Cores in use', { ...container, decimals: 4 }),
  gauge('cpu.limit.cores', 'cores', 'Cores that the limit allows; absent without a limit', {
    ...container,
    decimals: 2,
  }),
  gauge(
    'cpu.throttled.percent',
    'percent',
    'Enforcement periods in which the container was held back by its CPU limit',
    { ...container, ...percent },
  ),
  gauge('cpu.throttled.ms', 'ms', 'Time held back by the CPU limit, per second', { ...container, decimals: 1 }),
];

const memory: readonly MetricDefinition[] = [
  gauge('mem.memtotal', 'bytes', 'Memory of the host', host),
  gauge('mem.memused', 'bytes', 'Memory not available to new work', host),
  gauge('mem.memfree', 'bytes', 'Memory available to new work (MemAvailable)', host),
  gauge('mem.memused.percent', 'percent', 'Share of memory not available to new work', { ...host, ...percent }),
  gauge('mem.memfree.percent', 'percent', 'Share of memory available to new work', { ...host, ...percent }),
  gauge('mem.swaptotal', 'bytes', 'Swap space', host),
  gauge('mem.swapused', 'bytes', 'Swap in use', host),
  gauge('mem.swapfree', 'bytes', 'Swap free', host),
  gauge('mem.swapused.percent', 'percent', 'Share of swap in use; absent without swap', { ...host, ...percent }),
  gauge('mem.swapfree.percent', 'percent', 'Share of swap free; absent without swap', { ...host, ...percent }),
  gauge('mem.usage.bytes', 'bytes', 'Memory charged to the container, page cache included', container),
  gauge(
    'mem.working_set.bytes',
    'bytes',
    'Usage less inactive file pages: what can not be reclaimed at once',
    container,
  ),
  gauge('mem.rss.bytes', 'bytes', 'Anonymous memory', container),
  gauge('mem.cache.bytes', 'bytes', 'Page cache', container),
  gauge('mem.limit.bytes', 'bytes', 'Memory limit; absent without a limit', container),
  gauge('mem.working_set.percent', 'percent', 'Working set of the limit; absent without a limit', {
    ...container,
    ...percent,
  }),
];

const network: readonly MetricDefinition[] = [
  gauge('net.if.in.bytes', 'bytes/s', 'Received', perInterface),
  gauge('net.if.in.packets', 'packets/s', 'Packets received', perInterface),
  gauge('net.if.in.errors', 'packets/s', 'Packets received with an error', perInterface),
  gauge('net.if.in.dropped', 'packets/s', 'Packets dropped on receive', perInterface),
  gauge('net.if.out.bytes', 'bytes/s', 'Sent', perInterface),
  gauge('net.if.out.packets', 'packets/s', 'Packets sent', perInterface),
  gauge('net.if.out.errors', 'packets/s', 'Packets not sent because of an error', perInterface),
  gauge('net.if.out.dropped', 'packets/s', 'Packets dropped on send', perInterface),
];

const blockIo: readonly MetricDefinition[] = [
  gauge('disk.io.read_bytes', 'bytes/s', 'Read from the device', perDevice),
  gauge('disk.io.write_bytes', 'bytes/s', 'Written to the device', perDevice),
  gauge('disk.io.read_requests', 'requests/s', 'Read requests completed', perDevice),
  gauge('disk.io.write_requests', 'requests/s', 'Write requests completed', perDevice),
  gauge('disk.io.util', 'percent', 'Time in which the device had work', { ...perDevice, ...host, ...percent }),
  gauge('disk.io.await', 'ms', 'Mean time of a request, waiting included', { ...perDevice, ...host, ...percent }),
];

const space: readonly MetricDefinition[] = [
  gauge('df.bytes.total', 'bytes', 'Size of the file system', perMount),
  gauge('df.bytes.used', 'bytes', 'Used', perMount),
  gauge('df.bytes.free', 'bytes', 'Free to users without privileges', perMount),
  gauge('df.bytes.used.percent', 'percent', 'Share used', { ...perMount, ...percent }),
  gauge('df.bytes.free.percent', 'percent', 'Share free', { ...perMount, ...percent }),
  gauge('df.inodes.free.percent', 'percent', 'Share of inodes free', { ...perMount, ...percent }),
];

const processes: readonly MetricDefinition[] = [
  gauge('load.1min', 'load', 'Runnable and uninterruptible tasks, damped over 1 min', { ...host, ...percent }),
  gauge('load.5min', 'load', 'Runnable and uninterruptible tasks, damped over 5 min', { ...host, ...percent }),
  gauge('load.15min', 'load', 'Runnable and uninterruptible tasks, damped over 15 min', { ...host, ...percent }),
  gauge('ss.estab', 'count', 'TCP sockets in use (established and closing)', host),
  gauge('ss.orphaned', 'count', 'TCP sockets without a process', host),
  gauge('ss.timewait', 'count', 'TCP sockets in TIME_WAIT', host),
  gauge('ss.udp', 'count', 'UDP sockets in use', host),
  gauge('proc.total', 'count', 'Tasks that exist', host),
  gauge('proc.running', 'count', 'Tasks running or ready to run', host),
  gauge('proc.blocked', 'count', 'Tasks waiting for I/O', host),
  gauge('proc.forks', 'events/s', 'Tasks created', host),
  gauge('pids.current', 'count', 'Tasks in the container', container),
  gauge('pids.limit', 'count', 'Tasks that the limit allows; absent without a limit', container),
];

const itself: readonly MetricDefinition[] = [
  gauge('agent.alive', 'bool', '1 with every tick of the collector', host),
  gauge('agent.tick.ms', 'ms', 'Time that the collector took for its tick', { ...host, ...percent }),
  gauge('agent.clock.offset.ms', 'ms', 'Clock of the collector against the server; positive means ahead', {
    ...host,
    decimals: 1,
  }),
];

export const metrics: readonly MetricDefinition[] = [
  ...cpu,
  ...memory,
  ...network,
  ...blockIo,
  ...space,
  ...processes,
  ...itself,
];
