/**
 * What an editor of rules asks: an entry with its versions, what is wrong with a text and what it means, and changes.
 * A rule that stands in a template is changed by changing the template: they have one version together.
 */
import { parse } from 'yaml';
import {
  AppError,
  type CheckAnswer,
  type CheckRequest,
  type ConditionPiece,
  type Dictionary,
  type EntryAnswer,
  type EntryBody,
  type Expression,
  type StateStore,
} from '../../../core/index.ts';
import { type EntryChange, readChanges } from '../../store/stored-rules.ts';
import { differences, fieldAt, withRule, writeEntry, writtenTemplate } from '../live/entry-text.ts';
import type { RulesInForce } from '../live/rules-in-force.ts';
import type { EntryEdit, EntryId } from '../live/stored-rules.ts';
import { type CheckedRules, checkEntry } from '../read/check.ts';
import { noRules, type Rule, type RuleSet, slugOf, type Template, type Written } from '../rule.ts';
import { matchedSeries } from './matched-series.ts';
import { ruleAnswer } from './rules-answer.ts';

/** Where a change goes: a rule or a template by its name; `template` where the rule stands in one. */
export type Place = EntryId & { readonly template?: string | undefined };

export type RuleEditorOptions = {
  readonly store: StateStore;
  readonly inForce: RulesInForce;
  /** What collectors have told of. */
  readonly dictionaries: () => Iterable<Dictionary>;
};

export class RuleEditor {
  readonly #options: RuleEditorOptions;

  constructor(options: RuleEditorOptions) {
    this.#options = options;
  }

  /** Rejects with `NOT_FOUND`. */
  async entry(place: Place): Promise<EntryAnswer> {
    const { store, inForce } = this.#options;
    const { kind, name, template } = place;
    const owner: EntryId = template === undefined ? place : { kind: 'template', name: template };
    const stored = inForce.stored.find(owner.kind, slugOf(owner.name));
    const found = this.#written(place);
    const text = template === undefined && stored !== undefined ? stored.text : found && writeEntry(found);
    if (text === undefined) throw new AppError('NOT_FOUND', `there is no ${kind} "${name}"`);
    const changes = await readChanges(store, owner.kind, slugOf(owner.name));
    return {
      name,
      template: template ?? null,
      text,
      rule: { ...found },
      madeInApi: stored !== undefined,
      version: stored?.version ?? null,
      changes: changes.map((change, index) => changeAnswer(change, changes[index + 1])),
    };
  }

  /** What is wrong with a text, what it means, and what it would watch. Changes nothing. */
  check({ kind = 'rule', text, rule, editing, template }: CheckRequest): CheckAnswer {
    const given = text ?? writeEntry(rule ?? {});
    const { inForce, dictionaries } = this.#options;
    const id = { kind, name: template === undefined ? (editing ?? '') : '' };
    const owner = template === undefined ? null : slugOf(template);
    const checked = checkEntry({ ...id, text: given, template: owner }, inForce.stored.outerFor(id));
    const read = checked.kind === 'valid' ? checked.rules[0] : undefined;
    const found =
      checked.kind === 'valid'
        ? matchedSeries(dictionaries(), candidateOf(checked, inForce.current), slugsOf(checked))
        : { count: 0, series: [] };
    return {
      text: given,
      rule: rule ?? keysOf(given),
      faults: faultsOf(checked, given),
      shown: read === undefined ? null : ruleAnswer(read),
      condition: read === undefined ? [] : piecesOf(conditionOf(read), read.metric),
      recovery: read?.recovery === undefined || read.recovery === null ? [] : piecesOf(read.recovery, read.metric),
      matched: found.count,
      series: found.series,
    };
  }

  /** Rejects with `BAD_REQUEST` and every fault, with `CONFLICT` for a change of what is not the newest version. */
  async put(place: Place, body: EntryBody, by: string): Promise<void> {
    const { inForce } = this.#options;
    const { kind, name, template } = place;
    if ((body.rule === undefined) === (body.text === undefined)) {
      throw new AppError('BAD_REQUEST', 'give the rule as "rule" or as "text", and not both', { where: 'body' });
    }
    const text = body.text ?? writeEntry({ ...body.rule, name });
    const { version } = body;
    if (template === undefined) return this.#save({ kind, name, text, by, version });
    const owner = inForce.stored.find('template', slugOf(template));
    if (owner === undefined) throw new AppError('NOT_FOUND', `no template "${template}" was made here`);
    const changed = withRule(owner.text, name, text);
    return this.#save({ kind: 'template', name: owner.name, text: changed, by, version });
  }

  /** Rejects with `NOT_FOUND`, and with `CONFLICT` as above. */
  async remove({ kind, name, template }: Place, version: number | undefined, by: string): Promise<void> {
    const { inForce } = this.#options;
    if (template === undefined) return inForce.stored.remove({ kind, name, version, by });
    const owner = inForce.stored.find('template', slugOf(template));
    if (owner === undefined) throw new AppError('NOT_FOUND', `no template "${template}" was made here`);
    const text = withRule(owner.text, name, null);
    await this.#save({ kind: 'template', name: owner.name, text, by, version });
  }

  /** Whoever is refused learns what the other has changed. */
  async #save(edit: EntryEdit): Promise<void> {
    const { store, inForce } = this.#options;
    try {
      await inForce.stored.put(edit);
    } catch (error) {
      const now = inForce.stored.find(edit.kind, slugOf(edit.name));
      if (!(error instanceof AppError) || error.where !== 'version' || now === undefined) throw error;
      const changes = await readChanges(store, now.kind, now.slug);
      const mine = changes.find(({ version }) => version === edit.version);
      const words = mine?.text === undefined || mine.text === null ? [] : differences(mine.text, now.text);
      throw new AppError('CONFLICT', [error.message, ...words].join('\n'), {
        where: 'version',
        hint: 'look at what changed, then save again',
        cause: error,
      });
    }
  }

  #written({ kind, name, template }: Place): Written | undefined {
    const { current } = this.#options.inForce;
    const slug = slugOf(name);
    if (kind === 'template') {
      const found = current.templates.find((one) => one.slug === slug);
      return found && writtenTemplate(found, current);
    }
    const owner = template === undefined ? undefined : current.templates.find((one) => one.slug === slugOf(template));
    const rules = template === undefined ? current.rules : (owner?.rules ?? []);
    return rules.find((rule) => slugOf(rule.name) === slug)?.written;
  }
}

function changeAnswer(change: EntryChange, before: EntryChange | undefined): EntryAnswer['changes'][number] {
  const { version, changedBy: by, changedAtMs: atMs, text } = change;
  const changed = text === null || before === undefined || before.text === null ? [] : differences(before.text, text);
  return { version, by, atMs, text, differences: [...changed] };
}

/** The keys of a text that may have faults; null where it is no map of keys. */
function keysOf(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = parse(text, { maxAliasCount: 0 });
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? Object(value) : null;
  } catch {
    return null;
  }
}

/** The rules in force as they would be with the entry among them, and nothing else that watches. */
export function candidateOf(entry: RuleSet, current: RuleSet): RuleSet {
  const [rule] = entry.rules;
  const [template] = entry.templates;
  if (rule !== undefined && rule.template === null) return { ...noRules, rules: entry.rules };
  const inPlace = (one: Template): Template => {
    if (template?.slug === one.slug) return template;
    if (rule?.template !== one.slug) return one;
    return { ...one, rules: [...one.rules.filter(({ slug }) => slug !== rule.slug), rule] };
  };
  const isNew = template !== undefined && !current.templates.some(({ slug }) => slug === template.slug);
  return { ...noRules, templates: [...current.templates.map(inPlace), ...(isNew ? [template] : [])] };
}

/** The rules that an entry is about. */
export const slugsOf = ({ rules, templates }: RuleSet): ReadonlySet<string> =>
  new Set([...rules, ...templates.flatMap((template) => template.rules)].map(({ slug }) => slug));

function faultsOf(checked: CheckedRules, text: string): CheckAnswer['faults'] {
  if (checked.kind === 'valid') return [];
  return checked.errors.map(({ line, column, message }) => {
    const [, missing] = /lacks "(\w+)"/.exec(message) ?? [];
    return { line, column, message, field: missing ?? fieldAt(text, line, column) };
  });
}

const conditionOf = (rule: Rule): Expression =>
  rule.expression ?? { kind: 'test', test: { metric: null, condition: rule.condition } };

/** The expression as it is read, from left to right. */
function piecesOf(expression: Expression, lead: string): ConditionPiece[] {
  if (expression.kind === 'test') {
    const { metric, condition } = expression.test;
    const { func, limit: points, isTime, atLeast, spanSeconds, operator, rightValue } = condition;
    return [{ metric: metric ?? lead, func, points, isTime, atLeast, spanSeconds, operator, rightValue }];
  }
  if (expression.kind === 'not') return [{ word: 'not' }, ...inBrackets(expression.operand, lead)];
  return expression.operands.flatMap((operand, index) => [
    ...(index === 0 ? [] : [{ word: expression.kind } as const]),
    ...inBrackets(operand, lead),
  ]);
}

function inBrackets(expression: Expression, lead: string): ConditionPiece[] {
  const pieces = piecesOf(expression, lead);
  return expression.kind === 'test' ? pieces : [{ word: '(' }, ...pieces, { word: ')' }];
}
