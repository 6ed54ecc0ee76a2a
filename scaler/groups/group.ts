import type { Plan } from './policies/policy.ts';

/** What a new instance is made of. Everything that Docker is told comes from here and nowhere else. */
export type Template = {
  readonly image: string;
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** On every container made, beside the ones of `match` and Saker's own. */
  readonly labels: Readonly<Record<string, string>>;
  readonly resources: Resources;
  readonly limits: Limits;
  /** A network that the host has; null is Docker's own. */
  readonly network: string | null;
  readonly volumes: readonly Volume[];
};

/** Null is "no limit". */
export type Resources = {
  readonly cpus: number | null;
  readonly memoryBytes: number | null;
  readonly pids: number;
};

/** Limits that the host sets beside Docker. Read and checked; the executor on the host applies them. */
export type Limits = {
  /** Whole cores of its own, by cpuset. */
  readonly cores: number | null;
  readonly ulimits: Readonly<Record<string, number>>;
  readonly readBytesPerSecond: number | null;
  readonly writeBytesPerSecond: number | null;
  readonly inBitsPerSecond: number | null;
  readonly outBitsPerSecond: number | null;
};

/** A mount by a name that the host's allow-list has; never a path of the host. */
export type Volume = { readonly from: string; readonly to: string; readonly readonly: boolean };

/** `observe` only records; `advise` waits for a person; `act` does it. */
export type Mode = 'observe' | 'advise' | 'act';

/** One entry of the groups file, with defaults filled in and units resolved. */
export type Group = {
  readonly name: string;
  /** A container that has all of these labels is an instance. */
  readonly match: Readonly<Record<string, string>>;
  /** And, where this is not empty, one at this place of the service tree. */
  readonly node: Readonly<Record<string, string>>;
  readonly template: Template;
  /** How long after its creation an instance is left out of the mean. */
  readonly warmUpMs: number;
  /** True where instances that Saker did not make may be removed as well. */
  readonly adopt: boolean;
  readonly plan: Plan;
  /** How many a step of a policy without one of its own takes. */
  readonly step: number;
  readonly mode: Mode;
  /** Which changes somebody has stopped; null where none. */
  readonly paused: 'all' | 'add' | 'remove' | null;
};

export function matchesGroup(group: Group, labels: Readonly<Record<string, string>>): boolean {
  for (const key in group.match) if (labels[key] !== group.match[key]) return false;
  for (const key in group.node) if (placeOf(labels, key) !== group.node[key]) return false;
  return true;
}

/** Labels by which a place of the service tree may be told, the strongest first. */
export function placeLabels(key: string): readonly string[] {
  const own = [`saker.${key}`, key];
  return key === 'service' ? [...own, 'com.docker.compose.service', 'com.docker.swarm.service.name'] : own;
}

function placeOf(labels: Readonly<Record<string, string>>, key: string): string | undefined {
  for (const label of placeLabels(key)) if (labels[label] !== undefined) return labels[label];
  return undefined;
}
