/**
 * What three figures of memory against one limit mean, in words.
 *
 * The limit is compared with everything that is charged, but a full limit alone kills nobody: the
 * kernel first takes back page cache, and only what is left when it finds none counts (memory
 * controller, Documentation/admin-guide/cgroup-v2.rst). So what is held fast, anonymous memory and the
 * kernel's own, decides; then what is used of files, since pushing it out makes reads slow; and a
 * limit that is full of idle page cache is as it should be. Shared memory counts as page cache in
 * both versions although it can not be dropped: it shows in the working set.
 */
import type { MemoryVerdict, MemoryVerdictKind } from '../api/hosts/memory.ts';

/** Null: not measured, or no limit. Kills are those of a time that the caller thinks of as now. */
export type MemoryFigures = {
  readonly usageBytes: number | null;
  readonly workingSetBytes: number | null;
  readonly anonBytes: number | null;
  readonly cacheBytes: number | null;
  readonly limitBytes: number | null;
  readonly oomKills: number | null;
};

const OOM_CLOSE_PERCENT = 95;
const TIGHT_PERCENT = 85;
const FULL_PERCENT = 90;

const severityOf: Readonly<Record<MemoryVerdictKind, MemoryVerdict['severity']>> = {
  fine: 'fine',
  unlimited: 'fine',
  cache_full: 'fine',
  files_in_use: 'warning',
  tight: 'warning',
  oom_close: 'critical',
  oom_killed: 'critical',
};

/** Null where the figures do not suffice. */
export function memoryVerdict(figures: MemoryFigures): MemoryVerdict | null {
  const { usageBytes, anonBytes, cacheBytes, limitBytes, oomKills } = figures;
  if (usageBytes === null || anonBytes === null) return null;
  if (oomKills !== null && oomKills > 0) {
    const tasks = oomKills === 1 ? 'a task' : `${oomKills} tasks`;
    return verdict('oom_killed', `the kernel killed ${tasks} for want of memory`);
  }
  if (limitBytes === null || limitBytes <= 0) return verdict('unlimited', 'no limit but the memory of the host');
  const percentOf = (bytes: number): number => Math.round((bytes * 100) / limitBytes);
  const held = percentOf(Math.max(anonBytes, usageBytes - (cacheBytes ?? usageBytes)));
  if (held >= OOM_CLOSE_PERCENT) {
    return verdict('oom_close', `anonymous memory takes ${held} % of the limit: an OOM kill is close`);
  }
  if (held >= TIGHT_PERCENT) {
    return verdict('tight', `anonymous memory takes ${held} % of the limit: little is left to grow`);
  }
  if (percentOf(figures.workingSetBytes ?? 0) >= FULL_PERCENT) {
    const why = 'reads get slow when files are pushed out, and shared memory can not be';
    return verdict('files_in_use', `files in use and shared memory fill the limit: ${why}`);
  }
  if (percentOf(usageBytes) >= FULL_PERCENT) {
    return verdict('cache_full', 'page cache fills the limit: harmless, it is given back when memory is asked for');
  }
  return verdict('fine', `fine: ${held} % of the limit is held fast`);
}

function verdict(kind: MemoryVerdictKind, text: string): MemoryVerdict {
  return { kind, severity: severityOf[kind], text };
}
