import { compileExpression, type Expression, findMetric, readExpression, testsOf } from '../../../core/index.ts';
import { durationMs } from '../text/units.ts';
import type { Path } from '../text/yaml-source.ts';
import { policyDefaults, shippedPolicy } from './defaults.ts';
import { metricFault } from './metric-fault.ts';
import type { Amount, Band, Policy, SchedulePolicy, ThresholdPolicy, Trigger } from './policy.ts';
import { readSchedule } from './read-schedule.ts';
import {
  type AmountEntry,
  type PolicyEntry,
  policyFields,
  type ShortPolicyEntry,
  type TriggerEntry,
} from './schema.ts';
import type { Tell } from './tell.ts';

/** A point of another metric that is older says nothing about this second. */
const STALE_SECONDS = 30;

export type PoliciesEntry = {
  readonly policy?: ShortPolicyEntry;
  readonly policies?: readonly PolicyEntry[];
  readonly step: number;
};

/** The policies of a group. Faults are told with their path below the group; what is returned beside one is not for use. */
export function readPolicies({ policy, policies, step }: PoliciesEntry, tell: Tell): Policy[] {
  if (policy !== undefined && policies !== undefined) {
    tell(['policy'], 'stands beside "policies"', 'it as one of them, with "kind: threshold"', true);
  }
  if (policies === undefined && policy !== undefined) {
    return [thresholdOf({ ...policy, name: 'policy' }, step, (path, ...rest) => tell(['policy', ...path], ...rest))];
  }
  const entries: readonly PolicyEntry[] = policies ?? [shippedPolicy];
  const names = new Set<string>();
  return entries.flatMap((entry, index) => {
    const below: Tell = (path, ...rest) => tell(['policies', index, ...path], ...rest);
    const name = entry.name ?? nameFor(entry, names);
    if (names.has(name)) below(['name'], 'is used by a policy above', 'another name');
    names.add(name);
    return fieldsFit(entry, below) ? policyOf({ ...entry, name }, step, below) : [];
  });
}

/** `target`, `target-2`: what a policy without a name is called in decisions. */
function nameFor({ kind }: PolicyEntry, taken: ReadonlySet<string>): string {
  let number = 1;
  while (taken.has(number === 1 ? kind : `${kind}-${number}`)) number++;
  return number === 1 ? kind : `${kind}-${number}`;
}

function fieldsFit(entry: PolicyEntry, tell: Tell): boolean {
  const { must, may } = policyFields[entry.kind];
  const known = new Set<string>(['kind', 'name', ...must, ...may]);
  const missing = must.filter((field) => entry[field] === undefined);
  for (const field of missing)
    tell([field], `is missing in a policy of kind ${entry.kind}`, `"${field}:" with its value`);
  for (const field of Object.keys(entry)) {
    if (!known.has(field))
      tell([field], `does not go with kind ${entry.kind}`, `one of: ${[...known].join(', ')}`, true);
  }
  return missing.length === 0;
}

function policyOf(entry: PolicyEntry & { readonly name: string }, step: number, tell: Tell): Policy[] {
  const { name, metric = '' } = entry;
  const fault = entry.metric === undefined ? null : metricFault(entry.metric);
  if (fault !== null) tell(['metric'], fault.message, fault.write);
  switch (entry.kind) {
    case 'threshold':
      return [thresholdOf({ name, metric, add: entry.add, remove: entry.remove }, step, tell)];
    case 'bands':
      return [
        {
          kind: 'bands',
          name,
          metric,
          consecutive: entry.consecutive ?? policyDefaults.consecutive,
          bands: bandsOf(entry, tell),
        },
      ];
    case 'target':
    case 'work':
    case 'occupancy':
      return [proportionalOf(entry, tell)];
    case 'schedule': {
      const schedule: SchedulePolicy = readSchedule(entry, tell);
      return [schedule];
    }
    case 'forecast': {
      const { each = 1, lead, deviations = policyDefaults.deviations } = entry;
      return [
        { kind: 'forecast', name, metric, each, leadMs: lead === undefined ? null : durationMs(lead), deviations },
      ];
    }
    case 'alert': {
      const { rule = '', by = 1, every = policyDefaults.every } = entry;
      return [{ kind: 'alert', name, rule, by: upwards(amountOf(by), ['by'], tell), everyMs: durationMs(every) }];
    }
    case 'webhook':
      return [{ kind: 'webhook', name, forMsMax: durationMs(entry.hold ?? policyDefaults.hold) }];
  }
}

function proportionalOf(entry: PolicyEntry & { readonly name: string }, tell: Tell): Policy {
  const { kind, name, metric = '', tolerance, panic } = entry;
  const busy = shareOf(entry.busy ?? '0%');
  if (kind === 'occupancy' && (busy <= 0 || busy > 1)) tell(['busy'], 'is no share of the time', '"busy: 60%"');
  const unit = findMetric(metric)?.unit;
  if (kind === 'target' && unit === 'percent' && (entry.target ?? 0) > 100) {
    tell(['target'], 'is above 100 percent', 'what an instance should have, such as "target: 65"');
  }
  // `busy` of a metric in percent is that percent; of any other, milliseconds of each second.
  const ofBusy = busy * (unit === 'percent' ? 100 : 1000);
  const each = kind === 'target' ? entry.target : kind === 'work' ? entry.each : ofBusy;
  const down = shareOf(tolerance?.down ?? policyDefaults.toleranceDown);
  if (down >= 1) tell(['tolerance', 'down'], 'is 100 percent or more', '"down: 10%"');
  return {
    kind: kind === 'target' || kind === 'work' ? kind : 'occupancy',
    name,
    metric,
    each: each ?? 1,
    tolerance: { up: shareOf(tolerance?.up ?? policyDefaults.toleranceUp), down },
    overSeconds: Math.ceil(durationMs(entry.over ?? policyDefaults.over) / 1000),
    panic:
      panic === undefined
        ? null
        : {
            shortSeconds: Math.ceil(durationMs(panic.short ?? policyDefaults.panic.short) / 1000),
            longSeconds: Math.ceil(durationMs(panic.long ?? policyDefaults.panic.long) / 1000),
            factor: panic.factor ?? policyDefaults.panic.factor,
          },
  };
}

type ThresholdEntry = {
  readonly name: string;
  readonly metric: string;
  readonly add?: TriggerEntry | undefined;
  readonly remove?: TriggerEntry | undefined;
};

function thresholdOf({ name, metric, add, remove }: ThresholdEntry, step: number, tell: Tell): ThresholdPolicy {
  const fault = metricFault(metric);
  if (fault !== null && name === 'policy') tell(['metric'], fault.message, fault.write);
  if (add === undefined && remove === undefined) tell([], 'has neither "add" nor "remove"', '"add: { above: 80 }"');
  const above = add?.above;
  if (above !== undefined && remove?.below !== undefined && remove.below >= above) {
    tell(['remove', 'below'], `is not below add.above (${above})`, 'a number well below, or the group flaps');
  }
  const side = (which: 'add' | 'remove', entry: TriggerEntry | undefined): Trigger | null =>
    entry === undefined
      ? null
      : triggerOf({ which, entry, metric, step }, (path, ...rest) => tell([which, ...path], ...rest));
  return { kind: 'threshold', name, metric, add: side('add', add), remove: side('remove', remove) };
}

type Side = {
  readonly which: 'add' | 'remove';
  readonly entry: TriggerEntry;
  readonly metric: string;
  readonly step: number;
};

function triggerOf({ which, entry, metric, step }: Side, tell: Tell): Trigger | null {
  const level = which === 'add' ? entry.above : entry.below;
  const word = which === 'add' ? 'above' : 'below';
  if ((level === undefined) === (entry.when === undefined)) {
    const what = level === undefined ? `has neither "${word}" nor "when"` : `has both "${word}" and "when"`;
    tell(
      level === undefined ? [word] : ['when'],
      level === undefined ? 'is missing' : what,
      `a number, such as "${word}: ${which === 'add' ? 80 : 60}"`,
    );
    return null;
  }
  const consecutive = entry.consecutive ?? policyDefaults.consecutive;
  const text = entry.when ?? `all(#${consecutive}) ${which === 'add' ? '>' : '<'} ${level}`;
  const when = conditionOf(text, metric, tell);
  if (when === undefined) return null;
  const metrics = testsOf(when).map((test) => test.metric ?? metric);
  const by = upwards(amountOf(entry.by ?? step), ['by'], tell);
  return { when, metrics, compiled: compileExpression(when, STALE_SECONDS), by };
}

function conditionOf(text: string, metric: string, tell: Tell): Expression | undefined {
  const fault = (_: number, message: string): undefined => {
    const [what = message, ...advice] = message.split('; ');
    tell(['when'], `is not a condition: ${what}`, advice.join('; ').replace(/^write /, '') || '"all(#3) > 80"');
  };
  const found = readExpression(
    { text, offset: 0 },
    {
      metric,
      knowsMetric: (written) => {
        const wrong = metricFault(written.text);
        if (wrong !== null) tell(['when'], `names ${written.text}, which ${wrong.message}`, wrong.write);
        return wrong === null;
      },
      unitOf: (name) => findMetric(name)?.unit,
      fault,
    },
  );
  const foreign = found && testsOf(found).find(({ condition: { func } }) => func === 'nodata' || func === 'seasonal');
  if (foreign === undefined) return found;
  return fault(0, `${foreign.condition.func} can not be judged over the means of a group; write "all(#3) > 80"`);
}

function bandsOf({ bands = [] }: PolicyEntry, tell: Tell): Band[] {
  const read = bands.map(({ from, to, by }) => ({ from: from ?? null, to: to ?? null, by: amountOf(by) }));
  const sorted = [...read.entries()].sort(([, a], [, b]) => (a.from ?? -Infinity) - (b.from ?? -Infinity));
  let [end, before]: [number, number] = [Number.NEGATIVE_INFINITY, -1];
  for (const [index, { from, to }] of sorted) {
    if (from === null && to === null) tell(['bands', index], 'has neither "from" nor "to"', '"from: 70"');
    else if ((from ?? -Infinity) >= (to ?? Infinity))
      tell(['bands', index, 'to'], 'is not above from', 'a greater number');
    else if ((from ?? -Infinity) < end)
      tell(['bands', index], `overlaps band ${before + 1}`, 'bands that touch at most');
    if (bands[index]?.by === 0) tell(['bands', index, 'by'], 'is no step', 'a number that is not 0');
    [end, before] = [to ?? Infinity, index];
  }
  return read;
}

/** `2`, `20%`, `=5`. */
function amountOf(written: AmountEntry): Amount {
  if (typeof written === 'number') return { unit: 'count', value: written };
  if (written.startsWith('=')) return { unit: 'exact', value: Number(written.slice(1)) };
  return { unit: 'percent', value: Number.parseFloat(written) };
}

function upwards(amount: Amount, path: Path, tell: Tell): Amount {
  if (amount.unit !== 'exact' && amount.value <= 0)
    tell(path, 'is no step', 'a number of 1 or more: the direction is told by "add" and "remove"');
  return amount;
}

/** `15%` as 0.15. */
export function shareOf(percent: string): number {
  return Number.parseFloat(percent) / 100;
}
