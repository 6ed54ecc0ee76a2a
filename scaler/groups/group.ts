/** What a new instance is made of. Everything that Docker is told comes from here and nowhere else. */
export type Template = {
  readonly image: string;
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** On every container made, beside the ones of `match` and Saker's own. */
  readonly labels: Readonly<Record<string, string>>;
  readonly resources: Resources;
};

/** Null is "no limit". */
export type Resources = {
  readonly cpus: number | null;
  readonly memoryBytes: number | null;
  readonly pids: number;
};

/** Compares the mean of one metric over the running instances, second by second. */
export type Policy = {
  readonly metric: string;
  readonly min: number;
  readonly max: number;
  readonly step: number;
  readonly add: { readonly above: number; readonly consecutive: number };
  readonly remove: { readonly below: number; readonly consecutive: number };
  readonly cooldownMs: { readonly add: number; readonly remove: number };
};

/** One entry of the groups file, with defaults filled in and units resolved. */
export type Group = {
  readonly name: string;
  /** A container that has all of these labels is an instance. */
  readonly match: Readonly<Record<string, string>>;
  readonly template: Template;
  /** How long after its creation an instance is left out of the mean. */
  readonly warmUpMs: number;
  /** True where instances that Saker did not make may be removed as well. */
  readonly adopt: boolean;
  readonly policy: Policy;
};

export function matchesGroup(group: Group, labels: Readonly<Record<string, string>>): boolean {
  for (const key in group.match) if (labels[key] !== group.match[key]) return false;
  return true;
}
