/**
 * Turns the text of a rules file into rules, templates and channels, and the list of all its faults.
 * Pure: the running server and `saker rules check` read a file with the same eyes. A fault costs the
 * rule that it is in and no other.
 */
import { isAlias, parseDocument } from 'yaml';
import { readChannel } from '../../delivery/channels/index.ts';
import { peopleKeys, readPeople } from '../../delivery/people/read-people.ts';
import { readHandler } from '../../delivery/prehandling/handler.ts';
import { noRules, type Rule, type RuleSet, slugOf, type Template } from '../rule.ts';
import { readNodes } from '../where.ts';
import { type Context, contextOf, readDeclared } from './context.ts';
import { Fields } from './fields.ts';
import { readNotify, readRule } from './read-rule.ts';
import { type RuleFault, Source } from './source.ts';

export const FILE_BYTES_MAX = 1024 * 1024;
const RULES_MAX = 1000;
const CHANNELS_MAX = 100;
const HANDLERS_MAX = 100;
const TEMPLATES_MAX = 500;
/** Open-Falcon gives up on a chain of ten as well. */
const DEPTH_MAX = 10;

export type CheckedRules =
  | ({ readonly kind: 'valid' } & RuleSet)
  | {
      readonly kind: 'invalid';
      readonly errors: readonly RuleFault[];
      /** What has no fault; null when the file as a whole can not be read. */
      readonly usable: RuleSet | null;
    };

/** What rules may name that is not in their text: the file's, for a rule that was made elsewhere. */
export type Outer = {
  readonly channelNames: readonly string[];
  readonly rules: readonly { readonly name: string; readonly slug: string }[];
  readonly declared: readonly string[];
  readonly templates: readonly Lineage[];
};

/** A template and the slug of its parent. */
export type Lineage = { readonly slug: string; readonly parent: string | null };

const nothingOutside: Outer = { channelNames: [], rules: [], declared: [], templates: [] };

/** What stands alone under `rules` or `templates` of a file. */
export type EntryKind = 'rule' | 'template';

/** `fileName` is only used to say where a fault is. */
export function checkRules(text: string, fileName: string, outer: Outer = nothingOutside): CheckedRules {
  const source = new Source(fileName);
  return finish(
    source,
    readText(source, text, 'the file', (top) => new FileReader(source, outer).read(top)),
  );
}

export type Entry = {
  readonly kind: EntryKind;
  readonly text: string;
  /** What faults call the text. */
  readonly name: string;
  /** Slug of the template that the rule stands in. */
  readonly template?: string | null;
};

/** The text of one rule or one template, read as if it stood in the file. */
export function checkEntry({ kind, text, name, template = null }: Entry, outer: Outer): CheckedRules {
  const source = new Source(name);
  const reader = new FileReader(source, outer);
  return finish(
    source,
    readText(source, text, `a ${kind}`, (fields) =>
      kind === 'rule' ? reader.readRule(fields, template) : reader.readTemplate(fields),
    ),
  );
}

/** Null, and its faults noted, for a text that is no map. */
function readText(source: Source, text: string, what: string, read: (top: Fields) => RuleSet): RuleSet | null {
  if (Buffer.byteLength(text, 'utf8') > FILE_BYTES_MAX) {
    source.fault(0, `the file is larger than ${FILE_BYTES_MAX / 1024} KiB; split it`);
    return null;
  }
  // Keys that are given twice are told by `Fields`, whose check is linear.
  const document = parseDocument(text, { lineCounter: source.lines, prettyErrors: false, uniqueKeys: false });
  for (const error of document.errors) source.fault(error.pos[0], `not YAML: ${error.message}`);
  if (document.errors.length > 0) return null;
  if (document.contents === null && what === 'the file') return noRules;
  const resolve = (node: unknown) => (isAlias(node) ? node.resolve(document) : node);
  const top = Fields.of(source, document.contents, what, resolve);
  return top === undefined ? null : read(top);
}

function finish(source: Source, found: RuleSet | null): CheckedRules {
  if (source.faultCount === 0 && found !== null) {
    return { kind: 'valid', ...found };
  }
  const errors = [...source.faults].sort((a, b) => a.line - b.line || a.column - b.column);
  return { kind: 'invalid', errors, usable: found };
}

type WrittenTemplate = { readonly fields: Fields; readonly slug: string; readonly rules: readonly Fields[] };

class FileReader {
  readonly #source: Source;
  readonly #outer: Outer;

  constructor(source: Source, outer: Outer) {
    this.#source = source;
    this.#outer = outer;
  }

  readRule(fields: Fields, template: string | null): RuleSet {
    const rules = this.#rules([fields], this.#context({ rules: namesOf([fields], []) }), template);
    return { ...noRules, rules };
  }

  readTemplate(fields: Fields): RuleSet {
    const written = writtenTemplate(fields);
    const read = this.#template(written, [written], this.#context({ rules: namesOf([], [written]) }));
    return { ...noRules, templates: read === undefined ? [] : [read] };
  }

  read(top: Fields): RuleSet {
    top.rejectUnknown(['rules', 'channels', 'templates', 'metrics', 'prehandling', ...peopleKeys]);
    const channelFields = top.list('channels', 'a channel', CHANNELS_MAX);
    const channels = channelFields.flatMap((fields) => readChannel(fields) ?? []);
    rejectTwins(channelFields, (name) => name);
    // A channel that has a fault of its own is still a channel that a rule may name.
    const channelNames = channelFields.flatMap((fields) => fields.nameAsWritten ?? []);
    const people = readPeople((key, what, max) => top.list(key, what, max), channels, channelNames);
    const handlerFields = top.list('prehandling', 'a handler', HANDLERS_MAX);
    const handlers = handlerFields.flatMap((fields) => readHandler(fields) ?? []);
    rejectTwins(handlerFields, (name) => name);
    const own = top.list('rules', 'a rule', RULES_MAX);
    const written = top.list('templates', 'a template', TEMPLATES_MAX).map(writtenTemplate);
    const metrics = readDeclared(top);
    const context = this.#context({
      channelNames: [...channelNames, ...people.teams.keys()],
      rules: namesOf(own, written),
      declared: metrics,
    });
    const rules = this.#rules(own, context, null);
    const templates = written.flatMap((template) => this.#template(template, written, context) ?? []);
    rejectTwins(
      written.map(({ fields }) => fields),
      slugOf,
    );
    return { rules, channels, people, handlers, templates, metrics };
  }

  #context({ channelNames = [], rules = [], declared = [] }: Partial<Outer>): Context {
    return contextOf({
      source: this.#source,
      channelNames: [...channelNames, ...this.#outer.channelNames],
      rules: [...rules, ...this.#outer.rules],
      declared: [...declared, ...this.#outer.declared],
    });
  }

  #rules(list: readonly Fields[], context: Context, template: string | null): readonly Rule[] {
    const rules = list.flatMap((fields) => readRule(fields, context, template) ?? []);
    const twins = rejectTwins(list, slugOf);
    return twins.size === 0
      ? rules
      : rules.filter((rule, index) => !twins.has(slugOf(rule.name)) || isFirst(rules, index));
  }

  #template(
    { fields, slug, rules }: WrittenTemplate,
    all: readonly WrittenTemplate[],
    context: Context,
  ): Template | undefined {
    fields.rejectUnknown(['name', 'parent', 'nodes', 'notify', 'rules'], { node: 'write nodes: [service=web]' });
    const name = fields.text('name', { required: true, max: 100 });
    if (name !== undefined && slug === '')
      fields.fault('name', `the name "${name}" has no letter or digit; give it words`);
    const parent = this.#parent(fields, slug, all);
    const nodes = readNodes(fields, 'nodes');
    const notify = readNotify(fields, context) ?? null;
    const read = this.#rules(rules, context, slug);
    return name === undefined ? undefined : { name, slug, parent, nodes, notify, rules: read };
  }

  #parent(fields: Fields, slug: string, all: readonly WrittenTemplate[]): string | null {
    const written = fields.written('parent', { max: 100 });
    if (written === undefined) return null;
    const { templates: others } = this.#outer;
    const parentOf = (one: string) => {
      const name = all.find((template) => template.slug === one)?.fields.text('parent');
      return name === undefined ? (others.find((other) => other.slug === one)?.parent ?? undefined) : slugOf(name);
    };
    const parent = slugOf(written.text);
    if (![...all, ...others].some((template) => template.slug === parent)) {
      fields.faultAt(written.offset, `unknown template "${written.text}"; write the name of a template of this file`);
      return null;
    }
    let depth = 1;
    for (let next: string | undefined = parent; next !== undefined; next = parentOf(next)) {
      if (++depth > DEPTH_MAX || next === slug) {
        const what =
          next === slug
            ? 'the templates inherit from each other in a circle'
            : `more than ${DEPTH_MAX} templates inherit in a row`;
        fields.faultAt(written.offset, `${what}; remove one "parent"`);
        return null;
      }
    }
    return parent;
  }
}

function writtenTemplate(fields: Fields): WrittenTemplate {
  return { fields, slug: slugOf(fields.nameAsWritten ?? ''), rules: fields.list('rules', 'a rule', RULES_MAX) };
}

function namesOf(own: readonly Fields[], templates: readonly WrittenTemplate[]) {
  const named = (list: readonly Fields[], prefix: string) =>
    list.flatMap(({ nameAsWritten: name }) => (name === undefined ? [] : [{ name, slug: `${prefix}${slugOf(name)}` }]));
  return [...templates.flatMap(({ rules, slug }) => named(rules, `${slug}.`)), ...named(own, '')];
}

const isFirst = (rules: readonly Rule[], index: number): boolean =>
  rules.findIndex((rule) => rule.slug === rules[index]?.slug) === index;

/** Tells two names that read the same once `keyOf` has had them. Returns the keys that are taken twice. */
function rejectTwins(list: readonly Fields[], keyOf: (name: string) => string): ReadonlySet<string> {
  const seen = new Map<string, string>();
  const twins = new Set<string>();
  for (const fields of list) {
    const name = fields.nameAsWritten;
    if (name === undefined) continue;
    const key = keyOf(name);
    const twin = seen.get(key);
    if (twin === name) fields.fault('name', `the name "${name}" is taken; give each entry a name of its own`);
    else if (twin !== undefined) {
      fields.fault('name', `"${name}" and "${twin}" differ in case or punctuation only; rename one of them`);
    }
    if (twin !== undefined) twins.add(key);
    seen.set(key, name);
  }
  return twins;
}
