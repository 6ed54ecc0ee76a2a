/**
 * Finds the containers that no engine tells of: those of containerd, of Podman without a socket, and
 * of Docker where its socket is not ours to read. An engine that can be asked comes first, so what
 * it may still tell of is left to it for a while.
 *
 * New folders are noticed by inotify, which works on cgroups as they are made by mkdir; a scan every
 * half a minute finds what was missed.
 */
import { type FSWatcher, watch } from 'node:fs';
import { type Clock, type Logger, sleep } from '../../../core/index.ts';
import { type ContainerDescription, withoutEngine } from '../../sampling/identity.ts';
import { type FoundContainer, firstProcess, scanCgroups, scannedHierarchy } from './cgroup-scan.ts';
import { type ProcessFacts, processFacts } from './process-facts.ts';

const RESCAN_MS = 30_000;
/**
 * After a folder appeared: its process is put there next, and more may come with it. A scan of 20 folders takes 2 ms of
 * a processor, so while containers come and go without end this costs 0.4 % of one.
 */
const SETTLE_MS = 500;
/** How long an engine that answers may take to tell of a container itself. */
const GRACE_MS = 3000;
const WATCHED_MAX = 512;
const SHORT_ID_LENGTH = 12;

export type CgroupWatchOptions = {
  readonly cgroupRoot: string;
  readonly procRoot: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** True for a container that an engine told of already. */
  readonly isKnown: (id: string) => boolean;
  /** True while an engine answers that could still tell of a container. */
  readonly mayBeTold: (found: FoundContainer) => boolean;
  readonly running: (container: ContainerDescription) => void;
  /** One that was found here is gone. */
  readonly ended: (id: string) => void;
  /** There are containers of Podman: its socket is worth asking. */
  readonly podmanSeen: () => void;
};

export class CgroupWatch {
  readonly #options: CgroupWatchOptions;
  readonly #hierarchy: string;
  readonly #watchers = new Map<string, FSWatcher>();
  /** When a container was seen first that somebody else may tell of. */
  readonly #waiting = new Map<string, number>();
  /** What was told of from here, until it is gone. */
  readonly #told = new Set<string>();
  #wake = new AbortController();
  #isCutTold = false;

  constructor(options: CgroupWatchOptions) {
    this.#options = options;
    this.#hierarchy = scannedHierarchy(options.cgroupRoot);
  }

  /** Looks until `signal` aborts. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    while (!signal.aborted) {
      this.#wake = new AbortController();
      const isWaiting = await this.#look();
      const either = AbortSignal.any([signal, this.#wake.signal]);
      await sleep(clock, isWaiting ? GRACE_MS : RESCAN_MS, either).catch(() => {});
      if (this.#wake.signal.aborted) await sleep(clock, SETTLE_MS, signal).catch(() => {});
    }
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  /** True when a container was found that an engine may still tell of. */
  async #look(): Promise<boolean> {
    const { isKnown, podmanSeen, procRoot } = this.#options;
    const { containers, parents, isCut } = await scanCgroups(this.#hierarchy, procRoot);
    this.#watchOver(parents);
    if (isCut) this.#tellCut();
    if (containers.some(({ engine }) => engine === 'podman')) podmanSeen();
    const present = new Set(containers.map(({ id }) => id));
    for (const id of this.#told) if (!present.has(id) && this.#told.delete(id)) this.#options.ended(id);
    const unknown = containers.filter(({ id }) => !isKnown(id));
    const ids = new Set(unknown.map(({ id }) => id));
    for (const id of this.#waiting.keys()) if (!ids.has(id)) this.#waiting.delete(id);
    for (const found of unknown) if (this.#isDue(found)) await this.#describe(found);
    return this.#waiting.size > 0;
  }

  #isDue(found: FoundContainer): boolean {
    const { mayBeTold, clock } = this.#options;
    const nowMs = clock.monotonicMs();
    const sinceMs = this.#waiting.get(found.id) ?? nowMs;
    this.#waiting.set(found.id, sinceMs);
    return !mayBeTold(found) || nowMs - sinceMs >= GRACE_MS;
  }

  async #describe({ id, folder }: FoundContainer): Promise<void> {
    const { procRoot, isKnown, running } = this.#options;
    const pid = await firstProcess(folder);
    const facts = pid === null ? null : await processFacts(procRoot, pid);
    // Without a process it is on its way in or out; the next look tells.
    if (pid === null || facts === null || isKnown(id)) return;
    this.#waiting.delete(id);
    this.#told.add(id);
    const { startedAtMs, hostNetwork } = facts;
    const told = { id, name: nameOf(id, facts), image: '', labels: {}, pid, startedAtMs, hostNetwork };
    running({ ...withoutEngine, ...told });
  }

  #watchOver(parents: readonly string[]): void {
    const wanted = new Set(parents.slice(0, WATCHED_MAX));
    for (const [folder, watcher] of this.#watchers) {
      if (wanted.has(folder)) continue;
      watcher.close();
      this.#watchers.delete(folder);
    }
    for (const folder of wanted) {
      if (this.#watchers.has(folder)) continue;
      try {
        // A "rename" is a folder that came or went; changes of files (cgroup.events) are no news here.
        const watcher = watch(folder, { persistent: false }, (what) => {
          if (what === 'rename') this.#wake.abort();
        });
        watcher.on('error', () => this.#watchers.delete(folder));
        this.#watchers.set(folder, watcher);
      } catch {}
    }
  }

  #tellCut(): void {
    if (this.#isCutTold) return;
    this.#isCutTold = true;
    this.#options.logger.warn({ hierarchy: this.#hierarchy }, 'too many cgroups: some containers may not be found');
  }
}

/** As its engine calls it, where its keeper says so. */
export function nameOf(id: string, { keeper }: Pick<ProcessFacts, 'keeper'>): string {
  const short = /^[0-9a-f]{64}$/.test(id) ? id.slice(0, SHORT_ID_LENGTH) : id;
  if (keeper.kind === 'conmon') return keeper.name || short;
  const isOwnNamespace = keeper.kind !== 'shim' || keeper.namespace === 'default' || short !== id;
  return isOwnNamespace ? short : `${keeper.namespace}.${id}`;
}
