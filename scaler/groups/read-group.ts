import type { Group, Mode } from './group.ts';
import { metricsOf, type Plan } from './policies/policy.ts';
import { readGuards } from './policies/read-guards.ts';
import { readPolicies } from './policies/read-policies.ts';
import type { Tell } from './policies/tell.ts';
import type { GroupEntry } from './schema.ts';
import { type FileTemplates, readResources } from './templates/read-resources.ts';
import { durationMs } from './text/units.ts';

const defaults = { min: 1, step: 1, warmUp: '5s', mode: 'act' } as const;

/** Texts as they stand in the file, so that `8080`, `1.10` and `true` stay what they are. */
export type TextOf = (path: readonly (string | number)[]) => string;

export type Reading = { readonly file: FileTemplates; readonly textOf: TextOf; readonly tell: Tell };

/** One entry with defaults filled in and units resolved. Faults are told; beside one, the group is not for use. */
export function readGroup(entry: GroupEntry, { file, textOf, tell }: Reading): Group {
  const texts = (field: 'match' | 'labels' | 'env') =>
    Object.fromEntries(Object.keys(entry[field] ?? {}).map((key) => [key, textOf([field, key])]));
  const step = entry.step ?? defaults.step;
  checkSelection(entry, tell);
  const mode: Mode = entry.mode ?? defaults.mode;
  const { paused = false } = entry;
  return {
    name: entry.name,
    match: texts('match'),
    node: nodeOf(entry.node, tell),
    template: {
      image: entry.image,
      command: (entry.command ?? []).map((_, word) => textOf(['command', word])),
      env: texts('env'),
      labels: texts('labels'),
      ...readResources(entry, file, tell),
      network: entry.network ?? null,
      volumes: (entry.volumes ?? []).map(({ from, to, readonly: isReadonly = false }) => ({
        from,
        to,
        readonly: isReadonly,
      })),
    },
    warmUpMs: durationMs(entry.warm_up ?? defaults.warmUp),
    adopt: entry.adopt ?? false,
    plan: planOf(entry, step, tell),
    step,
    mode,
    paused: paused === true ? 'all' : paused === false ? null : paused,
  };
}

function planOf(entry: GroupEntry, step: number, tell: Tell): Plan {
  const { policy, policies: written } = entry;
  const policies = readPolicies({ step, ...(policy && { policy }), ...(written && { policies: written }) }, tell);
  const min = entry.min ?? defaults.min;
  if (entry.max < min) tell(['max'], `is below min, which is ${min}`, `"max: ${min}" or more`);
  return { min, max: entry.max, policies, guards: readGuards(entry, policies, tell), metrics: metricsOf(policies) };
}

const treeKeys = ['cop', 'owt', 'pdl', 'cluster', 'service', 'job'];

function nodeOf(node: string | undefined, tell: Tell): Readonly<Record<string, string>> {
  if (node === undefined) return {};
  const pairs = node.split(/[,/]/).map((pair): [string, string] => {
    const at = pair.indexOf('=');
    return [pair.slice(0, at), pair.slice(at + 1)];
  });
  const strange = pairs.find(([key]) => !treeKeys.includes(key));
  if (strange !== undefined)
    tell(['node'], `names "${strange[0]}", which the tree does not have`, `its keys: ${treeKeys.join(', ')}`);
  return Object.fromEntries(pairs);
}

function checkSelection(entry: GroupEntry, tell: Tell): void {
  const { match = {} } = entry;
  if (entry.match === undefined && entry.node === undefined) {
    tell(
      ['match'],
      'is missing',
      'the labels that select the instances, such as "match: { saker.service: web }", or a "node"',
    );
  }
  for (const key of Object.keys(entry.labels ?? {})) {
    if (key.startsWith('saker.')) tell(['labels', key], 'is a label that Saker sets itself', 'another name', true);
  }
  for (const key of ['saker.slot', 'saker.action']) {
    if (match[key] !== undefined) {
      tell(['match', key], 'differs from instance to instance', 'a label that all instances share', true);
    }
  }
  const owner = match['saker.group'];
  if (owner !== undefined && owner !== entry.name) {
    tell(['match', 'saker.group'], 'is not the name of this group', `"saker.group: ${entry.name}" or another label`);
  }
}
