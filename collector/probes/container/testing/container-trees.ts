/** A container as the kernel shows it, on both versions of cgroups, and what it shows a second later. */

export const ID = '7a9f162a5c646c3a3f3079002c3beaf4e4bf5f7ba9d5bf68551dc1a68ff0b62a';
export const NET = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:       0       0    0    0    0     0          0         0        0       0    0    0    0     0       0          0
  eth0:    1462      17    0    0    0     0          0         0      100       2    0    0    0     0       0          0
`;

const SNMP = `Tcp: RtoAlgorithm CurrEstab
Tcp: 1 2
`;

export const STAT = (state: string, ticks: number, core: number): string =>
  `31 (a (odd) name\n) ${state} 1 31 31 0 -1 4194560 99 0 0 0 ${ticks} 0 0 0 20 0 1 0 123 456 1 ${'0 '.repeat(13)}17 ${core} 0 0\n`;

/** The first process with one thread, its sockets, and the lists that name it. */
function threads(...lists: readonly string[]): Record<string, string> {
  return {
    ...Object.fromEntries(lists.map((path) => [path, '31\n'])),
    'proc/31/task/31/stat': STAT('R', 100, 0),
    'proc/31/fd/0': '',
    'proc/31/fd/1': '',
    'proc/31/fd/2': '',
    'proc/31/net/sockstat': 'TCP: inuse 3 orphan 9 tw 1 alloc 3 mem 0\nUDP: inuse 2 mem 0\n',
    'proc/31/net/snmp': SNMP,
    'proc/31/net/tcp':
      ' sl local\n 0: 0100007F:0CEA 00000000:0000 0A 0\n 1: 0100007F:0CEA 0100007F:D2F1 08 00000000:00000000\n',
    'proc/31/net/stat/nf_conntrack': 'entries  clashres\n0000001a  00000000\n0000001a  00000000\n',
  };
}

/** Version 1, as Docker with cgroupfs makes it; the memory path has a prefix of its own. */
export const v1: Readonly<Record<string, string>> = {
  'proc/31/cgroup': `9:name=systemd:/docker/${ID}
8:pids:/docker/${ID}
7:blkio:/docker/${ID}
4:memory:/vm/5af4/docker/${ID}
2:cpu,cpuacct:/docker/${ID}
0::/docker/${ID}
`,
  'proc/31/net/dev': NET,
  [`cg/cpu,cpuacct/docker/${ID}/cpuacct.usage_percpu`]: '1000000000 2000000000 \n',
  [`cg/cpu,cpuacct/docker/${ID}/cpuacct.usage_all`]: 'cpu user system\n0 800000000 200000000\n1 1600000000 400000000\n',
  [`cg/cpu,cpuacct/docker/${ID}/cpu.stat`]: 'nr_periods 100\nnr_throttled 10\nthrottled_time 5000000000\nnr_bursts 0\n',
  [`cg/cpu,cpuacct/docker/${ID}/cpu.cfs_quota_us`]: '50000\n',
  [`cg/cpu,cpuacct/docker/${ID}/cpu.cfs_period_us`]: '100000\n',
  [`cg/memory/vm/5af4/docker/${ID}/memory.usage_in_bytes`]: '1000000\n',
  [`cg/memory/vm/5af4/docker/${ID}/memory.stat`]: `cache 1
rss 1
inactive_file 1
hierarchical_memory_limit 2000000
total_cache 400000
total_rss 500000
total_rss_huge 1
total_inactive_file 200000
`,
  [`cg/blkio/docker/${ID}/blkio.throttle.io_service_bytes`]:
    '254:0 Read 4096\n254:0 Write 8192\n254:0 Sync 1\nTotal 12288\n',
  [`cg/blkio/docker/${ID}/blkio.throttle.io_serviced`]: '254:0 Read 1\n254:0 Write 2\n254:0 Sync 1\nTotal 3\n',
  [`cg/pids/docker/${ID}/pids.current`]: '7\n',
  [`cg/pids/docker/${ID}/pids.max`]: '100\n',
  [`cg/memory/vm/5af4/docker/${ID}/memory.oom_control`]: 'oom_kill_disable 0\nunder_oom 0\noom_kill 0\n',
  ...threads(`cg/cpu,cpuacct/docker/${ID}/tasks`, `cg/pids/docker/${ID}/cgroup.procs`),
  [`cg/unified/docker/${ID}/cgroup.procs`]: '31\n',
  [`cg/unified/docker/${ID}/cpu.pressure`]: 'some avg10=0.00 total=0\nfull avg10=0.00 total=0\n',
};

export const v1Later: Readonly<Record<string, string>> = {
  ...v1,
  [`cg/cpu,cpuacct/docker/${ID}/cpuacct.usage_percpu`]: '1250000000 2150000000 \n',
  [`cg/cpu,cpuacct/docker/${ID}/cpuacct.usage_all`]:
    'cpu user system\n0 1100000000 200000000\n1 1600000000 500000000\n',
  [`cg/cpu,cpuacct/docker/${ID}/cpu.stat`]: 'nr_periods 110\nnr_throttled 15\nthrottled_time 5250000000\n',
  [`cg/blkio/docker/${ID}/blkio.throttle.io_service_bytes`]:
    '254:0 Read 5096\n254:0 Write 8192\n254:0 Sync 1\nTotal 12288\n',
  [`cg/blkio/docker/${ID}/blkio.throttle.io_serviced`]: '254:0 Read 11\n254:0 Write 2\n254:0 Sync 1\nTotal 3\n',
  'proc/31/net/dev': NET.replace('1462      17', '2462      27'),
};

export const SCOPE = `cg/system.slice/docker-${ID}.scope`;

/** Version 2 under systemd; the first process has moved itself below. */
export const v2: Readonly<Record<string, string>> = {
  'cg/cgroup.controllers': 'cpuset cpu io memory hugetlb pids rdma misc\n',
  'proc/31/cgroup': `0::/system.slice/docker-${ID}.scope/init.scope\n`,
  'proc/31/net/dev': NET,
  [`${SCOPE}/cgroup.procs`]: '31\n',
  [`${SCOPE}/cpu.stat`]: `usage_usec 3000000
user_usec 2000000
system_usec 1000000
core_sched.force_idle_usec 0
nr_periods 100
nr_throttled 10
throttled_usec 5000000
nr_bursts 0
burst_usec 0
`,
  [`${SCOPE}/cpu.max`]: '50000 100000\n',
  [`${SCOPE}/memory.current`]: '1000000\n',
  [`${SCOPE}/memory.max`]: '2000000\n',
  [`${SCOPE}/memory.stat`]:
    'anon 500000\nfile 400000\nkernel 90000\nfile_mapped 5\ninactive_anon 9\ninactive_file 200000\n',
  [`${SCOPE}/io.stat`]: '7:0 254:0 rbytes=4096 wbytes=8192 rios=1 wios=2 dbytes=0 dios=0\n',
  [`${SCOPE}/pids.current`]: '7\n',
  [`${SCOPE}/pids.max`]: '100\n',
  [`${SCOPE}/memory.events`]: 'low 0\nhigh 0\nmax 3\noom 1\noom_kill 1\n',
  [`${SCOPE}/memory.pressure`]: 'some avg10=0.00 total=1000\nfull avg10=0.00 total=500\n',
  ...threads(`${SCOPE}/cgroup.threads`),
};

export const v2Later: Readonly<Record<string, string>> = {
  ...v2,
  [`${SCOPE}/cpu.stat`]:
    'usage_usec 3400000\nuser_usec 2300000\nsystem_usec 1100000\nnr_periods 110\nnr_throttled 15\nthrottled_usec 5250000\n',
  [`${SCOPE}/io.stat`]: '7:0 254:0 rbytes=5096 wbytes=8192 rios=11 wios=2 dbytes=0 dios=0\n',
  'proc/31/net/dev': NET.replace('1462      17', '2462      27'),
};
