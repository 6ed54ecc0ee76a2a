/**
 * A portal as a rules file. What has no counterpart is told, and written as a comment or left out; what
 * the rule language refuses (`lookup(#1)`, an operator that there is not) is told with its id, so that
 * the file is good as it is written.
 */
import { stringify } from 'yaml';
import { findMetric } from '../../../core/index.ts';
import { checkRules } from '../read/check.ts';
import { slugOf } from '../rule.ts';
import { readNode } from '../tree.ts';
import type { Portal, PortalExpression, PortalStrategy, PortalTemplate } from './portal.ts';

export type Imported = {
  readonly yaml: string;
  readonly ruleCount: number;
  readonly templateCount: number;
  /** What a person has to look at, each a sentence. */
  readonly notes: readonly string[];
};

export type ImportOptions = {
  /** Who is told: a channel or team of the file that this becomes a part of; null leaves that open. */
  readonly notify: string | null;
  /** Of the portal's server, for the hours of strategies. */
  readonly timeZone: string;
};

type RuleEntry = Record<string, unknown>;

export function importPortal(portal: Portal, options: ImportOptions): Imported {
  const importer = new Importer(options);
  const templates = portal.templates.map((template) => importer.template(template, portal.templates));
  const rules = importer.expressions(portal.expressions);
  const metrics = [...importer.metrics].sort();
  const file = {
    ...(metrics.length === 0 ? {} : { metrics }),
    ...(templates.length === 0 ? {} : { templates }),
    ...(rules.length === 0 ? {} : { rules }),
  };
  const { ruleCount, notes } = importer;
  return { yaml: stringify(file, { lineWidth: 0 }), ruleCount, templateCount: templates.length, notes };
}

class Importer {
  readonly metrics = new Set<string>();
  readonly notes: string[] = [];
  ruleCount = 0;
  readonly #options: ImportOptions;
  readonly #templateNames = new Set<string>();

  constructor(options: ImportOptions) {
    this.#options = options;
  }

  template(
    { id, name, parentId, teams, groups, strategies }: PortalTemplate,
    all: readonly PortalTemplate[],
  ): RuleEntry {
    const parent = all.find((one) => one.id === parentId && one.id !== id);
    const nodes = groups.flatMap((group) => this.#nodeOf(group, name));
    if (groups.length === 0)
      this.notes.push(`template "${name}" is bound to no host group in the input: write its nodes`);
    this.#noteTeams(`template "${name}"`, teams);
    if (this.#templateNames.has(slugOf(name))) this.notes.push(`template "${name}" is there twice: rename one of them`);
    this.#templateNames.add(slugOf(name));
    const taken = new Set<string>();
    return {
      name,
      ...(parent === undefined ? {} : { parent: parent.name }),
      ...(nodes.length === 0 ? {} : { nodes }),
      ...(this.#options.notify === null ? {} : { notify: [this.#options.notify] }),
      rules: strategies.flatMap((strategy) => this.#strategy(strategy, taken)),
    };
  }

  expressions(list: readonly PortalExpression[]): readonly RuleEntry[] {
    const taken = new Set<string>();
    return list.flatMap((one) => {
      const found = readEach(one.expression);
      if (found === undefined) {
        this.notes.push(`expression ${one.id} is left out: "${one.expression}" is not each(metric=… tag=…)`);
        return [];
      }
      this.#noteTeams(`expression ${one.id}`, one.teams);
      const { metric, endpoint, tags } = found;
      const where = {
        ...(endpoint === undefined ? {} : { endpoint }),
        ...(Object.keys(tags).length === 0 ? {} : { tags }),
      };
      const strategy = { ...one, metric, maxStep: one.isPaused ? '0' : one.maxStep };
      const notify = this.#options.notify === null ? {} : { notify: [this.#options.notify] };
      return this.#rule(strategy, { kind: 'expression', where, taken }).map((rule) => ({ ...rule, ...notify }));
    });
  }

  #strategy(strategy: PortalStrategy, taken: Set<string>): readonly RuleEntry[] {
    const tags = Object.fromEntries(
      strategy.tags.split(',').flatMap((pair): [string, string][] => {
        const at = pair.indexOf('=');
        return at < 1 ? [] : [[pair.slice(0, at).trim(), pair.slice(at + 1).trim()]];
      }),
    );
    const hours = this.#hours(strategy);
    const where = Object.keys(tags).length === 0 ? {} : { tags };
    return this.#rule(strategy, { kind: 'strategy', where, taken }).map((rule) => ({ ...rule, ...hours }));
  }

  /** Open-Falcon's minutes are inclusive; `24:00` and an empty begin mean the day's ends. */
  #hours({ runBegin, runEnd }: PortalStrategy): RuleEntry {
    if (runBegin === '' && runEnd === '') return {};
    const from = runBegin === '' ? '00:00' : runBegin;
    const to = runEnd === '' || runEnd >= '23:59' ? '24:00' : nextMinute(runEnd);
    if (from === '00:00' && to === '24:00') return {};
    return { hours: [`${from}-${to}`], time_zone: this.#options.timeZone };
  }

  #rule(
    strategy: Omit<PortalStrategy, 'tags' | 'runBegin' | 'runEnd'>,
    { kind, where, taken }: { readonly kind: string; readonly where: RuleEntry; readonly taken: Set<string> },
  ): readonly RuleEntry[] {
    const { id, metric, func, op, rightValue, note } = strategy;
    if (Number(rightValue) === 0 && rightValue.trim() === '') this.notes.push(`${kind} ${id} has no right value`);
    const condition = `${func} ${op} ${rightValue}`;
    const rule = {
      name: uniqueName(note === '' ? `${metric} ${condition}` : note, id, taken),
      metric,
      ...(Object.keys(where).length === 0 ? {} : { where }),
      condition,
      priority: Math.min(6, Math.max(0, Number.parseInt(strategy.priority, 10) || 0)),
      max_step: Math.max(0, Number.parseInt(strategy.maxStep, 10) || 0),
      ...(note === '' ? {} : { note: note.replaceAll('{', '(').replaceAll('}', ')').slice(0, 500) }),
    };
    if (findMetric(metric) === undefined && metric !== '') this.metrics.add(metric);
    const checked = checkRules(JSON.stringify({ metrics: [...this.metrics], rules: [rule] }), `${kind} ${id}`);
    if (checked.kind === 'invalid') {
      this.notes.push(`${kind} ${id} is left out: ${checked.errors.map(({ message }) => message).join('; ')}`);
      return [];
    }
    this.ruleCount++;
    return [rule];
  }

  /** Xiaomi's names of groups are nodes: `cop.xiaomi_owt.miui_pdl.micloud`. */
  #nodeOf(group: string, template: string): readonly string[] {
    const node = group.replaceAll('_', ',').replaceAll(/\b([a-z]+)\./g, '$1=');
    if (group !== '' && 'node' in readNode(node)) return [node];
    this.notes.push(`template "${template}" is bound to host group "${group}": write the node that it stands for`);
    return [];
  }

  #noteTeams(what: string, teams: readonly string[]): void {
    if (teams.length > 0) this.notes.push(`${what} told ${teams.join(', ')}: name channels or teams under its notify`);
  }
}

function nextMinute(time: string): string {
  const [hours = 0, minutes = 0] = time.split(':').map(Number);
  const next = hours * 60 + minutes + 1;
  return `${String(Math.floor(next / 60)).padStart(2, '0')}:${String(next % 60).padStart(2, '0')}`;
}

/** At most 100 characters, and unlike every other also without case and punctuation. */
function uniqueName(wanted: string, id: string, taken: Set<string>): string {
  const short = wanted.replaceAll(/\s+/g, ' ').trim().slice(0, 88);
  const name = slugOf(short) === '' || taken.has(slugOf(short)) ? `${short} (${id})` : short;
  taken.add(slugOf(name));
  return name;
}

/** `each(metric=qps project=falcon endpoint=h)`: what stands between the first brackets, split at spaces. */
function readEach(text: string) {
  const inner = /\(([^)]*)\)/.exec(text)?.[1];
  const pairs = (inner ?? '').split(/\s+/).filter((part) => part !== '');
  const parsed = pairs.map((pair) => pair.split('='));
  if (parsed.length === 0 || parsed.some((parts) => parts.length !== 2)) return undefined;
  const { metric, endpoint, ...tags } = Object.fromEntries(parsed.map(([key = '', value = '']) => [key, value]));
  return metric === undefined ? undefined : { metric, endpoint, tags };
}
