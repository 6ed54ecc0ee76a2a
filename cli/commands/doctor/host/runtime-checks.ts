/** What the collector runs on and in: Node, /proc, namespaces, cgroups, limits of its own process. */
import { constants } from 'node:fs';
import { open, readlink } from 'node:fs/promises';
import { type Check, note, ok, problem, skipped, type Verdict, warning } from '../check.ts';
import { isThere, type Machine, numbersOf, textOf } from './machine.ts';

const NODE_MIN = [20, 20] as const;
/** PROC_PID_INIT_INO of include/linux/proc_ns.h. */
const HOST_PID_NAMESPACE = 'pid:[4026531836]';
/** About a dozen files a container, and what Node has open itself. */
const FILES_MIN = 8192;

export function runtimeChecks(machine: Machine): readonly Check[] {
  return [
    {
      id: 'host.node',
      title: 'Node',
      why: 'Saker needs the language and the library of this version; an older one fails somewhere.',
      look: async () => judgeNode(machine.nodeVersion),
    },
    {
      id: 'host.proc',
      title: '/proc',
      why: 'Everything about a host is read there; hidepid hides the processes of others, and containers with them.',
      look: () => lookAtProc(machine),
    },
    {
      id: 'host.namespace',
      title: 'namespace',
      why: 'Inside a container only that container is seen, and nothing of the host around it.',
      look: () => lookAtNamespace(machine),
    },
    {
      id: 'host.cgroups',
      title: 'cgroups',
      why: 'A container is measured by its cgroups; a controller that is off is a family of figures that is missing.',
      look: () => lookAtCgroups(machine),
    },
    {
      id: 'host.files',
      title: 'open files of a process',
      why: 'The collector keeps about a dozen files open for each container, since opening costs more than reading.',
      look: () => lookAtFileLimit(machine),
    },
    {
      id: 'host.kernel_log',
      title: 'kernel log',
      why: 'It tells of OOM kills, hung tasks and disk errors; without it only their counters are there.',
      look: () => lookAtKernelLog(machine),
    },
  ];
}

export function judgeNode(version: string): Verdict {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isEnough = major > NODE_MIN[0] || (major === NODE_MIN[0] && minor >= NODE_MIN[1]);
  const wanted = NODE_MIN.join('.');
  if (isEnough) return ok(version);
  return problem(`${version}; at least ${wanted} is needed`, `install Node ${wanted} or newer: https://nodejs.org`);
}

async function lookAtProc({ procRoot }: Machine): Promise<Verdict> {
  if ((await textOf(`${procRoot}/stat`)) === null)
    return problem(`${procRoot} can not be read`, 'mount -t proc proc /proc');
  const mounts = (await textOf(`${procRoot}/self/mountinfo`)) ?? '';
  const hidden = /hidepid=(\w+)/.exec(mounts.split('\n').find((line) => / - proc /.test(line)) ?? '')?.[1];
  if (hidden === undefined || hidden === '0' || hidden === 'off') return ok('shows every process');
  return warning(
    `mounted with hidepid=${hidden}`,
    'give the unit ProtectProc=default and SupplementaryGroups= of the group in gid=, or mount -o remount,hidepid=0 /proc',
  );
}

async function lookAtNamespace({ procRoot }: Machine): Promise<Verdict> {
  const namespace = await readlink(`${procRoot}/self/ns/pid`).catch(() => null);
  if (namespace === null) return skipped('not told here');
  if (namespace === HOST_PID_NAMESPACE) return ok('the host’s own');
  return warning(
    'a container’s',
    'run it with --pid host --network host --cgroupns host (docs/collector/install.md), or on the host',
  );
}

async function lookAtCgroups({ cgroupRoot }: Machine): Promise<Verdict> {
  const unified = await textOf(`${cgroupRoot}/cgroup.controllers`);
  if (unified !== null) {
    const missing = ['cpu', 'memory', 'io', 'pids'].filter((name) => !unified.split(' ').includes(name));
    if (missing.length === 0) return ok('version 2, with cpu, memory, io and pids');
    return problem(
      `version 2 without ${missing.join(', ')}`,
      `boot without cgroup_disable=${missing[0]} (cat /proc/cmdline)`,
    );
  }
  const present = await Promise.all(
    ['cpu', 'cpuacct', 'memory', 'blkio', 'pids'].map((name) => hasController(cgroupRoot, name)),
  );
  const missing = ['cpu', 'cpuacct', 'memory', 'blkio', 'pids'].filter((_, at) => !present[at]);
  if (missing.length === 5)
    return problem(`nothing is mounted at ${cgroupRoot}`, 'mount -t cgroup2 none /sys/fs/cgroup');
  if (missing.length > 0) {
    return problem(
      `version 1 without ${missing.join(', ')}`,
      'boot with cgroup_enable=memory swapaccount=1, or with version 2: systemd.unified_cgroup_hierarchy=1',
    );
  }
  return note(
    'version 1: no pressure (PSI) of containers, block I/O only where a throttle is set',
    'boot with systemd.unified_cgroup_hierarchy=1',
  );
}

const hasController = (cgroupRoot: string, name: string): Promise<boolean> => isThere(`${cgroupRoot}/${name}`);

async function lookAtFileLimit({ procRoot }: Machine): Promise<Verdict> {
  const line = /^Max open files\s+(\w+)\s+(\w+)/m.exec((await textOf(`${procRoot}/self/limits`)) ?? '');
  if (line === null) return skipped('not told here');
  // Node raises the soft limit to the hard one by itself.
  const hard = line[2] === 'unlimited' ? Number.POSITIVE_INFINITY : Number(line[2]);
  const result = `${line[2]} (hard limit)`;
  return hard >= FILES_MIN
    ? ok(result)
    : warning(result, 'LimitNOFILE=65536 in the unit, or ulimit -Hn 65536 before it is started');
}

async function lookAtKernelLog({ devRoot, procRoot }: Machine): Promise<Verdict> {
  if (!(await isThere(`${devRoot}/kmsg`)))
    return note(`${devRoot}/kmsg is not there`, 'give the container --device /dev/kmsg');
  const handle = await open(`${devRoot}/kmsg`, constants.O_RDONLY | constants.O_NONBLOCK).catch(() => null);
  if (handle !== null) {
    await handle.close();
    return ok('can be read');
  }
  const [restricted = 0] = await numbersOf(`${procRoot}/sys/kernel/dmesg_restrict`);
  return note(
    `can not be read by this user (kernel.dmesg_restrict is ${restricted})`,
    'give it CAP_SYSLOG, as packaging/saker-collector.service does',
  );
}
