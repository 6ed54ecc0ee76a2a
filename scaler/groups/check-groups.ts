import { describeError } from '../../core/index.ts';
import { type Group, matchesGroup } from './group.ts';
import { firstLabels, instanceLabels } from './labels.ts';
import type { RateLimit } from './policies/policy.ts';
import { readGroup } from './read-group.ts';
import { type GroupsFile, groupsFileValidator } from './schema.ts';
import { type Fault, schemaFaults } from './schema-faults.ts';
import { durationMs } from './text/units.ts';
import { type Path, YamlSource } from './text/yaml-source.ts';

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

/** The most that may change over all groups in a period; null is no limit. */
export type FleetLimits = { readonly add: RateLimit | null; readonly remove: RateLimit | null };

const FLEET_REMOVE = '60/1m';

export type GroupsCheck =
  | {
      readonly kind: 'accepted';
      readonly groups: readonly Group[];
      readonly fleet: FleetLimits;
      readonly source: YamlSource;
    }
  | { readonly kind: 'refused'; readonly problems: readonly GroupsProblem[] };

/** A text of more characters is not read as YAML at all. */
export const GROUPS_TEXT_MAX = 4 * 1024 ** 2;

/** More faults than a person reads at once are cut off. */
const PROBLEMS_MAX = 20;

const SYNTAX_ADVICE = 'YAML, with the fields of one group in one column and every bracket closed';
const EMPTY_ADVICE = '"groups: []" where no group is wanted';

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
  const faults: Fault[] = [];
  const file = { templates: value.templates ?? {}, loadTypes: value.load_types ?? {} };
  const groups = value.groups.map((entry, index) => {
    const at = (path: Path): Path => ['groups', index, ...path];
    const textOf = (path: Path) => source.textOf(at(path));
    return readGroup(entry, {
      file,
      textOf,
      tell: (path, message, write, ofKey = false) => faults.push({ path: at(path), ofKey, message, write }),
    });
  });
  const sharing = sharedNames(value);
  faults.push(...sharing, ...(sharing.length > 0 ? [] : overlaps(groups)));
  if (faults.length > 0) return refused(faults, source, fileName, value);
  const { add, remove = FLEET_REMOVE } = value.fleet ?? {};
  return {
    kind: 'accepted',
    groups,
    fleet: { add: add === undefined ? null : fleetLimit(add), remove: fleetLimit(remove) },
    source,
  };
}

function fleetLimit(text: string): RateLimit {
  const [most = '', period = ''] = text.split('/');
  return { unit: 'count', value: Number(most), periodMs: durationMs(period) };
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
    for (const first of firstLabels(group))
      byFirstLabel.set(first, [...(byFirstLabel.get(first) ?? []), { group, index }]);
  });
  const faults: Fault[] = [];
  for (const maker of groups) {
    const made = instanceLabels(maker);
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
