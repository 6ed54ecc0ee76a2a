import { kernelMetrics } from './kernel.ts';
import { gauge, type MetricDefinition } from './metric.ts';
import { monitorMetrics } from './monitor-metrics.ts';

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
  gauge(
    'cpu.busy.core.unplaced',
    'percent',
    'cgroup v2: CPU time of which it is not certain on which core it was spent (threads that moved or ended)',
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
  gauge('mem.buffers', 'bytes', 'Memory that caches block devices', host),
  gauge('mem.cached', 'bytes', 'Memory that caches files', host),
  gauge('mem.dirty', 'bytes', 'File pages not yet written to disk', host),
  gauge('mem.shmem', 'bytes', 'Shared memory and tmpfs: cache that can not be dropped', host),
  gauge('mem.slab.unreclaimable', 'bytes', 'Kernel memory that can not be given back', host),
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
  gauge('mem.usage.percent', 'percent', 'Usage of the limit; absent without a limit', { ...container, ...percent }),
  gauge('mem.rss.percent', 'percent', 'Anonymous memory of the limit: what only an end of processes gives back', {
    ...container,
    ...percent,
  }),
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
  gauge('net.if.in.fifo.errs', 'packets/s', 'Packets lost because a receive ring was full', {
    ...perInterface,
    ...host,
  }),
  gauge('net.if.in.frame.errs', 'packets/s', 'Packets received with a framing error', { ...perInterface, ...host }),
  gauge('net.if.in.multicast', 'packets/s', 'Multicast packets received', { ...perInterface, ...host }),
  gauge('net.if.out.fifo.errs', 'packets/s', 'Packets lost because a send ring was full', { ...perInterface, ...host }),
  gauge('net.if.out.collisions', 'packets/s', 'Collisions', { ...perInterface, ...host }),
  gauge('net.if.out.carrier.errs', 'packets/s', 'Packets not sent because the carrier was lost', {
    ...perInterface,
    ...host,
  }),
];

const blockIo: readonly MetricDefinition[] = [
  gauge('disk.io.read_bytes', 'bytes/s', 'Read from the device', perDevice),
  gauge('disk.io.write_bytes', 'bytes/s', 'Written to the device', perDevice),
  gauge('disk.io.read_requests', 'requests/s', 'Read requests completed', perDevice),
  gauge('disk.io.write_requests', 'requests/s', 'Write requests completed', perDevice),
  gauge('disk.io.util', 'percent', 'Time in which the device had work', { ...perDevice, ...host, ...percent }),
  gauge('disk.io.read_merged', 'requests/s', 'Reads merged into a neighbour', { ...perDevice, ...host }),
  gauge('disk.io.write_merged', 'requests/s', 'Writes merged into a neighbour', { ...perDevice, ...host }),
  gauge('disk.io.ios_in_progress', 'count', 'Requests under way', { ...perDevice, ...host }),
  gauge('disk.io.avgrq_sz', 'bytes', 'Mean size of a request (Open-Falcon counts sectors)', { ...perDevice, ...host }),
  gauge('disk.io.avgqu-sz', 'count', 'Mean number of requests under way', { ...perDevice, ...host, ...percent }),
  gauge('disk.io.svctm', 'ms', 'Busy time of the device per request', { ...perDevice, ...host, ...percent }),
  gauge('disk.io.await', 'ms', 'Mean time of a request, waiting included', { ...perDevice, ...host, ...percent }),
];

const space: readonly MetricDefinition[] = [
  gauge('df.bytes.total', 'bytes', 'Size of the file system', perMount),
  gauge('df.bytes.used', 'bytes', 'Used', perMount),
  gauge('df.bytes.free', 'bytes', 'Free to users without privileges', perMount),
  gauge('df.bytes.used.percent', 'percent', 'Share used', { ...perMount, ...percent }),
  gauge('df.bytes.free.percent', 'percent', 'Share free', { ...perMount, ...percent }),
  gauge('df.inodes.total', 'count', 'Inodes', perMount),
  gauge('df.inodes.used', 'count', 'Inodes used', perMount),
  gauge('df.inodes.free', 'count', 'Inodes free', perMount),
  gauge('df.inodes.used.percent', 'percent', 'Share of inodes used', { ...perMount, ...percent }),
  gauge('df.inodes.free.percent', 'percent', 'Share of inodes free', { ...perMount, ...percent }),
  gauge('df.statistics.total', 'bytes', 'Size of all file systems together', host),
  gauge('df.statistics.used', 'bytes', 'Used on all file systems together', host),
  gauge('df.statistics.used.percent', 'percent', 'Share used of all file systems together', { ...host, ...percent }),
];

const processes: readonly MetricDefinition[] = [
  gauge('load.1min', 'load', 'Runnable and uninterruptible tasks, damped over 1 min', percent),
  gauge('load.5min', 'load', 'Runnable and uninterruptible tasks, damped over 5 min', percent),
  gauge('load.15min', 'load', 'Runnable and uninterruptible tasks, damped over 15 min', percent),
  gauge('ss.estab', 'count', 'TCP connections (established, or closed by the peer alone)'),
  gauge('ss.closed', 'count', 'TCP sockets that are neither connected nor listening', host),
  gauge('ss.orphaned', 'count', 'TCP sockets without a process', host),
  gauge('ss.timewait', 'count', 'TCP sockets in TIME_WAIT'),
  gauge('ss.synrecv', 'count', 'TCP connections that are being accepted'),
  gauge('ss.closewait', 'count', 'TCP connections that the peer closed and the program has not'),
  gauge('ss.listen', 'count', 'TCP sockets that listen'),
  gauge('ss.udp', 'count', 'UDP sockets in use'),
  gauge('proc.total', 'count', 'Tasks that exist', host),
  gauge('proc.running', 'count', 'Tasks running or ready to run', host),
  gauge('proc.blocked', 'count', 'Tasks waiting for I/O', host),
  gauge('proc.forks', 'events/s', 'Tasks created', host),
  gauge('pids.current', 'count', 'Tasks in the container', container),
  gauge('pids.limit', 'count', 'Tasks that the limit allows; absent without a limit', container),
  gauge('pids.percent', 'percent', 'Tasks of what the limit allows; absent without a limit', {
    ...container,
    ...percent,
  }),
];

const itself: readonly MetricDefinition[] = [
  gauge('agent.alive', 'bool', '1 with every tick of the collector', host),
  gauge('agent.tick.ms', 'ms', 'Time that the collector took for its tick', { ...host, ...percent }),
  gauge('agent.ticks.missed', 'count', 'Seconds without a tick since the collector started: it was late', host),
  gauge('agent.tick.late.ms', 'ms', 'How long after the beginning of its second the tick began', {
    ...host,
    ...percent,
  }),
  gauge('agent.spool.bytes', 'bytes', 'Samples in the collector’s files that wait for the server', host),
  gauge('agent.frames.lost', 'count', 'Seconds given up since the collector started: memory and files were full', host),
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
  ...kernelMetrics,
  ...itself,
  ...monitorMetrics,
];
