/**
 * What a line of the kernel log tells, for the few kinds of lines that a person wants to be told of.
 *
 * The texts are those of the kernel's sources, which hardly change: mm/oom_kill.c (the summary line is
 * there since Linux 4.19), kernel/hung_task.c, kernel/watchdog.c, block/blk-core.c, fs/buffer.c,
 * fs/ext4/super.c, fs/xfs, arch/x86/mm/fault.c, net/netfilter/nf_conntrack_core.c, net/ipv4/tcp_input.c.
 * Program names in them are whatever the program likes, so they are taken last and bounded.
 */
import type { HostEvent } from '../../core/index.ts';

export const eventKinds = [
  'oom_kill',
  'hung_task',
  'lockup',
  'disk_error',
  'filesystem_error',
  'segfault',
  'hardware_error',
  'table_full',
] as const;
export type EventKind = (typeof eventKinds)[number];

/** What a line tells; who it happened to is found by its process or control group. */
export type Told = {
  readonly kind: EventKind;
  readonly severity: HostEvent['severity'];
  readonly text: string;
  /** Facts for people and machines, by name. */
  readonly facts: Readonly<Record<string, string>>;
  /** The process that it happened to, in the host's numbering; it may be gone already. */
  readonly pid?: number;
};

/** The line before a kill that tells in which control group; the kill itself tells how much memory. */
export type OomSummary = {
  readonly pid: number;
  readonly cgroup: string;
  readonly isLimit: boolean;
};

const OOM_SUMMARY = /^oom-kill:constraint=(\w+),.*?task_memcg=([^,]*),task=.*,pid=(\d+),uid=\d+$/;

export function oomSummaryOf(line: string): OomSummary | null {
  const [, constraint, cgroup, pid] = OOM_SUMMARY.exec(line) ?? [];
  if (constraint === undefined || cgroup === undefined) return null;
  return { pid: Number(pid), cgroup, isLimit: constraint === 'CONSTRAINT_MEMCG' };
}

type Groups = Readonly<Record<string, string>>;
type Pattern = {
  readonly kind: EventKind;
  readonly severity: HostEvent['severity'];
  readonly pattern: RegExp;
  readonly text: (groups: Groups) => string;
};

const patterns: readonly Pattern[] = [
  {
    kind: 'oom_kill',
    severity: 'critical',
    pattern:
      /^(?:Memory cgroup out of memory|Out of memory(?: \(oom_kill_allocating_task\))?): Killed process (?<pid>\d+) \((?<process>.*)\) total-vm:\d+kB, anon-rss:(?<anonKib>\d+)kB/,
    text: ({ process, pid, anonKib }) =>
      `The kernel killed ${process} (${pid}) for want of memory; it held ${mebibytes(anonKib)} MiB`,
  },
  {
    kind: 'hung_task',
    severity: 'warning',
    pattern: /^INFO: task (?<process>.*):(?<pid>\d+) blocked (?:in I\/O wait )?for more than (?<seconds>\d+) seconds/,
    text: ({ process, pid, seconds }) => `${process} (${pid}) has waited for more than ${seconds} s without a way out`,
  },
  {
    kind: 'lockup',
    severity: 'critical',
    pattern:
      /^(?:watchdog: )?BUG: soft lockup - CPU#(?<core>\d+) stuck for (?<seconds>\d+)s! \[(?<process>.*):(?<pid>\d+)\]/,
    text: ({ core, seconds, process }) => `Core ${core} was stuck for ${seconds} s in ${process}`,
  },
  {
    kind: 'disk_error',
    severity: 'critical',
    pattern: /(?:I\/O error|critical \w+ error), dev (?<device>[\w-]+), sector (?<sector>\d+)/,
    text: ({ device, sector }) => `Disk ${device} failed at sector ${sector}`,
  },
  {
    kind: 'disk_error',
    severity: 'critical',
    pattern: /^Buffer I\/O error on dev(?:ice)? (?<device>[\w-]+), logical block (?<block>\d+)/,
    text: ({ device, block }) => `Disk ${device} failed at block ${block}`,
  },
  {
    kind: 'disk_error',
    severity: 'critical',
    pattern:
      /^(?:nvme (?<device>nvme\d+): (?:I\/O .*timeout|controller is down)|(?<port>ata\d+(?:\.\d+)?): failed command)/,
    text: ({ device, port }) => `Disk ${device ?? port} does not answer as it should`,
  },
  {
    kind: 'filesystem_error',
    severity: 'critical',
    pattern: /^(?:EXT4-fs error|BTRFS (?:error|critical)) \(device (?<device>[\w-]+).*?\)/,
    text: ({ device }) => `The file system on ${device} is damaged`,
  },
  {
    kind: 'filesystem_error',
    severity: 'critical',
    pattern: /^XFS \((?<device>[\w-]+)\): .*(?:[Cc]orruption|I\/O error|[Ss]hutting down|Shutdown)/,
    text: ({ device }) => `The file system on ${device} is damaged`,
  },
  {
    kind: 'filesystem_error',
    severity: 'critical',
    pattern: /^EXT4-fs \((?<device>[\w-]+)\): Remounting filesystem read-only/,
    text: ({ device }) => `The file system on ${device} can not be written any more`,
  },
  {
    kind: 'segfault',
    severity: 'warning',
    pattern:
      /^(?:traps: )?(?<process>.*)\[(?<pid>\d+)\]:? (?<fault>segfault at|general protection fault|trap [\w ]+?) /,
    text: ({ process, pid, fault }) => `${process} (${pid}) crashed: ${(fault ?? '').replace(/ at$/, '')}`,
  },
  {
    kind: 'hardware_error',
    severity: 'critical',
    pattern: /^(?:mce: )?(?:\[Hardware Error\]: |EDAC (?<device>\w+): \d+ UE )/,
    text: () => 'The hardware reported an error',
  },
  {
    kind: 'table_full',
    severity: 'critical',
    pattern: /^nf_conntrack: (?:nf_conntrack: )?table full, dropping packet/,
    text: () => 'The table of tracked connections is full: packets are dropped',
  },
  {
    kind: 'table_full',
    severity: 'warning',
    pattern: /^TCP: request_sock_TCP6?: Possible SYN flooding on port (?<port>\S+)\. /,
    text: ({ port }) => `More connections come to port ${port} than are accepted`,
  },
  {
    kind: 'table_full',
    severity: 'critical',
    pattern: /^neighbour: (?<table>\w+): neighbor table overflow/,
    text: ({ table }) => `The table of neighbours (${table}) is full`,
  },
];

const TEXT_LENGTH_MAX = 512;
const FACT_LENGTH_MAX = 256;

/** What a line tells; null for the many that nobody needs to be told of. */
export function classify(line: string): Told | null {
  for (const { kind, severity, pattern, text } of patterns) {
    const found = pattern.exec(line);
    if (found === null) continue;
    const groups = Object.entries(found.groups ?? {}).filter(
      (entry): entry is [string, string] => entry[1] !== undefined,
    );
    const facts = Object.fromEntries(groups.map(([name, value]) => [name, value.slice(0, FACT_LENGTH_MAX)]));
    const pid = facts.pid === undefined ? {} : { pid: Number(facts.pid) };
    return { kind, severity, text: text(facts).slice(0, TEXT_LENGTH_MAX), facts, ...pid };
  }
  return null;
}

function mebibytes(kib: string | undefined): string {
  return (Number(kib) / 1024).toFixed(0);
}
