import { FRESH_MS, type Inputs } from '../../decide/signal.ts';
import { type Container, isRunning } from '../../driver.ts';
import { type Group, matchesGroup } from '../../groups/group.ts';
import { firstLabels, sakerLabels, serviceOf } from '../../groups/labels.ts';
import type { Cell, SampleBoard } from '../sample-board.ts';

/** A running container of a group, joined with its samples where a collector has told of it. */
export type Instance = {
  readonly container: Container;
  readonly endpoint: string;
  readonly cell: Cell | null;
  /** True where this group has made it. */
  readonly ours: boolean;
};

/**
 * The containers of each group, found by one label of the group's match and checked against the
 * others: a pass over the containers for all groups together.
 */
export function membersByGroup(groups: Iterable<Group>, containers: readonly Container[]): Map<string, Container[]> {
  const byLabel = new Map<string, Group[]>();
  const members = new Map<string, Container[]>();
  for (const group of groups) {
    for (const first of firstLabels(group)) byLabel.set(first, [...(byLabel.get(first) ?? []), group]);
    members.set(group.name, []);
  }
  for (const container of containers) {
    for (const [key, value] of Object.entries(container.labels)) {
      for (const group of byLabel.get(`${key}=${value}`) ?? []) {
        const found = members.get(group.name);
        // Several labels may tell of the same place.
        if (found?.at(-1) !== container && matchesGroup(group, container.labels)) found?.push(container);
      }
    }
  }
  return members;
}

/** The running ones among a group's containers, stuck ones left out: they are no capacity. */
export function instancesOf(
  group: Group,
  members: readonly Container[],
  stuck: ReadonlySet<string>,
  board: SampleBoard,
): Instance[] {
  return members
    .filter((container) => isRunning(container) && !stuck.has(container.id))
    .map((container) => {
      const cell = board.find(container.id);
      const ours = container.labels[sakerLabels.group] === group.name;
      return { container, endpoint: cell?.endpoint.name ?? expectedEndpoint(container), cell, ours };
    });
}

/** What the collector will call it (DESIGN, section 3). */
function expectedEndpoint({ labels, name }: Container): string {
  const service = labels[sakerLabels.service];
  const slot = labels[sakerLabels.slot];
  return service === undefined || slot === undefined ? name : `${service}.${slot}`;
}

/** The instances in one metric, read from their cells where they lie: nothing is copied. */
export class InstanceInputs implements Inputs {
  readonly #instances: readonly Instance[];
  readonly #metric: number;
  readonly #nowMs: number;
  readonly #warmUpMs: number;

  constructor(
    instances: readonly Instance[],
    at: { readonly metric: number; readonly nowMs: number; readonly warmUpMs: number },
  ) {
    this.#instances = instances;
    this.#metric = at.metric;
    this.#nowMs = at.nowMs;
    this.#warmUpMs = at.warmUpMs;
  }

  get count(): number {
    return this.#instances.length;
  }

  value(index: number): number {
    const cell = this.#instances[index]?.cell;
    return cell === null || cell === undefined || !cell.seconds[this.#metric]
      ? Number.NaN
      : (cell.values[this.#metric] ?? Number.NaN);
  }

  ageMs(index: number): number {
    const second = this.#instances[index]?.cell?.seconds[this.#metric] ?? 0;
    return second > 0 ? this.#nowMs - second * 1000 : Number.NaN;
  }

  isWarming(index: number): boolean {
    const createdAtMs = this.#instances[index]?.container.createdAtMs ?? 0;
    return this.#nowMs - createdAtMs < this.#warmUpMs;
  }

  endpoint(index: number): string {
    return this.#instances[index]?.endpoint ?? '';
  }
}

/**
 * The instance to go, or null where none may: one that Saker made before one that it did not, the
 * least loaded, the newest. What somebody else made is only taken where the group says `adopt`,
 * since what it holds can not be brought back.
 */
export function chooseVictim(group: Group, instances: readonly Instance[], inputs: Inputs): Instance | null {
  const candidates = instances
    .map((instance, index) => ({ instance, load: loadOf(inputs, index) }))
    .filter(({ instance }) => instance.ours || group.adopt);
  candidates.sort((a, b) => {
    if (a.instance.ours !== b.instance.ours) return a.instance.ours ? -1 : 1;
    // Two infinities differ by NaN, which is no order.
    if (a.load !== b.load) return a.load - b.load;
    return b.instance.container.createdAtMs - a.instance.container.createdAtMs;
  });
  return candidates[0]?.instance ?? null;
}

function loadOf(inputs: Inputs, index: number): number {
  const value = inputs.value(index);
  return Number.isFinite(value) && Math.abs(inputs.ageMs(index)) <= FRESH_MS ? value : Number.POSITIVE_INFINITY;
}

/** The lowest number from 1 that no container of this service has, stopped ones included. */
export function freeSlot(group: Group, containers: readonly Container[]): number {
  const service = serviceOf(group);
  const taken = new Set(
    containers
      .filter(({ labels }) => labels[sakerLabels.service] === service)
      .map(({ labels }) => Number(labels[sakerLabels.slot])),
  );
  let slot = 1;
  while (taken.has(slot)) slot++;
  return slot;
}
