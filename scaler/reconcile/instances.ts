import type { Input } from '../decide/signal.ts';
import { isFresh } from '../decide/signal.ts';
import { type Container, isRunning } from '../driver.ts';
import { type Group, matchesGroup } from '../groups/group.ts';
import { sakerLabels, serviceOf } from '../groups/labels.ts';
import type { Cell, SampleBoard } from './sample-board.ts';

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
    const [[key, value] = ['', '']] = Object.entries(group.match);
    byLabel.set(`${key}=${value}`, [...(byLabel.get(`${key}=${value}`) ?? []), group]);
    members.set(group.name, []);
  }
  for (const container of containers) {
    for (const [key, value] of Object.entries(container.labels)) {
      for (const group of byLabel.get(`${key}=${value}`) ?? []) {
        if (matchesGroup(group, container.labels)) members.get(group.name)?.push(container);
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

export function inputsOf(group: Group, instances: readonly Instance[], metric: number, nowMs: number): Input[] {
  return instances.map(({ container, endpoint, cell }) => {
    const second = cell?.seconds[metric] ?? 0;
    const value = cell?.values[metric] ?? Number.NaN;
    return {
      endpoint,
      value: second > 0 && Number.isFinite(value) ? value : null,
      ageMs: second > 0 ? nowMs - second * 1000 : null,
      warming: nowMs - container.createdAtMs < group.warmUpMs,
    };
  });
}

/**
 * The instance to go, or null where none may: one that Saker made before one that it did not, the
 * least loaded, the newest. What somebody else made is only taken where the group says `adopt`,
 * since what it holds can not be brought back.
 */
export function chooseVictim(group: Group, instances: readonly Instance[], inputs: readonly Input[]): Instance | null {
  const candidates = instances
    .map((instance, index) => ({ instance, load: loadOf(inputs[index]) }))
    .filter(({ instance }) => instance.ours || group.adopt);
  candidates.sort((a, b) => {
    if (a.instance.ours !== b.instance.ours) return a.instance.ours ? -1 : 1;
    // Two infinities differ by NaN, which is no order.
    if (a.load !== b.load) return a.load - b.load;
    return b.instance.container.createdAtMs - a.instance.container.createdAtMs;
  });
  return candidates[0]?.instance ?? null;
}

function loadOf(input: Input | undefined): number {
  if (input === undefined || !isFresh(input)) return Number.POSITIVE_INFINITY;
  return input.value ?? Number.POSITIVE_INFINITY;
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
