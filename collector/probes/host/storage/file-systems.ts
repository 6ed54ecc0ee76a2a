/**
 * Space on file systems, every ten seconds: it changes slowly.
 *
 * `statfs` of a dead device or server blocks its thread for minutes, so it never runs inside a
 * tick: a round is started beside the ticks, and the tick after it takes what came. A file system
 * that does not answer within its deadline is left alone until its first call returns, since each
 * call holds one of the four threads of the pool; with two of them held no more are asked.
 *
 * A value stands in the tick that follows its measurement and in no other: the seconds between two
 * measurements are absent, not repeated.
 */
import type { StatsFs } from 'node:fs';
import type { Column } from '../../../sampling/series-register.ts';
import type { Probe, ProbeSite } from '../../probe.ts';
import { type Mount, mountsOf } from './mount-table.ts';

const ROUND_MS = 10_000;
const DEADLINE_MS = 2000;
const HANGING_MAX = 2;

/** What the probe asks of the system: `fs.promises`, or a test's own. */
export type FileSystemCalls = {
  readonly readMounts: () => Promise<string>;
  readonly statfs: (
    path: string,
  ) => Promise<Pick<StatsFs, 'bsize' | 'blocks' | 'bfree' | 'bavail' | 'files' | 'ffree'>>;
};

type Space = Awaited<ReturnType<FileSystemCalls['statfs']>>;

/** The series of a file system. */
const metricOf = {
  total: 'df.bytes.total',
  used: 'df.bytes.used',
  free: 'df.bytes.free',
  usedPercent: 'df.bytes.used.percent',
  freePercent: 'df.bytes.free.percent',
  inodes: 'df.inodes.total',
  inodesUsed: 'df.inodes.used',
  inodesFree: 'df.inodes.free',
  inodesUsedPercent: 'df.inodes.used.percent',
  inodesFreePercent: 'df.inodes.free.percent',
} as const;
type Columns = Readonly<Record<keyof typeof metricOf, Column>>;

export class FileSystemsProbe implements Probe {
  readonly name = 'file systems';
  readonly #site: ProbeSite;
  readonly #calls: FileSystemCalls;
  readonly #pending = new Set<string>();
  readonly #measured: { readonly mount: Mount; readonly space: Space }[] = [];
  readonly #columns = new Map<string, Columns>();
  readonly #whole: Readonly<Record<'total' | 'used' | 'usedPercent', Column>>;
  /** What was measured last is a whole round, every file system in it. */
  #isWhole = false;
  #startedAtMs = Number.NEGATIVE_INFINITY;
  #isRunning = false;
  /** Calls that were not answered within their deadline, since the start. */
  late = 0;

  constructor(site: ProbeSite, calls: FileSystemCalls) {
    this.#site = site;
    this.#calls = calls;
    this.#whole = {
      total: site.column('df.statistics.total'),
      used: site.column('df.statistics.used'),
      usedPercent: site.column('df.statistics.used.percent'),
    };
  }

  sample(): void {
    this.#putMeasured();
    const nowMs = this.#site.clock.monotonicMs();
    if (this.#isRunning || nowMs - this.#startedAtMs < ROUND_MS) return;
    this.#startedAtMs = nowMs;
    this.#isRunning = true;
    void this.#round().finally(() => {
      this.#isRunning = false;
    });
  }

  close(): void {
    this.#measured.length = 0;
  }

  /** Never rejects: what can not be measured is absent. */
  async #round(): Promise<void> {
    const mounts = await this.#calls.readMounts().then(mountsOf, () => []);
    this.#forgetOthers(mounts);
    for (const mount of mounts) {
      if (this.#pending.size >= HANGING_MAX) return;
      if (this.#pending.has(mount.path)) continue;
      await this.#measure(mount);
    }
    this.#isWhole = this.#measured.length === mounts.length;
  }

  #measure(mount: Mount): Promise<void> {
    this.#pending.add(mount.path);
    return new Promise((resolve) => {
      let isLate = false;
      const cancel = this.#site.clock.after(DEADLINE_MS, () => {
        isLate = true;
        this.late++;
        resolve();
      });
      const settle = (space: Space | null): void => {
        this.#pending.delete(mount.path);
        cancel();
        // What comes late is old; the next round asks again.
        if (space !== null && !isLate) this.#measured.push({ mount, space });
        resolve();
      };
      this.#calls.statfs(mount.path).then(settle, () => settle(null));
    });
  }

  #putMeasured(): void {
    let total = 0;
    let used = 0;
    for (const { mount, space } of this.#measured) {
      this.#put(mount, space);
      total += space.blocks * space.bsize;
      used += (space.blocks - space.bfree) * space.bsize;
    }
    this.#measured.length = 0;
    // The whole is told when a round is complete: without a file system that hangs it would jump.
    if (!this.#isWhole || total === 0) return;
    this.#isWhole = false;
    this.#site.set(this.#whole.total, total);
    this.#site.set(this.#whole.used, used);
    this.#site.set(this.#whole.usedPercent, (used * 100) / total);
  }

  #put(mount: Mount, space: Space): void {
    const columns = this.#columnsOf(mount);
    // As df(1) counts: the blocks kept for root are neither used nor free.
    const used = (space.blocks - space.bfree) * space.bsize;
    const free = space.bavail * space.bsize;
    const inodesUsed = space.files - space.ffree;
    this.#site.set(columns.total, space.blocks * space.bsize);
    this.#site.set(columns.used, used);
    this.#site.set(columns.free, free);
    this.#site.set(columns.usedPercent, (used * 100) / (used + free));
    this.#site.set(columns.freePercent, (free * 100) / (used + free));
    // Some file systems (btrfs) have no fixed number of inodes: no sample.
    if (space.files === 0) return;
    this.#site.set(columns.inodes, space.files);
    this.#site.set(columns.inodesUsed, inodesUsed);
    this.#site.set(columns.inodesFree, space.ffree);
    this.#site.set(columns.inodesUsedPercent, (inodesUsed * 100) / space.files);
    this.#site.set(columns.inodesFreePercent, (space.ffree * 100) / space.files);
  }

  #columnsOf(mount: Mount): Columns {
    const known = this.#columns.get(mount.path);
    if (known) return known;
    const tags = { mount: mount.path, fstype: mount.fstype };
    const entries = Object.entries(metricOf).map(([key, metric]) => [key, this.#site.column(metric, tags)]);
    const columns = Object.fromEntries(entries) as Columns;
    this.#columns.set(mount.path, columns);
    return columns;
  }

  #forgetOthers(mounts: readonly Mount[]): void {
    const paths = new Set(mounts.map((mount) => mount.path));
    for (const path of this.#columns.keys()) if (!paths.has(path)) this.#columns.delete(path);
  }
}
