/**
 * The containers that run here now, each with its probe and its endpoint.
 *
 * The watch over Docker says who started and who ended; this decides which endpoint they wear. An
 * endpoint has one living container: a second one of the same identity is refused, and takes over
 * when the first has ended and Docker tells of the second again.
 */
import { assert, type Endpoint, type Logger, SERIES_PER_COLLECTOR_MAX } from '../../core/index.ts';
import { type CgroupFolders, type CgroupRoots, cgroupPathOf, findCgroups } from '../probes/container/cgroup-paths.ts';
import { ContainerProbe } from '../probes/container/container-probe.ts';
import { type ProbeShared, ProbeSite } from '../probes/probe.ts';
import { type ContainerDescription, endpointOf, type Owner, ownerFacts } from './identity.ts';
import { ENDPOINTS_MAX, type EndpointEntry } from './series-register.ts';

/** Who told of a container: its engine's socket, or nobody but its cgroup. */
export type ToldBy = 'docker' | 'podman' | 'cgroup';

type Told = {
  readonly container: ContainerDescription;
  by: ToldBy;
  /** Looked up by its process where they are not known. */
  readonly folders?: CgroupFolders | undefined;
};

type Member = Told & {
  readonly entry: EndpointEntry;
  readonly probe: ContainerProbe;
};

export type ContainerSetOptions = {
  readonly host: string;
  readonly cgroupRoot: string;
  readonly shared: ProbeShared;
  readonly logger: Logger;
};

export class ContainerSet {
  readonly #host: string;
  readonly #roots: CgroupRoots;
  readonly #shared: ProbeShared;
  readonly #logger: Logger;
  readonly #members = new Map<string, Member>();
  /** Containers that lost their identity to another one, by id; they wait for it to end. */
  readonly #waiting = new Map<string, Told>();
  /** By container id, the newest last; those that ended are forgotten when there are too many. */
  readonly #owners = new Map<string, Owner>();
  #stagger = 0;
  /** Containers that were not measured because their identity or the budget was taken. */
  refused = 0;

  constructor(options: ContainerSetOptions) {
    this.#host = options.host;
    this.#shared = options.shared;
    this.#roots = { procRoot: options.shared.procRoot, cgroupRoot: options.cgroupRoot };
    this.#logger = options.logger;
  }

  get size(): number {
    return this.#members.size;
  }

  /** True for a container that is measured, or that waits for its identity. */
  has(id: string): boolean {
    return this.#members.has(id) || this.#waiting.has(id);
  }

  /**
   * A container runs: it started, or it was found, or something about it changed. Its folders are
   * looked up by its process unless they are known.
   */
  running(container: ContainerDescription, by: ToldBy = 'docker', folders?: CgroupFolders): void {
    const known = this.#members.get(container.id);
    const description = endpointOf(container, this.#host);
    if (known !== undefined) {
      const isSameRun = known.container.pid === container.pid && known.entry.description.name === description.name;
      if (isSameRun) {
        known.by = by;
        this.#shared.register.describe(known.entry, description);
        return known.probe.refresh(container);
      }
      this.#end(known);
    }
    this.#begin({ container, by, folders }, description);
  }

  /** A container ended. Unknown ids are those of containers that were never measured. */
  ended(id: string): void {
    this.#waiting.delete(id);
    const known = this.#members.get(id);
    if (known !== undefined) this.#end(known);
  }

  /** Ends every container of an engine that is not among `ids`: what its fresh list no longer shows. */
  endAllBut(ids: ReadonlySet<string>, by: ToldBy = 'docker'): void {
    for (const [id, told] of [...this.#members, ...this.#waiting]) if (told.by === by && !ids.has(id)) this.ended(id);
  }

  /**
   * Ends those whose accounting vanished: Docker may be unable to say so, the kernel is not. Not
   * inside a frame, since it may move columns.
   */
  reap(): void {
    for (const member of [...this.#members.values()]) if (member.probe.isGone) this.#end(member);
  }

  /**
   * Whose control group or process that is, also of a container that ended a moment ago: who is
   * killed for want of memory is often gone before the kernel's line is read.
   */
  ownerOf({ cgroup, pid }: { readonly cgroup?: string; readonly pid?: number }): Owner | null {
    const path = cgroup ?? (pid === undefined ? '' : cgroupPathOf(this.#roots.procRoot, pid));
    for (const [id] of path.matchAll(/[0-9a-f]{64}/g)) {
      const owner = this.#owners.get(id);
      if (owner !== undefined) return owner;
    }
    return null;
  }

  /** The probes of all containers, to be sampled in turn. */
  *probes(): Iterable<ContainerProbe> {
    for (const { probe } of this.#members.values()) yield probe;
  }

  /** The containers that are measured now, each with its endpoint. */
  *members(): Iterable<{ readonly container: ContainerDescription; readonly entry: EndpointEntry }> {
    yield* this.#members.values();
  }

  close(): void {
    for (const { probe } of this.#members.values()) probe.close();
    this.#members.clear();
    this.#waiting.clear();
  }

  #begin(told: Told, description: Endpoint): void {
    const { container } = told;
    const holder = this.#holderOf(description.name);
    if (holder !== null) return this.#refuse(told, description.name, holder);
    const entry = this.#members.size < MEMBERS_MAX ? this.#shared.register.endpoint(description) : null;
    if (entry === null) return this.#refuse(told, description.name, 'the budget of endpoints');
    const site = new ProbeSite(this.#shared, entry);
    const folders = told.folders ?? findCgroups(this.#roots, container.pid, container.id);
    if (Object.keys(folders).length === 0) this.#complain(container);
    const probe = new ContainerProbe(site, container, folders, this.#stagger++);
    this.#members.set(container.id, { ...told, entry, probe });
    this.#remember(container, description.name);
  }

  /** A process that lived for a moment and is gone again is no reason to. */
  #complain({ name, pid }: ContainerDescription): void {
    if (cgroupPathOf(this.#roots.procRoot, pid) === '') return;
    const fields = { container: name, pid, cgroupRoot: this.#roots.cgroupRoot };
    const advice = 'start the collector in the host cgroup namespace';
    this.#logger.warn(fields, `no accounting found for a container: ${advice}`);
  }

  #remember(container: ContainerDescription, endpoint: string): void {
    this.#owners.delete(container.id);
    this.#owners.set(container.id, { endpoint, facts: ownerFacts(container) });
    for (const id of this.#owners.keys()) {
      if (this.#owners.size <= OWNERS_MAX) return;
      if (!this.#members.has(id)) this.#owners.delete(id);
    }
  }

  /** Who has this identity now, for the log; null when nobody does. */
  #holderOf(name: string): string | null {
    if (name === this.#host) return 'the host itself';
    for (const { entry, container } of this.#members.values()) {
      if (entry.description.name === name) return `container ${container.name}`;
    }
    return null;
  }

  #refuse(told: Told, endpoint: string, holder: string): void {
    const { container } = told;
    this.refused++;
    if (this.#waiting.size < MEMBERS_MAX) this.#waiting.set(container.id, told);
    const fields = { code: 'IDENTITY_TAKEN', endpoint, container: container.name, holder, refused: this.refused };
    this.#logger.warn(fields, 'a container is not measured: its identity is taken; give it a slot of its own');
  }

  #end(member: Member): void {
    const { container, entry, probe } = member;
    probe.close();
    assert(this.#members.delete(container.id), 'a member that ends once');
    this.#shared.register.describe(entry, { ...entry.description, state: 'gone' });
    this.#promote(entry.description.name);
  }

  /** The container that waited longest for this identity gets it. */
  #promote(name: string): void {
    for (const told of this.#waiting.values()) {
      const description = endpointOf(told.container, this.#host);
      if (description.name !== name) continue;
      this.#waiting.delete(told.container.id);
      return this.#begin(told, description);
    }
  }
}

/** Containers that events are joined to, the ended ones included. */
const OWNERS_MAX = ENDPOINTS_MAX;

/** A host's containers that can have a place each: every one needs an endpoint and some series. */
const MEMBERS_MAX = Math.min(ENDPOINTS_MAX, SERIES_PER_COLLECTOR_MAX) - 1;
