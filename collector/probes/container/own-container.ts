/**
 * The container that this process itself lives in, for a view from the inside.
 *
 * Inside, `/proc/self/cgroup` tells paths of the host or of a cgroup namespace, and the folders are
 * mounted somewhere below: a mount's root (field 4 of mountinfo, proc(5)) is the part of the path
 * that the mount point stands for. Java and Go find their limits in the same way.
 */
import { existsSync, readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { type ContainerDescription, withoutEngine } from '../../sampling/identity.ts';
import { type CgroupFolders, type Controller, type ControllerFolder, controllers } from './cgroup-paths.ts';

/** The process numbers of the host itself: PROC_PID_INIT_INO of include/linux/proc_ns.h. */
const HOST_PID_NAMESPACE = 'pid:[4026531836]';

/** USER_HZ: 100 on every architecture that Node runs on. */
const TICKS_PER_S = 100;

export type OwnContainer = { readonly container: ContainerDescription; readonly folders: CgroupFolders };

/** Null on a host, and where /proc does not tell. */
export function ownContainer(procRoot: string): OwnContainer | null {
  try {
    if (readlinkSync(`${procRoot}/self/ns/pid`) === HOST_PID_NAMESPACE) return null;
    const lines = readFileSync(`${procRoot}/self/cgroup`, 'utf8');
    const folders = ownFolders(lines, readFileSync(`${procRoot}/self/mountinfo`, 'utf8'));
    const id = /[0-9a-f]{64}/.exec(lines)?.[0] ?? hostname();
    const startedAtMs = startOfFirstProcess(procRoot);
    const place = { id, name: hostname(), image: '', labels: {}, pid: 1, startedAtMs, hostNetwork: false };
    return { container: { ...place, ...withoutEngine }, folders };
  } catch {
    // No /proc of Linux: then nothing else can be measured either, and that is said elsewhere.
    return null;
  }
}

type Mount = { readonly root: string; readonly point: string; readonly type: string; readonly options: string[] };

/** The folders of this process's cgroups as its own mounts show them. */
export function ownFolders(cgroup: string, mountinfo: string): CgroupFolders {
  const mounts = mountinfo.split('\n').flatMap(mountOf);
  const paths = cgroup.split('\n').map((line) => line.split(':'));
  const folders: Partial<Record<Controller, ControllerFolder>> = {};
  for (const controller of controllers) {
    const own = paths.find(([, names]) => names?.split(',').includes(controller));
    const path = (own ?? paths.find(([, names]) => names === ''))?.slice(2).join(':');
    const mount = mounts.find(({ type, options }) =>
      own === undefined ? type === 'cgroup2' : type === 'cgroup' && options.includes(controller),
    );
    if (path === undefined || mount === undefined) continue;
    const folder = folderIn(mount, path);
    if (existsSync(folder)) folders[controller] = { version: own === undefined ? 2 : 1, folder };
  }
  return folders;
}

function folderIn({ root, point }: Mount, path: string): string {
  const below = root === '/' ? path : path.startsWith(root) ? path.slice(root.length) : '';
  const folder = `${point}${below === '/' ? '' : below}`;
  // A mount of the container's own folder under a path of the host: the mount point is the folder.
  return existsSync(folder) ? folder : point;
}

/** `36 35 98:0 /root /point opts … - type source superoptions`. */
function mountOf(line: string): Mount[] {
  const [own, rest] = line.split(' - ');
  const [, , , root, point] = own?.split(' ') ?? [];
  const [type, , options] = rest?.split(' ') ?? [];
  if (root === undefined || point === undefined || type === undefined) return [];
  return type.startsWith('cgroup') ? [{ root, point, type, options: options?.split(',') ?? [] }] : [];
}

/** Field 22 of its stat, in ticks since the host started; 0 where it can not be told. */
function startOfFirstProcess(procRoot: string): number {
  const stat = readFileSync(`${procRoot}/1/stat`, 'utf8');
  const ticks = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
  const bootedAt = Number(/^btime (\d+)/m.exec(readFileSync(`${procRoot}/stat`, 'utf8'))?.[1]);
  const startedAtMs = Math.round((bootedAt + ticks / TICKS_PER_S) * 1000);
  return Number.isSafeInteger(startedAtMs) ? startedAtMs : 0;
}
