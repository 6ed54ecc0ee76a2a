/**
 * Containers by their cgroups: every engine makes one for each, and most put the id into its name.
 *
 *     /docker/<id>                                       Docker, cgroupfs driver
 *     /system.slice/docker-<id>.scope                    Docker, systemd driver
 *     /libpod_parent/libpod-<id>                         Podman, cgroupfs driver
 *     /machine.slice/libpod-<id>.scope                   Podman, systemd driver
 *     /user.slice/…/user@1000.service/…/libpod-<id>.scope  Podman without root
 *     /kubepods…/cri-containerd-<id>.scope, crio-<id>.scope, <id>
 *     /default/demo                                      containerd's ctr: no id, told by its shim
 *
 * What lies below a container is its own affair (systemd in it, Docker in Docker) and is not entered.
 */
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { processFacts } from './process-facts.ts';

/** Folders looked into in one scan: a host with 1,000 units of systemd has fewer. */
const FOLDERS_MAX = 4096;
const DEPTH_MAX = 8;
/** Below a container: where its first process may have moved itself. */
const INSIDE_DEPTH_MAX = 3;

const ID = '[0-9a-f]{64}';
const BARE = new RegExp(`^(${ID})$`);
const LIBPOD = new RegExp(`^libpod-(${ID})(?:\\.scope)?$`);
const SCOPE = new RegExp(`^(?:docker|crio|cri-containerd|nerdctl)-(${ID})\\.scope$`);
/** Of systemd: units are no containers, and asking who keeps their processes would cost a read for each. */
const UNIT = /\.(service|socket|scope|mount|swap|slice)$|^init\.scope$/;

/** Docker's containers among those of its containerd. */
const DOCKER_NAMESPACE = 'moby';

export type FoundContainer = {
  readonly id: string;
  /** Whose it is, where its folder or its keeper says so. */
  readonly engine: 'podman' | 'containerd' | 'unknown';
  /** The folder, in the hierarchy that was scanned. */
  readonly folder: string;
};

export type CgroupScan = {
  readonly containers: readonly FoundContainer[];
  /** Folders in which containers may appear, to be watched. */
  readonly parents: readonly string[];
  /** There were more folders than are looked into. */
  readonly isCut: boolean;
};

/** The hierarchy in which every container has a folder: one controller's on version 1, the only one on version 2. */
export function scannedHierarchy(cgroupRoot: string): string {
  const first = ['memory', 'pids', 'cpuacct', 'cpu,cpuacct'].find((name) => existsSync(`${cgroupRoot}/${name}`));
  return first === undefined ? cgroupRoot : `${cgroupRoot}/${first}`;
}

/** The id in a folder's name; null for a name that is none of an engine's. */
export function containerIdOf(name: string): Pick<FoundContainer, 'id' | 'engine'> | null {
  const podman = LIBPOD.exec(name)?.[1];
  if (podman !== undefined) return { id: podman, engine: 'podman' };
  const other = BARE.exec(name)?.[1] ?? SCOPE.exec(name)?.[1];
  return other === undefined ? null : { id: other, engine: 'unknown' };
}

/** Looks through the hierarchy, level by level. Never rejects: what can not be read is not there. */
export async function scanCgroups(hierarchy: string, procRoot: string, foldersMax = FOLDERS_MAX): Promise<CgroupScan> {
  const containers: FoundContainer[] = [];
  const parents: string[] = [];
  let level = [hierarchy];
  for (let depth = 0; depth < DEPTH_MAX && level.length > 0; depth++) {
    const next: string[] = [];
    for (const folder of level) {
      if (parents.length >= foldersMax) return { containers, parents, isCut: true };
      const names = await foldersIn(folder);
      const isLeaf = names.length === 0;
      const shimmed = isLeaf && !UNIT.test(folder) ? await shimmedContainer(folder, procRoot) : null;
      if (shimmed !== null) {
        containers.push(shimmed);
        continue;
      }
      parents.push(folder);
      for (const name of names) {
        const found = containerIdOf(name);
        if (found === null) next.push(`${folder}/${name}`);
        else containers.push({ ...found, folder: `${folder}/${name}` });
      }
    }
    level = next;
  }
  return { containers, parents, isCut: false };
}

/** The first process in a container's folder or in those that it made itself below; null when there is none. */
export async function firstProcess(folder: string, depth = 0): Promise<number | null> {
  const text = await readFile(`${folder}/cgroup.procs`, 'utf8').catch(() => '');
  const pid = Number(text.split('\n')[0]);
  if (Number.isSafeInteger(pid) && pid > 0) return pid;
  if (depth >= INSIDE_DEPTH_MAX) return null;
  for (const name of await foldersIn(folder)) {
    const inside = await firstProcess(`${folder}/${name}`, depth + 1);
    if (inside !== null) return inside;
  }
  return null;
}

async function shimmedContainer(folder: string, procRoot: string): Promise<FoundContainer | null> {
  const pid = await firstProcess(folder, INSIDE_DEPTH_MAX);
  const facts = pid === null ? null : await processFacts(procRoot, pid);
  if (facts?.keeper.kind !== 'shim') return null;
  const { id, namespace } = facts.keeper;
  // Docker's containers are called like that only below a parent of their own choice; a folder that is not called
  // like its container was made inside of it.
  const engine = namespace === DOCKER_NAMESPACE ? 'unknown' : 'containerd';
  return folder.endsWith(`/${id}`) ? { id, engine, folder } : null;
}

async function foldersIn(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}
