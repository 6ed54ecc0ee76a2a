import { describeError, findMetric, metrics } from '../../core/index.ts';
import { type Group, matchesGroup } from './group.ts';
import { nearest } from './nearest.ts';
import { type GroupEntry, type GroupsFile, groupsFileValidator } from './schema.ts';
import { type Fault, schemaFaults } from './schema-faults.ts';
import { bytes, durationMs } from './units.ts';
import { type Path, YamlSource } from './yaml-source.ts';

/** Where a groups file is wrong, what is wrong, and what to write there. */
export type GroupsProblem = {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** The field, as in `web.policy.add.above`; empty for a fault of the file as a whole. */
  readonly field: string;
  readonly message: string;
  readonly write: string;
};

export type GroupsCheck =
  | { readonly kind: 'accepted'; readonly groups: readonly Group[] }
  | { readonly kind: 'refused'; readonly problems: readonly GroupsProblem[] };

/** Docker refuses less. */
const MEMORY_BYTES_MIN = 6 * 1024 ** 2;

/** A text of more characters is not read as YAML at all. */
export const GROUPS_TEXT_MAX = 4 * 1024 ** 2;

/** More faults than a person reads at once are cut off. */
const PROBLEMS_MAX = 20;

const SYNTAX_ADVICE = 'YAML, with the fields of one group in one column and every bracket closed';
const EMPTY_ADVICE = '"groups: []" where no group is wanted';

const defaults = {
  min: 1,
  step: 1,
  consecutive: 3,
  cooldownAdd: '0s',
  cooldownRemove: '5m',
  warmUp: '5s',
  pids: 4096,
} as const;

/**
 * Reads a groups file (`docs/scaling.md`). Pure: the same text gives the same answer. A file with
 * one fault is refused whole, since half of a scaling configuration is a different one.
 */
export function checkGroups(text: string, fileName: string): GroupsCheck {
  const whole = (message: string, write: string): GroupsCheck => {
    return { kind: 'refused', problems: [{ file: fileName, line: 1, column: 1, field: '', message, write }] };
  };
  if (text.length > GROUPS_TEXT_MAX) return whole(`is longer than ${GROUPS_TEXT_MAX} characters`, 'fewer groups');
  // An empty file is what an editor leaves half-way through saving; it must not dissolve the groups.
  if (text.trim() === '') return whole('is empty', EMPTY_ADVICE);
  const source = new YamlSource(text);
  // The first fault of syntax brings others with it that are not there once it is mended.
  const [syntax] = source.faults();
  if (syntax !== undefined) {
    return { kind: 'refused', problems: [{ ...syntax, file: fileName, field: '', write: SYNTAX_ADVICE }] };
  }
  let value: unknown;
  try {
    value = source.value();
  } catch (error) {
    return whole(describeError(error), 'the values themselves in place of so many aliases');
  }
  if (value === null) return whole('is empty', EMPTY_ADVICE);
  if (!groupsFileValidator.Check(value)) return refused(schemaFaults(value), source, fileName, value);
  const groups = value.groups.map((entry, index) => groupOf(entry, index, source));
  const sharing = sharedNames(value);
  const faults = [...value.groups.flatMap(faultsOfEntry), ...sharing, ...(sharing.length > 0 ? [] : overlaps(groups))];
  return faults.length > 0 ? refused(faults, source, fileName, value) : { kind: 'accepted', groups };
}

/** `groups.yaml:7:10: web.max is below 1. Write a whole number …` */
export function formatProblem(problem: GroupsProblem): string {
  const subject = problem.field === '' ? 'the file' : problem.field;
  return `${problem.file}:${problem.line}:${problem.column}: ${subject} ${problem.message}. Write ${problem.write}`;
}

function refused(faults: readonly Fault[], source: YamlSource, file: string, value: unknown): GroupsCheck {
  const problems = faults.slice(0, PROBLEMS_MAX).map((fault) => ({
    file,
    ...(fault.ofKey ? source.positionOfKey(fault.path) : source.positionOf(fault.path)),
    field: fieldName(fault.path, value),
    message: fault.message,
    write: fault.write,
  }));
  problems.sort((a, b) => a.line - b.line || a.column - b.column);
  return { kind: 'refused', problems };
}

/** `groups/0/policy/add` as `web.policy.add`; `groups[0]…` where the group has no name to call it by. */
function fieldName(path: Path, value: unknown): string {
  const [list, index, ...rest] = path;
  if (list !== 'groups' || typeof index !== 'number') return path.join('.');
  const entries: unknown = typeof value === 'object' && value !== null && 'groups' in value ? value.groups : [];
  const entry: unknown = Array.isArray(entries) ? entries[index] : undefined;
  const named = typeof entry === 'object' && entry !== null && 'name' in entry && typeof entry.name === 'string';
  return [named && rest[0] !== 'name' ? entry.name : `groups[${index}]`, ...rest].join('.');
}

function groupOf(entry: GroupEntry, index: number, source: YamlSource): Group {
  const texts = (field: 'match' | 'labels' | 'env') =>
    Object.fromEntries(
      Object.keys(entry[field] ?? {}).map((key) => [key, source.textOf(['groups', index, field, key])]),
    );
  const { resources, cooldown, policy } = entry;
  return {
    name: entry.name,
    match: texts('match'),
    template: {
      image: entry.image,
      command: (entry.command ?? []).map((_, word) => source.textOf(['groups', index, 'command', word])),
      env: texts('env'),
      labels: texts('labels'),
      resources: {
        cpus: resources?.cpus ?? null,
        memoryBytes: resources?.memory === undefined ? null : bytes(resources.memory),
        pids: resources?.pids ?? defaults.pids,
      },
    },
    warmUpMs: durationMs(entry.warm_up ?? defaults.warmUp),
    adopt: entry.adopt ?? false,
    policy: {
      metric: policy.metric,
      min: entry.min ?? defaults.min,
      max: entry.max,
      step: entry.step ?? defaults.step,
      add: { above: policy.add.above, consecutive: policy.add.consecutive ?? defaults.consecutive },
      remove: { below: policy.remove.below, consecutive: policy.remove.consecutive ?? defaults.consecutive },
      cooldownMs: {
        add: durationMs(cooldown?.add ?? defaults.cooldownAdd),
        remove: durationMs(cooldown?.remove ?? defaults.cooldownRemove),
      },
    },
  };
}

function faultsOfEntry(entry: GroupEntry, index: number): Fault[] {
  const faults: Fault[] = [];
  const fault = (path: Path, message: string, write: string, ofKey = false) => {
    faults.push({ path: ['groups', index, ...path], ofKey, message, write });
  };
  const min = entry.min ?? defaults.min;
  if (entry.max < min) fault(['max'], `is below min, which is ${min}`, `"max: ${min}" or more`);
  const { above } = entry.policy.add;
  if (entry.policy.remove.below >= above) {
    fault(
      ['policy', 'remove', 'below'],
      `is not below add.above (${above})`,
      'a number well below, or the group flaps',
    );
  }
  const memory = entry.resources?.memory;
  if (memory !== undefined && bytes(memory) < MEMORY_BYTES_MIN) {
    fault(['resources', 'memory'], 'is below what Docker accepts', '"memory: 6MiB" or more');
  }
  for (const key of Object.keys(entry.labels ?? {})) {
    if (key.startsWith('saker.')) fault(['labels', key], 'is a label that Saker sets itself', 'another name', true);
  }
  for (const key of ['saker.slot', 'saker.action']) {
    if (entry.match[key] !== undefined) {
      fault(['match', key], 'differs from instance to instance', 'a label that all instances share', true);
    }
  }
  const owner = entry.match['saker.group'];
  if (owner !== undefined && owner !== entry.name) {
    fault(['match', 'saker.group'], 'is not the name of this group', `"saker.group: ${entry.name}" or another label`);
  }
  const metric = metricFault(entry.policy.metric);
  if (metric !== null) fault(['policy', 'metric'], metric.message, metric.write);
  return faults;
}

function metricFault(name: string): { readonly message: string; readonly write: string } | null {
  const usable = metrics.filter(({ on, tags }) => on !== 'host' && tags.length === 0).map((metric) => metric.name);
  if (usable.includes(name)) return null;
  const meant = usable.findLast((metric) => name.startsWith(`${metric}.`)) ?? nearest(name, usable);
  const write =
    meant === null ? 'a metric that docs/scaling.md lists, such as "metric: cpu.busy"' : `"metric: ${meant}"`;
  const known = findMetric(name);
  if (known === undefined) return { message: 'is not a metric that is collected', write };
  if (known.on === 'host') return { message: 'is measured on hosts, not on containers', write };
  return { message: `has one series for each ${known.tags.join(' and ')}, not one for each instance`, write };
}

function sharedNames(file: GroupsFile): Fault[] {
  const seen = new Set<string>();
  return file.groups.flatMap(({ name }, index) => {
    const fault = {
      path: ['groups', index, 'name'],
      ofKey: false,
      message: 'is used by a group above',
      write: 'another name',
    };
    if (seen.has(name)) return [fault];
    seen.add(name);
    return [];
  });
}

/** Two groups that own the same containers would add and remove against each other. */
function overlaps(groups: readonly Group[]): Fault[] {
  const byFirstLabel = new Map<string, { readonly group: Group; readonly index: number }[]>();
  groups.forEach((group, index) => {
    const [key = ''] = Object.keys(group.match);
    const first = `${key}=${group.match[key]}`;
    byFirstLabel.set(first, [...(byFirstLabel.get(first) ?? []), { group, index }]);
  });
  const faults: Fault[] = [];
  for (const maker of groups) {
    const made = { ...maker.template.labels, ...maker.match };
    for (const [key, value] of Object.entries(made)) {
      for (const { group, index } of byFirstLabel.get(`${key}=${value}`) ?? []) {
        if (group === maker || !matchesGroup(group, made)) continue;
        const message = `selects the instances of group ${maker.name} as well`;
        faults.push({
          path: ['groups', index, 'match'],
          ofKey: false,
          message,
          write: 'labels that only this group has',
        });
      }
    }
  }
  return faults;
}
