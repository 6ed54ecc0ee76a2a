import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { formatTags, isAbsent, VirtualClock } from '../../../core/index.ts';
import { SeriesRegister } from '../../sampling/series-register.ts';
import { type Probe, ProbeShared, ProbeSite } from '../probe.ts';
import { hostProbes } from './index.ts';
import { isShownInterface } from './network/interfaces.ts';
import { isPartitionOf } from './storage/disks.ts';

const NET_HEADER = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
`;

function pressureOf(some: number, full: number): string {
  const averages = 'avg10=1.00 avg60=0.50 avg300=0.10';
  return `some ${averages} total=${some}\nfull ${averages} total=${full}\n`;
}

/** A host as its kernel showed it, with round numbers. */
const before: Readonly<Record<string, string>> = {
  stat: `cpu  1000 0 500 8000 100 10 20 30 0 0
cpu0 500 0 250 4000 50 5 10 15 0 0
cpu1 500 0 250 4000 50 5 10 15 0 0
intr 518120 0 0 9
ctxt 1000000
btime 1795220465
processes 6000
procs_running 3
procs_blocked 1
softirq 201099 0 19894 4 14799
`,
  meminfo: `MemTotal:        1000 kB
MemFree:          300 kB
MemAvailable:     600 kB
Buffers:           10 kB
Cached:           200 kB
SwapCached:         0 kB
SwapTotal:        200 kB
SwapFree:         150 kB
Dirty:              1 kB
Shmem:              2 kB
SReclaimable:       9 kB
SUnreclaim:         3 kB
`,
  loadavg: '0.20 1.08 12.05 3/149 11206\n',
  'net/dev': `${NET_HEADER}    lo:    3245      30    0    0    0     0          0         0     3245      30    0    0    0     0       0          0
  eth0: 1000 10 1 2 0 0 0 0 5000 50 3 4 0 0 0 0
vethab12:  77 1 0 0 0 0 0 0 77 1 0 0 0 0 0 0
`,
  diskstats: `   7       0 loop0 5 0 10 0 0 0 0 0 0 0 0
 254       0 vda 100 0 800 40 50 0 400 60 0 300 100
 254       1 vda1 90 0 700 40 50 0 400 60 0 300 100
 254      16 vdb 0 0 0 0 0 0 0 0 0 0 0
`,
  'net/sockstat': `sockets: used 36
TCP: inuse 5 orphan 1 tw 7 alloc 9 mem 0
UDP: inuse 2 mem 0
`,
  'net/sockstat6': `TCP6: inuse 3
UDP6: inuse 1
`,
  'net/snmp': `Ip: Forwarding DefaultTTL
Ip: 1 64
Tcp: RtoAlgorithm MaxConn ActiveOpens CurrEstab RetransSegs
Tcp: 1 -1 100 4 20
Udp: InDatagrams NoPorts InErrors
Udp: 1000 3 1
`,
  'net/netstat': `TcpExt: SyncookiesSent ListenOverflows ListenDrops TCPTimeouts
TcpExt: 0 10 20 30
IpExt: InNoRoutes
IpExt: 0
`,
  'net/tcp': `  sl  local_address rem_address   st tx_queue rx_queue
   0: 0100007F:0CEA 00000000:0000 0A 00000000:00000000 00:00000000
   1: 0100007F:0CEA 0100007F:D2F0 01 00000000:00000000 00:00000000
   2: 0100007F:0CEA 0100007F:D2F1 08 00000000:00000000 00:00000000
   3: 0100007F:0CEA 0100007F:D2F2 06 00000000:00000000 00:00000000
`,
  'net/tcp6': `  sl  local_address                         remote_address                        st
   0: 00000000000000000000000000000000:1F90 00000000000000000000000000000000:0000 0A 00000000:00000000
`,
  vmstat: 'nr_free_pages 1\npswpin 10\npswpout 20\npgfault 1000\npgmajfault 5\noom_kill 2\n',
  'pressure/cpu': pressureOf(1_000_000, 0),
  'pressure/memory': pressureOf(2_000_000, 1_000_000),
  'pressure/io': pressureOf(3_000_000, 2_000_000),
  'sys/fs/file-nr': '544\t0\t10000\n',
  'sys/kernel/pid_max': '32768\n',
  'sys/net/netfilter/nf_conntrack_count': '655\n',
  'sys/net/netfilter/nf_conntrack_max': '262144\n',
  'self/mountinfo': '',
};

/** The same one second later. */
const after: Readonly<Record<string, string>> = {
  ...before,
  stat: `cpu  1050 0 530 8100 110 10 20 40 0 0
cpu0 550 0 250 4050 50 5 10 15 0 0
cpu1 500 0 280 4050 60 5 10 25 0 0
intr 518120 0 0 9
ctxt 1000500
btime 1795220465
processes 6004
procs_running 2
procs_blocked 0
`,
  'net/dev': `${NET_HEADER}    lo:    9245      90    0    0    0     0          0         0     3245      30    0    0    0     0       0          0
  eth0: 3000 30 2 4 0 0 0 8 5500 55 3 5 0 0 2 0
vethab12:  77 1 0 0 0 0 0 0 77 1 0 0 0 0 0 0
`,
  diskstats: `   7       0 loop0 5 0 10 0 0 0 0 0 0 0 0
 254       0 vda 110 0 880 50 60 0 420 80 0 550 130
 254       1 vda1 90 0 700 40 50 0 400 60 0 300 100
 254      16 vdb 0 0 0 0 0 0 0 0 0 0 0
`,
};

let procRoot: string;
let clock: VirtualClock;
let register: SeriesRegister;
let probes: readonly Probe[];
let site: ProbeSite;

beforeEach(() => {
  procRoot = mkdtempSync(join(tmpdir(), 'saker-collector-'));
  clock = new VirtualClock(1_700_000_000_000);
  register = new SeriesRegister();
  const entry = register.endpoint({ name: 'h', kind: 'host', host: 'h', state: 'running', labels: {} });
  if (entry === null) throw new Error('no place');
  site = new ProbeSite(new ProbeShared(clock, procRoot, register), entry);
  probes = hostProbes(site);
});

afterEach(() => {
  for (const probe of probes) probe.close();
  rmSync(procRoot, { recursive: true });
});

function write(files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(procRoot, path)), { recursive: true });
    writeFileSync(join(procRoot, path), text);
  }
}

const familyOf = (values: Readonly<Record<string, number>>, prefix: string): Record<string, number> =>
  Object.fromEntries(Object.entries(values).filter(([name]) => name.startsWith(prefix)));

/** One tick over the tree as it is now: what got a value. */
function sample(): Record<string, number> {
  register.beginFrame();
  for (const probe of probes) probe.sample();
  const values = register.endFrame();
  const { series } = register.generation.dictionary;
  return Object.fromEntries(
    series.flatMap(({ metric, tags }, index) => {
      const suffix = formatTags(tags) === '' ? '' : `{${formatTags(tags)}}`;
      return isAbsent(values, index) ? [] : [[`${metric}${suffix}`, values[index] as number]];
    }),
  );
}

async function sampleBoth(second: Readonly<Record<string, string>>, elapsedMs = 1000): Promise<Record<string, number>> {
  write(before);
  sample();
  write(second);
  await clock.advance(elapsedMs);
  return sample();
}

describe('the probes of a host', () => {
  test('give levels at once and no rate yet', () => {
    write(before);
    expect(sample()).toEqual({
      'mem.memtotal': 1_024_000,
      'mem.memfree': 614_400,
      'mem.memused': 409_600,
      'mem.memfree.percent': 60,
      'mem.memused.percent': 40,
      'mem.buffers': 10_240,
      'mem.cached': 204_800,
      'mem.dirty': 1024,
      'mem.shmem': 2048,
      'mem.slab.unreclaimable': 3072,
      'disk.io.ios_in_progress{device=vda}': 0,
      'kernel.maxfiles': 10_000,
      'kernel.files.allocated': 544,
      'kernel.files.left': 9456,
      'kernel.maxproc': 32_768,
      'kernel.pids.percent': 0.45,
      'kernel.conntrack.count': 655,
      'kernel.conntrack.max': 262_144,
      'kernel.conntrack.percent': 0.25,
      'mem.swaptotal': 204_800,
      'mem.swapfree': 153_600,
      'mem.swapused': 51_200,
      'mem.swapfree.percent': 75,
      'mem.swapused.percent': 25,
      'load.1min': 0.2,
      'load.5min': 1.08,
      'load.15min': 12.05,
      'proc.total': 149,
      'proc.running': 3,
      'proc.blocked': 1,
      'ss.estab': 4,
      'ss.closed': 1,
      'ss.listen': 2,
      'ss.closewait': 1,
      'ss.synrecv': 0,
      'ss.orphaned': 1,
      'ss.timewait': 7,
      'ss.udp': 3,
    });
  });

  test('share the processor time that passed', async () => {
    const values = await sampleBoth(after);
    // 200 ticks passed: 50 user, 30 system, 100 idle, 10 iowait, 10 steal.
    expect(values).toMatchObject({
      'cpu.busy': 50,
      'cpu.user': 25,
      'cpu.system': 15,
      'cpu.idle': 50,
      'cpu.iowait': 5,
      'cpu.steal': 5,
      'cpu.irq': 0,
      'cpu.busy.core{core=0}': 50,
      'cpu.busy.core{core=1}': 50,
      'cpu.switches': 500,
      'proc.forks': 4,
      'proc.running': 2,
    });
    expect(site.facts.cpuCount).toBe(2);
  });

  test('show traffic of interfaces that lead out, over the true elapsed time', async () => {
    const values = await sampleBoth(after, 2000);
    expect(familyOf(values, 'net.')).toEqual({
      'net.if.in.bytes{iface=eth0}': 1000,
      'net.if.in.packets{iface=eth0}': 10,
      'net.if.in.errors{iface=eth0}': 1,
      'net.if.in.dropped{iface=eth0}': 1,
      'net.if.out.bytes{iface=eth0}': 250,
      'net.if.out.packets{iface=eth0}': 3,
      'net.if.out.errors{iface=eth0}': 0,
      'net.if.out.dropped{iface=eth0}': 1,
      'net.if.in.fifo.errs{iface=eth0}': 0,
      'net.if.in.frame.errs{iface=eth0}': 0,
      'net.if.in.multicast{iface=eth0}': 4,
      'net.if.out.fifo.errs{iface=eth0}': 0,
      'net.if.out.collisions{iface=eth0}': 0,
      'net.if.out.carrier.errs{iface=eth0}': 1,
    });
  });

  test('show whole disks that did something', async () => {
    const values = await sampleBoth(after);
    expect(familyOf(values, 'disk.')).toEqual({
      'disk.io.read_bytes{device=vda}': 40_960,
      'disk.io.write_bytes{device=vda}': 10_240,
      'disk.io.read_requests{device=vda}': 10,
      'disk.io.write_requests{device=vda}': 10,
      'disk.io.util{device=vda}': 25,
      'disk.io.await{device=vda}': 1.5,
      'disk.io.read_merged{device=vda}': 0,
      'disk.io.write_merged{device=vda}': 0,
      'disk.io.ios_in_progress{device=vda}': 0,
      'disk.io.avgrq_sz{device=vda}': 2560,
      'disk.io.avgqu-sz{device=vda}': 0.03,
      'disk.io.svctm{device=vda}': 12.5,
    });
    expect(site.facts.deviceNames.get('254:0')).toBe('vda');
  });

  test('show what the protocols, the pager and the pressure counted in between', async () => {
    const values = await sampleBoth({
      ...after,
      'net/snmp': (before['net/snmp'] ?? '').replace('100 4 20', '104 5 22').replace('1000 3 1', '1500 3 1'),
      'net/netstat': (before['net/netstat'] ?? '').replace('0 10 20 30', '7 11 23 30'),
      vmstat: 'pswpin 11\npswpout 20\npgfault 1500\npgmajfault 8\noom_kill 3\n',
      'pressure/io': pressureOf(3_250_000, 2_050_000),
    });
    expect(familyOf(values, 'TcpExt.')).toEqual({
      'TcpExt.ListenOverflows': 1,
      'TcpExt.ListenDrops': 3,
      'TcpExt.TCPTimeouts': 0,
    });
    expect(familyOf(values, 'snmp.')).toEqual({
      'snmp.Udp.InDatagrams': 500,
      'snmp.Udp.NoPorts': 0,
      'snmp.Udp.InErrors': 0,
      'snmp.Tcp.ActiveOpens': 4,
      'snmp.Tcp.RetransSegs': 2,
    });
    expect(values).toMatchObject({
      'mem.swap.in': 4096,
      'mem.swap.out': 0,
      'mem.faults': 500,
      'mem.faults.major': 3,
      'mem.oom.kills': 1,
      'pressure.cpu.some': 0,
      'pressure.memory.full': 0,
      'pressure.io.some': 25,
      'pressure.io.full': 5,
    });
  });

  test('tell nothing of pressure and connection tracking on a kernel without', async () => {
    const kernel = Object.keys(before).filter((path) => !path.startsWith('pressure/') && !path.includes('conntrack'));
    write(Object.fromEntries(kernel.map((path) => [path, before[path] ?? ''])));
    sample();
    await clock.advance(1000);
    const names = Object.keys(sample());
    expect(names.filter((name) => name.startsWith('pressure.') || name.includes('conntrack'))).toEqual([]);
    expect(names).toContain('ss.estab');
  });

  test('have no sample of a counter that went backwards, and one again afterwards', async () => {
    write(before);
    sample();
    await clock.advance(1000);
    const back = (text: string): string =>
      text.replace(/1000000|eth0: 1000|vda 100/g, (word) => word.replace('1', '0'));
    write({
      ...before,
      stat: back(before.stat ?? ''),
      'net/dev': back(before['net/dev'] ?? ''),
      diskstats: back(before.diskstats ?? ''),
    });
    const values = sample();
    expect(values).not.toHaveProperty('cpu.switches');
    expect(values).not.toHaveProperty('net.if.in.bytes{iface=eth0}');
    expect(values).not.toHaveProperty('disk.io.read_requests{device=vda}');
    expect(values['net.if.out.bytes{iface=eth0}']).toBe(0);
    await clock.advance(1000);
    expect(sample()).toMatchObject({ 'cpu.switches': 0, 'net.if.in.bytes{iface=eth0}': 0 });
  });

  test('have no processor share when one of its times went backwards, as iowait does at times', async () => {
    const values = await sampleBoth({ ...after, stat: (after.stat ?? '').replace('8100 110', '8100 90') });
    expect(values).not.toHaveProperty('cpu.busy');
    expect(values).not.toHaveProperty('cpu.iowait');
    expect(values['cpu.busy.core{core=0}']).toBe(50);
  });

  test('have no rate over a gap in which a file could not be read', async () => {
    write(before);
    sample();
    for (const probe of probes) probe.close();
    rmSync(join(procRoot, 'net/dev'));
    rmSync(join(procRoot, 'stat'));
    await clock.advance(1000);
    const gap = sample();
    expect(Object.keys(gap).filter((name) => name.startsWith('net.') || name.startsWith('cpu.'))).toEqual([]);
    expect(gap['load.1min']).toBe(0.2);
    write(after);
    await clock.advance(1000);
    expect(sample()).not.toHaveProperty('net.if.in.bytes{iface=eth0}');
  });

  test('survive files without sense', async () => {
    const garbage = Object.fromEntries(
      Object.keys(before).map((path) => [path, 'cpu cpu0 :\n\u0000\n: : 1\nTCP: inuse x']),
    );
    const values = await sampleBoth(garbage);
    expect(Object.values(values).every(Number.isFinite)).toBe(true);
    write(Object.fromEntries(Object.keys(before).map((path) => [path, ''])));
    // Maxima hold until they are read again.
    expect(Object.keys(sample()).sort()).toEqual(['kernel.conntrack.max', 'kernel.maxproc']);
  });

  test('show no swap shares on a host without swap', () => {
    write({ ...before, meminfo: 'MemTotal: 1000 kB\nMemAvailable: 600 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n' });
    const values = sample();
    expect(values['mem.swaptotal']).toBe(0);
    expect(values).not.toHaveProperty('mem.swapused.percent');
  });
});

describe('what is shown of a host', () => {
  test.each(['eth0', 'enp3s0', 'wlan0', 'bond0', 'team0', 'ib0', 'br0', 'wg0', 'tun0', 'eth0.100'])(
    '%s leads out',
    (name) => {
      expect(isShownInterface(name)).toBe(true);
    },
  );

  test.each(['lo', 'veth45c7b88', 'docker0', 'br-0123456789ab', 'cali1234', 'ifb0', 'tap0', 'vnet3'])(
    '%s does not',
    (name) => {
      expect(isShownInterface(name)).toBe(false);
    },
  );

  const pairs: [string, string, boolean][] = [
    ['sda1', 'sda', true],
    ['sdaa', 'sda', false],
    ['nvme0n1p2', 'nvme0n1', true],
    ['nvme0n10', 'nvme0n1', false],
    ['mmcblk0p1', 'mmcblk0', true],
    ['mmcblk0boot0', 'mmcblk0', false],
    ['xvda1', '', false],
  ];
  test.each(pairs)('%s as a part of %j: %s', (name, device, isPart) => {
    expect(isPartitionOf(name, device)).toBe(isPart);
  });
});
