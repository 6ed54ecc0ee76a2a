/** Tables of the kernel that run full, and settings that cost more than people know. */
import { type Check, judgeShare, note, ok, skipped, type Verdict, warning } from '../check.ts';
import { isThere, type Machine, numbersOf, textOf } from './machine.ts';

const INOTIFY_INSTANCES_MIN = 128;
const BACKLOG_MIN = 1024;

export function kernelChecks(machine: Machine): readonly Check[] {
  const { procRoot, sysRoot } = machine;
  return [
    {
      id: 'host.pressure',
      title: 'pressure (PSI)',
      why: 'It tells how long work waited for a processor, memory or disk, which no load average does.',
      look: async () =>
        (await isThere(`${procRoot}/pressure/cpu`)) ? ok('told') : note('not told by this kernel', 'boot with psi=1'),
    },
    {
      id: 'host.memory',
      title: 'memory',
      why: 'Below a tenth the kernel evicts what is needed; at the end it kills.',
      look: () => lookAtMemory(machine),
    },
    {
      id: 'host.huge_pages',
      title: 'transparent huge pages',
      why: '"always" makes processes take more memory than they use, and stops them while pages are put together.',
      look: async () => judgeHugePages(await textOf(`${sysRoot}/kernel/mm/transparent_hugepage/enabled`)),
    },
    ...tableChecks(machine),
    ...settingChecks(machine),
  ];
}

/** What the host has a fixed number of. */
function tableChecks({ procRoot }: Machine): readonly Check[] {
  const sysctl = sysctlsOf(procRoot);
  return [
    {
      id: 'host.conntrack',
      title: 'tracked connections',
      why: 'When the table is full the kernel drops new connections, of every container.',
      look: async () => {
        const [[count], [most]] = await Promise.all([
          sysctl('net/netfilter/nf_conntrack_count'),
          sysctl('net/netfilter/nf_conntrack_max'),
        ]);
        if (count === undefined || most === undefined) return skipped('conntrack is not loaded');
        return judgeShare(count, most, {
          what: 'connections',
          fix: `sysctl -w net.netfilter.nf_conntrack_max=${most * 2}`,
        });
      },
    },
    {
      id: 'host.pids',
      title: 'process numbers',
      why: 'Without a free one nothing can be started any more, not even a shell to look.',
      look: async () => {
        const [most] = await sysctl('kernel/pid_max');
        const total = Number(/\/(\d+)/.exec((await textOf(`${procRoot}/loadavg`)) ?? '')?.[1]);
        if (most === undefined || Number.isNaN(total)) return skipped('not told here');
        return judgeShare(total, most, {
          what: 'tasks',
          fix: `sysctl -w kernel.pid_max=${Math.min(most * 4, 4_194_304)}`,
        });
      },
    },
    {
      id: 'host.file_table',
      title: 'open files of the host',
      why: 'When the table is full every open() fails, in every program.',
      look: async () => {
        const [allocated, , most] = await sysctl('fs/file-nr');
        if (allocated === undefined || most === undefined) return skipped('not told here');
        return judgeShare(allocated, most, { what: 'files', fix: `sysctl -w fs.file-max=${most * 2}` });
      },
    },
  ];
}

function settingChecks({ procRoot }: Machine): readonly Check[] {
  const sysctl = sysctlsOf(procRoot);
  return [
    {
      id: 'host.inotify',
      title: 'inotify',
      why: 'New containers without a Docker socket, and logs that grow, are noticed by it; without it by looking again.',
      look: async () => {
        const [most] = await sysctl('fs/inotify/max_user_instances');
        if (most === undefined) return skipped('not told here');
        const result = `${most} instances a user`;
        return most >= INOTIFY_INSTANCES_MIN
          ? ok(result)
          : note(result, 'sysctl -w fs.inotify.max_user_instances=1024');
      },
    },
    {
      id: 'host.backlog',
      title: 'accept queue (somaxconn)',
      why: 'Connections beyond it are dropped while a busy server does not accept: TcpExt.ListenOverflows counts them.',
      look: async () => {
        const [most] = await sysctl('net/core/somaxconn');
        if (most === undefined) return skipped('not told here');
        return most >= BACKLOG_MIN ? ok(String(most)) : note(String(most), 'sysctl -w net.core.somaxconn=4096');
      },
    },
  ];
}

const sysctlsOf =
  (procRoot: string) =>
  (path: string): Promise<readonly number[]> =>
    numbersOf(`${procRoot}/sys/${path}`);

export function judgeHugePages(setting: string | null): Verdict {
  const chosen = /\[(\w+)\]/.exec(setting ?? '')?.[1];
  if (chosen === undefined) return skipped('this kernel has none');
  if (chosen !== 'always') return ok(chosen);
  return warning(chosen, 'echo madvise > /sys/kernel/mm/transparent_hugepage/enabled');
}

async function lookAtMemory({ procRoot }: Machine): Promise<Verdict> {
  const text = (await textOf(`${procRoot}/meminfo`)) ?? '';
  const field = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1]);
  const [total, available] = [field('MemTotal'), field('MemAvailable')];
  if (Number.isNaN(total) || Number.isNaN(available)) return skipped('not told here');
  const percent = (available * 100) / total;
  const result = `${percent.toFixed(0)} % of ${(total / 1024 ** 2).toFixed(1)} GiB is available`;
  return percent >= 10 ? ok(result) : warning(result, 'saker top --sort usage shows who has it');
}
