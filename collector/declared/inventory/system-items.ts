/** What a host is, as far as the kernel and a few well-known files tell: small reads that do not hang. */
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { matchesWildcard } from '../../../core/index.ts';

/** Settings on which fleets usually fall apart; others are declared. */
const sysctlsUsual = [
  'fs.file-max',
  'fs.inotify.max_user_instances',
  'fs.inotify.max_user_watches',
  'fs.nr_open',
  'kernel.panic',
  'kernel.pid_max',
  'kernel.threads-max',
  'net.core.rmem_max',
  'net.core.somaxconn',
  'net.core.wmem_max',
  'net.ipv4.ip_forward',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.tcp_congestion_control',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_max_syn_backlog',
  'net.ipv4.tcp_rmem',
  'net.ipv4.tcp_tw_reuse',
  'net.ipv4.tcp_wmem',
  'net.netfilter.nf_conntrack_max',
  'vm.dirty_background_ratio',
  'vm.dirty_ratio',
  'vm.max_map_count',
  'vm.overcommit_memory',
  'vm.swappiness',
];

/** File systems that keep something; a `tmpfs` or an overlay is no property of a host. */
const FILE_SYSTEMS = /^(ext[234]|xfs|btrfs|zfs|f2fs|jfs|vfat|ntfs3?|nfs4?|cifs|ceph|glusterfs|fuse\..*|virtiofs|9p)$/;
/** Where container engines mount: as many as there are containers, and other ones each day. */
const OF_CONTAINERS = /^\/(var\/lib\/(docker|containerd|containers|kubelet)|run|proc|sys|dev|snap)\//;
const MOUNTS_MAX = 200;
const WILDCARD_SYSCTLS_MAX = 200;
const VALUE_LENGTH_MAX = 500;

export type Items = Map<string, string>;

/** `etcRoot` is `/etc` but in tests. */
export type SystemRoots = { readonly procRoot: string; readonly etcRoot: string };

export function systemItems({ procRoot, etcRoot }: SystemRoots, sysctls: readonly string[]): Items {
  const items: Items = new Map();
  const put = (name: string, value: string | null | undefined): void => {
    const clean = value?.trim().replace(/\s+/g, ' ').slice(0, VALUE_LENGTH_MAX);
    if (clean !== undefined && clean !== '') items.set(name.slice(0, 250), clean);
  };
  put('kernel.release', read(`${procRoot}/sys/kernel/osrelease`));
  put('kernel.version', read(`${procRoot}/sys/kernel/version`));
  put(
    'kernel.modules',
    String(
      read(`${procRoot}/modules`)
        ?.split('\n')
        .filter((line) => line !== '').length ?? '',
    ),
  );
  put('os.name', /^PRETTY_NAME="?(.*?)"?$/m.exec(read(`${etcRoot}/os-release`) ?? '')?.[1]);
  put('time.zone', timeZone(etcRoot));
  const resolver = read(`${etcRoot}/resolv.conf`) ?? '';
  put('dns.nameservers', [...resolver.matchAll(/^\s*nameserver\s+(\S+)/gm)].map((found) => found[1]).join(' '));
  for (const key of ['search', 'options'])
    put(`dns.${key}`, new RegExp(`^\\s*${key}\\s+(.*)$`, 'm').exec(resolver)?.[1]);
  for (const [name, value] of limits(read(`${procRoot}/1/limits`) ?? '')) put(name, value);
  for (const [path, value] of mounts(read(`${procRoot}/1/mountinfo`) ?? read(`${procRoot}/self/mountinfo`) ?? '')) {
    put(`mount.${path}`, value);
  }
  for (const name of [...new Set([...sysctlsUsual, ...sysctls])].flatMap((one) => expand(procRoot, one))) {
    put(`sysctl.${name}`, read(`${procRoot}/sys/${name.replaceAll('.', '/')}`));
  }
  return items;
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined; // Absent in the inventory, as it is on the host.
  }
}

function timeZone(etcRoot: string): string | undefined {
  const path = `${etcRoot}/localtime`;
  try {
    if (lstatSync(path).isSymbolicLink()) return readlinkSync(path).replace(/^.*zoneinfo\//, '');
  } catch {
    // No such link: the name may stand in a file.
  }
  return read(`${etcRoot}/timezone`);
}

/** Those of the first process, which services inherit: `limit.nofile` → `1024:524288`. */
function limits(text: string): readonly (readonly [string, string])[] {
  const names = {
    'Max open files': 'nofile',
    'Max processes': 'nproc',
    'Max core file size': 'core',
    'Max locked memory': 'memlock',
  };
  return Object.entries(names).flatMap(([label, name]) => {
    const line = text.split('\n').find((each) => each.startsWith(label));
    const [soft, hard] = line?.slice(label.length).trim().split(/\s+/) ?? [];
    return soft === undefined || hard === undefined ? [] : [[`limit.${name}`, `${soft}:${hard}`] as const];
  });
}

/** `/data` → `ext4 rw,noatime`; proc_pid_mountinfo(5). */
function mounts(text: string): readonly (readonly [string, string])[] {
  const found: (readonly [string, string])[] = [];
  for (const line of text.split('\n')) {
    const [front = '', back = ''] = line.split(' - ');
    const [, , , , path = '', options = ''] = front.split(' ');
    const [fstype = ''] = back.split(' ');
    const decoded = path.replace(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
    if (!FILE_SYSTEMS.test(fstype) || OF_CONTAINERS.test(`${decoded}/`) || /[\n\r]/.test(decoded)) continue;
    found.push([decoded, `${fstype} ${options}`]);
  }
  return found.slice(0, MOUNTS_MAX);
}

/** `net.ipv4.conf.*.rp_filter`: one for each interface. */
function expand(procRoot: string, name: string): readonly string[] {
  if (!name.includes('*')) return [name];
  let found: string[][] = [[]];
  for (const part of name.split('.')) {
    found = found.flatMap((parts) => {
      if (!part.includes('*')) return [[...parts, part]];
      return names(`${procRoot}/sys/${parts.join('/')}`)
        .filter((each) => matchesWildcard(part, each) && !each.includes('.'))
        .map((each) => [...parts, each]);
    });
    found = found.slice(0, WILDCARD_SYSCTLS_MAX);
  }
  return found.map((parts) => parts.join('.'));
}

function names(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
