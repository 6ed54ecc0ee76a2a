/**
 * Where a container's accounting lies.
 *
 * Each controller is looked up on its own in `/proc/<pid>/cgroup` (cgroups(7)), because a machine
 * may have some on version 1 and others on version 2, and because their paths may differ: a host
 * that is a container itself has a prefix on some controllers only.
 */
import { existsSync, readFileSync } from 'node:fs';

export type CgroupVersion = 1 | 2;

export type ControllerFolder = { readonly version: CgroupVersion; readonly folder: string };

/** The names of version 1; on version 2 `cpuacct` is a part of `cpu`, and `blkio` is `io`. */
export const controllers = ['cpu', 'cpuacct', 'memory', 'blkio', 'pids'] as const;
export type Controller = (typeof controllers)[number];

/** `unified` is the folder on version 2, which a host of version 1 may have beside it, for its pressure. */
export type CgroupFolders = Readonly<Partial<Record<Controller | 'unified', ControllerFolder>>>;

type Line = { readonly names: string; readonly path: string };

/** The version that a host's controllers have, for its description: 1 when any of ours is there. */
export function cgroupVersionOf(cgroupRoot: string): CgroupVersion {
  return existsSync(`${cgroupRoot}/cgroup.controllers`) ? 2 : 1;
}

/**
 * The folders of the container whose first process is `pid`. Empty when the process is gone, or
 * when its paths lead out of the root (a collector that lives in a cgroup namespace of its own
 * must be started in the host's).
 */
export function findCgroups(roots: CgroupRoots, pid: number, containerId: string): CgroupFolders {
  const lines = readLines(`${roots.procRoot}/${pid}/cgroup`);
  const unified = lines.find((line) => line.names === '');
  const folders: Partial<Record<Controller | 'unified', ControllerFolder>> = {};
  for (const controller of controllers) {
    const own = lines.find((line) => line.names.split(',').includes(controller));
    const found =
      own !== undefined
        ? versionOne(roots.cgroupRoot, own, controller, containerId)
        : versionTwo(roots.cgroupRoot, unified, containerId);
    if (found !== null) folders[controller] = found;
  }
  const own = versionTwo(roots.cgroupRoot, unified, containerId);
  if (own !== null) folders.unified = own;
  return folders;
}

export type CgroupRoots = { readonly procRoot: string; readonly cgroupRoot: string };

/**
 * `/system.slice/docker-<id>.scope/init.scope` → `/system.slice/docker-<id>.scope`; null for a path
 * that does not name the container: the process number was given to another process meanwhile.
 */
export function containerPath(path: string, containerId: string): string | null {
  // The first process may have moved itself below (systemd, Docker in Docker); the container is above.
  const segments = path.split('/');
  const at = segments.findIndex((segment) => isFolderOf(segment, containerId));
  const isInside = path.startsWith('/') && !segments.includes('..');
  return at === -1 || !isInside ? null : segments.slice(0, at + 1).join('/');
}

/** `docker-<id>.scope` and its like; an id that a person chose is the whole name, or nothing. */
function isFolderOf(segment: string, containerId: string): boolean {
  return containerId.length >= GIVEN_ID_LENGTH
    ? segment.includes(containerId)
    : segment === containerId && segment !== '';
}

/** As many hexadecimal digits as engines give to an id. */
const GIVEN_ID_LENGTH = 64;

function versionOne(root: string, line: Line, controller: Controller, containerId: string): ControllerFolder | null {
  const path = containerPath(line.path, containerId);
  if (path === null) return null;
  // The mount is named after all its controllers, with a link for each; a fixture may lack the links.
  for (const mount of [controller, line.names]) {
    const folder = `${root}/${mount}${path}`;
    if (existsSync(folder)) return { version: 1, folder };
  }
  return null;
}

function versionTwo(root: string, line: Line | undefined, containerId: string): ControllerFolder | null {
  const path = line === undefined ? null : containerPath(line.path, containerId);
  if (path === null) return null;
  for (const mount of ['', '/unified']) {
    const folder = `${root}${mount}${path}`;
    if (existsSync(`${folder}/cgroup.procs`) || existsSync(`${folder}/cpu.stat`)) return { version: 2, folder };
  }
  return null;
}

/** All control groups of a process in one text; empty when it is gone. */
export function cgroupPathOf(procRoot: string, pid: number): string {
  return readLines(`${procRoot}/${pid}/cgroup`)
    .map(({ path }) => path)
    .join(' ');
}

function readLines(path: string): Line[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    // The process ended: there is nothing to measure any more.
    return [];
  }
  return text.split('\n').flatMap((line) => {
    const first = line.indexOf(':');
    const second = line.indexOf(':', first + 1);
    return second === -1 ? [] : [{ names: line.slice(first + 1, second), path: line.slice(second + 1) }];
  });
}
