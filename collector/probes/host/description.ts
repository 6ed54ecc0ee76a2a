/** What is said of a host beside its series: its size, its kernel, what runs its containers. */
import { readFileSync } from 'node:fs';
import { AppError, type Clock, type Endpoint } from '../../../core/index.ts';
import { cgroupVersionOf } from '../container/cgroup-paths.ts';

/** Throws `CONFIG_INVALID` where the proc folder has no figures. */
export function describeHost(name: string, procRoot: string, cgroupRoot: string): Endpoint {
  const cpuCount = [...readText(`${procRoot}/stat`).matchAll(/^cpu\d+ /gm)].length;
  const memoryKib = Number(/^MemTotal:\s+(\d+)/m.exec(readText(`${procRoot}/meminfo`))?.[1] ?? 0);
  const kernel = readText(`${procRoot}/sys/kernel/osrelease`).trim().slice(0, 256);
  const cgroupVersion = cgroupVersionOf(cgroupRoot);
  return {
    name,
    kind: 'host',
    host: name,
    state: 'running',
    labels: {},
    system: { cpuCount: Math.max(1, cpuCount), memoryBytes: memoryKib * 1024, kernel, cgroupVersion, docker: null },
  };
}

/** Throws `CONFIG_INVALID`: without these files nothing can be measured at all. */
function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new AppError('CONFIG_INVALID', 'the proc file system can not be read', { where: path, cause });
  }
}

/** Which boot of the host this is, and when it was: the kernel log counts from there. */
export function bootOf(procRoot: string, clock: Clock): { bootId: string; bootedAtMs: number } {
  const bootId = readText(`${procRoot}/sys/kernel/random/boot_id`).trim().slice(0, 64);
  const uptimeSeconds = Number(readText(`${procRoot}/uptime`).split(' ')[0]);
  return { bootId, bootedAtMs: clock.nowMs() - uptimeSeconds * 1000 };
}
