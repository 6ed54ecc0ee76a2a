/** What the kernel counts of itself: protocol counters, tables and their limits, pressure. */
import { gauge, type MetricDefinition } from './metric.ts';

const host = { on: 'host' } as const;
const container = { on: 'container' } as const;
const percent = { decimals: 2 } as const;
const rate = { ...host, decimals: 2 } as const;

/** Open-Falcon's choice among the some 130 counters of `/proc/net/netstat`, less those that no kernel since 4.19 has. */
const tcpExtensions: readonly (readonly [name: string, help: string])[] = [
  ['PruneCalled', 'Receive queues cut because a socket ran out of memory'],
  ['LockDroppedIcmps', 'ICMP messages dropped because the socket was locked'],
  ['ArpFilter', 'ARP requests not answered because of arp_filter'],
  ['TW', 'Sockets that left TIME_WAIT by its timer'],
  ['DelayedACKLocked', 'Delayed acknowledgements delayed further, the socket being locked'],
  ['ListenOverflows', 'Connections lost because an accept queue was full'],
  ['ListenDrops', 'Connections lost by listening sockets, for any reason'],
  ['TCPTSReorder', 'Reordering found by time stamps'],
  ['TCPDSACKUndo', 'Slow-downs taken back because of duplicate SACKs'],
  ['TCPLostRetransmit', 'Retransmitted segments that were lost again'],
  ['TCPLossFailures', 'Recoveries from a loss that failed'],
  ['TCPFastRetrans', 'Fast retransmissions'],
  ['TCPTimeouts', 'Retransmission time-outs'],
  ['TCPSynRetrans', 'SYN segments sent again: connections that begin slowly'],
  ['TCPAbortOnMemory', 'Connections ended for want of memory'],
  ['TCPAbortOnTimeout', 'Connections ended because the peer did not answer'],
  ['TCPAbortFailed', 'Connections ended without the RST that could not be sent'],
  ['TCPMemoryPressures', 'Times that TCP came under memory pressure'],
  ['TCPSpuriousRTOs', 'Time-outs that were not needed'],
  ['TCPBacklogDrop', 'Segments dropped because a socket’s backlog was full'],
  ['TCPMinTTLDrop', 'Segments dropped because of IP_MINTTL'],
  ['TCPReqQFullDrop', 'SYN segments dropped because a request queue was full'],
  ['TCPRcvQDrop', 'Segments dropped because a receive queue was full'],
];

const datagrams: readonly (readonly [name: string, help: string])[] = [
  ['InDatagrams', 'UDP datagrams received'],
  ['OutDatagrams', 'UDP datagrams sent'],
  ['NoPorts', 'UDP datagrams to a port on which nobody listens'],
  ['InErrors', 'UDP datagrams not delivered'],
  ['RcvbufErrors', 'UDP datagrams dropped because a receive buffer was full'],
  ['SndbufErrors', 'UDP datagrams not sent because a send buffer was full'],
];

const segments: readonly (readonly [name: string, help: string])[] = [
  ['ActiveOpens', 'TCP connections opened from here'],
  ['PassiveOpens', 'TCP connections accepted'],
  ['AttemptFails', 'TCP connections that did not come about'],
  ['EstabResets', 'TCP connections reset'],
  ['RetransSegs', 'TCP segments sent again'],
  ['OutRsts', 'TCP resets sent'],
];

/** The names, for the probe that reads them. */
export const tcpExtensionNames: readonly string[] = tcpExtensions.map(([name]) => name);
export const udpCounterNames: readonly string[] = datagrams.map(([name]) => name);
export const tcpCounterNames: readonly string[] = segments.map(([name]) => name);

const protocols: readonly MetricDefinition[] = [
  ...tcpExtensions.map(([name, help]) => gauge(`TcpExt.${name}`, 'events/s', help, rate)),
  ...datagrams.map(([name, help]) => gauge(`snmp.Udp.${name}`, 'events/s', help, rate)),
  ...segments.map(([name, help]) => gauge(`snmp.Tcp.${name}`, 'events/s', help, rate)),
];

const tables: readonly MetricDefinition[] = [
  gauge('kernel.maxfiles', 'count', 'Open files that the host allows', host),
  gauge('kernel.files.allocated', 'count', 'Open files of the host', host),
  gauge('kernel.files.left', 'count', 'Open files until the limit', host),
  gauge('kernel.maxproc', 'count', 'Process and thread numbers that the host has (pid_max)', host),
  gauge('kernel.pids.percent', 'percent', 'Tasks of the process numbers that the host has', { ...host, ...percent }),
  gauge('kernel.conntrack.max', 'count', 'Connections that the kernel’s table holds; absent without conntrack', host),
  gauge('kernel.conntrack.count', 'count', 'Tracked connections; of a container: in its own network'),
  gauge('kernel.conntrack.percent', 'percent', 'Tracked connections of what the kernel’s table holds', percent),
];

const stall = (what: string, who: string) => `Time in which ${who} waited for ${what} (PSI); absent without PSI`;
const log: readonly MetricDefinition[] = [
  gauge('kernel.log.events', 'count', 'Lines of the kernel log that tell of this kind of trouble, in this second', {
    ...host,
    tags: ['kind'],
  }),
];

const pressure: readonly MetricDefinition[] = (['cpu', 'memory', 'io'] as const).flatMap((resource) => {
  const name = { cpu: 'a processor', memory: 'memory', io: 'block I/O' }[resource];
  return [
    gauge(`pressure.${resource}.some`, 'percent', stall(name, 'at least one task'), percent),
    gauge(`pressure.${resource}.full`, 'percent', stall(name, 'every task that had work'), percent),
  ];
});

const paging: readonly MetricDefinition[] = [
  gauge('mem.oom.kills', 'count', 'Tasks killed for want of memory since the look before: 1 s (host), 5 s (container)'),
  gauge('mem.faults', 'events/s', 'Page faults', {}),
  gauge('mem.faults.major', 'events/s', 'Page faults that read from a disk', percent),
  gauge('mem.swap.in', 'bytes/s', 'Read from swap', host),
  gauge('mem.swap.out', 'bytes/s', 'Written to swap', host),
];

const life: readonly MetricDefinition[] = [
  gauge('container.uptime', 's', 'Time since the container started', container),
  gauge('container.restarts', 'count', 'Times that the engine started it again', container),
  gauge(
    'container.healthy',
    'bool',
    '1 healthy, 0 unhealthy; absent without a health check, and while it starts',
    container,
  ),
  gauge('files.open', 'count', 'Open file descriptors of its processes', container),
  gauge('disk.layer.bytes', 'bytes', 'Space that its own files take on disk (the writable layer)', container),
  gauge('disk.layer.files', 'count', 'Files and folders in its writable layer', container),
  gauge(
    'disk.io.accounted',
    'bool',
    '0 while the kernel has counted no block I/O of it: none was done, or (cgroup v1) none is counted',
    container,
  ),
];

const processIo: readonly MetricDefinition[] = [
  gauge(
    'disk.io.processes.read_bytes',
    'bytes/s',
    'Read from block devices, by the accounts of its processes',
    container,
  ),
  gauge(
    'disk.io.processes.write_bytes',
    'bytes/s',
    'Written to block devices, by the accounts of its processes',
    container,
  ),
];

export const kernelMetrics: readonly MetricDefinition[] = [
  ...protocols,
  ...tables,
  ...log,
  ...pressure,
  ...paging,
  ...life,
  ...processIo,
];
