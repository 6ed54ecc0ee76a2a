/**
 * Turns the text of a rules file into rules and channels, or into the list of all its faults. Pure:
 * the running server and `saker rules check` read a file with the same eyes.
 */
import { isAlias, isMap, isSeq, parseDocument } from 'yaml';
import { findMetric, metrics } from '../../core/index.ts';
import { readChannel } from '../channels/index.ts';
import { readCondition } from './condition.ts';
import { Fields, offsetOf } from './fields.ts';
import { nearestName } from './near-names.ts';
import { checkNote } from './note.ts';
import { type Rule, type RuleSet, slugOf } from './rule.ts';
import { type RuleFault, Source } from './source.ts';
import { readWhere } from './where.ts';

export const FILE_BYTES_MAX = 1024 * 1024;
const RULES_MAX = 1000;
const CHANNELS_MAX = 100;
/** An alert shows its deliveries, and one read of the state store gives 10,000 rows: 1,000 alerts × 8. */
const NOTIFY_MAX = 8;

const MAX_STEP_DEFAULT = 3;
/** Open-Falcon's `minInterval`. */
const MIN_INTERVAL_DEFAULT_SECONDS = 300;
const PRIORITY_DEFAULT = 3;

const ruleKeys = ['name', 'metric', 'where', 'condition', 'priority', 'max_step', 'min_interval', 'note', 'notify'];
const ruleHints = {
  func: 'write the whole condition in one line: condition: all(#3) > 80',
  op: 'write the whole condition in one line: condition: all(#3) > 80',
  operator: 'write the whole condition in one line: condition: all(#3) > 80',
  right_value: 'write the whole condition in one line: condition: all(#3) > 80',
  tags: 'tags go under where: { tags: { … } }',
  labels: 'labels go under where: { labels: { … } }',
  channels: 'a rule names its channels under notify: [name]',
};

export type CheckedRules =
  | ({ readonly kind: 'valid' } & RuleSet)
  | { readonly kind: 'invalid'; readonly errors: readonly RuleFault[] };

/** `fileName` is only used to say where a fault is. */
export function checkRules(text: string, fileName: string): CheckedRules {
  const source = new Source(fileName);
  if (Buffer.byteLength(text, 'utf8') > FILE_BYTES_MAX) {
    source.fault(0, `the file is larger than ${FILE_BYTES_MAX / 1024} KiB; split it`);
    return { kind: 'invalid', errors: source.faults };
  }
  // Keys that are given twice are told by `Fields`, whose check is linear.
  const document = parseDocument(text, { lineCounter: source.lines, prettyErrors: false, uniqueKeys: false });
  for (const error of document.errors) source.fault(error.pos[0], `not YAML: ${error.message}`);
  if (document.errors.length > 0 || document.contents === null) return finish(source, { rules: [], channels: [] });
  const resolve = (node: unknown) => (isAlias(node) ? node.resolve(document) : node);
  const top = Fields.of(source, document.contents, 'the file', resolve);
  return finish(source, top === undefined ? { rules: [], channels: [] } : readFile(source, top, resolve));
}

function finish(source: Source, found: RuleSet): CheckedRules {
  if (source.faults.length === 0) return { kind: 'valid', ...found };
  const errors = [...source.faults].sort((a, b) => a.line - b.line || a.column - b.column);
  return { kind: 'invalid', errors };
}

type Resolve = (node: unknown) => unknown;

function readFile(source: Source, top: Fields, resolve: Resolve): RuleSet {
  top.rejectUnknown(['rules', 'channels']);
  const channelFields = [...entries(source, { top, key: 'channels', what: 'a channel', max: CHANNELS_MAX }, resolve)];
  const channels = channelFields.flatMap((fields) => readChannel(fields) ?? []);
  rejectTwins(channelFields, (name) => name);
  const ruleFields = [...entries(source, { top, key: 'rules', what: 'a rule', max: RULES_MAX }, resolve)];
  // A channel that has a fault of its own is still a channel that a rule may name.
  const channelNames = channelFields.flatMap((fields) => fields.nameAsWritten ?? []);
  const rules = ruleFields.flatMap((fields) => readRule(fields, channelNames) ?? []);
  rejectTwins(ruleFields, slugOf);
  return { rules, channels };
}

type ListOfMaps = { readonly top: Fields; readonly key: string; readonly what: string; readonly max: number };

function* entries(source: Source, list: ListOfMaps, resolve: Resolve): Iterable<Fields> {
  const { top, key, what, max } = list;
  const node = resolve(top.value(key));
  if (node === undefined) return;
  if (!isSeq(node)) {
    const advice = isMap(node)
      ? 'begin each entry with "- name: …"'
      : 'write a list, each entry beginning with "- name: …"';
    return source.fault(top.offsetOfKey(key), `"${key}" must be a list; ${advice}`);
  }
  if (node.items.length > max) {
    return source.fault(offsetOf(node), `${node.items.length} ${key}; ${max} at most`);
  }
  for (const item of node.items) {
    const fields = Fields.of(source, item, what, resolve);
    if (fields !== undefined) yield fields;
  }
}

/** Two names that read the same once `keyOf` has had them. */
function rejectTwins(list: readonly Fields[], keyOf: (name: string) => string): void {
  const seen = new Map<string, string>();
  for (const fields of list) {
    const name = fields.nameAsWritten;
    if (name === undefined) continue;
    const twin = seen.get(keyOf(name));
    if (twin === name) fields.fault('name', `the name "${name}" is taken; give each entry a name of its own`);
    else if (twin !== undefined) {
      fields.fault('name', `"${name}" and "${twin}" differ in case or punctuation only; rename one of them`);
    }
    seen.set(keyOf(name), name);
  }
}

function readRule(fields: Fields, channelNames: readonly string[]): Rule | undefined {
  fields.rejectUnknown(ruleKeys, ruleHints);
  const fault = (offset: number, message: string): undefined => void fields.faultAt(offset, message);
  const name = readName(fields);
  const metric = readMetric(fields);
  const where = readWhere(fields, metric);
  const written = fields.written('condition', { required: true });
  const condition = written && readCondition(written, metric, fault);
  const note = fields.written('note', { max: 500 });
  if (note !== undefined) checkNote(note, fault);
  const rest = {
    priority: fields.integer('priority', { min: 0, max: 6 }) ?? PRIORITY_DEFAULT,
    maxStep: fields.integer('max_step', { min: 0, max: 100_000 }) ?? MAX_STEP_DEFAULT,
    minIntervalSeconds: readDuration(fields, 'min_interval') ?? MIN_INTERVAL_DEFAULT_SECONDS,
    note: note?.text ?? '',
    notify: readNotify(fields, channelNames),
  };
  if (name === undefined || metric === undefined || condition === undefined) return undefined;
  return { name, slug: slugOf(name), metric, where, condition, ...rest };
}

function readName(fields: Fields): string | undefined {
  const written = fields.written('name', { required: true, max: 100 });
  if (written === undefined || slugOf(written.text) !== '') return written?.text;
  fields.faultAt(written.offset, `the name "${written.text}" has no letter or digit; give the rule a name with words`);
  return undefined;
}

function readMetric(fields: Fields): string | undefined {
  const written = fields.written('metric', { required: true, max: 128 });
  if (written === undefined || findMetric(written.text) !== undefined) return written?.text;
  const known = metrics.map((metric) => metric.name);
  const near = nearestName(written.text, known);
  const advice = near === undefined ? 'docs/rules.md lists all metrics' : `did you mean "${near}"?`;
  fields.faultAt(written.offset, `unknown metric "${written.text}"; ${advice}`);
  return undefined;
}

const secondsOf: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 };

function readDuration(fields: Fields, key: string): number | undefined {
  const written = fields.written(key);
  if (written === undefined) return undefined;
  const [, amount = '', unit = ''] =
    /^(\d{1,7})(s|m|h)$/.exec(written.text) ?? (written.text === '0' ? ['', '0', 's'] : []);
  const seconds = amount === '' ? Number.NaN : Number(amount) * (secondsOf[unit] ?? Number.NaN);
  if (seconds <= 7 * 24 * 3600) return seconds;
  const bare = /^\d{1,6}$/.test(written.text) ? `${written.text}s` : '300s, 5m or 1h (168h at most)';
  fields.faultAt(written.offset, `"${key}" is "${written.text}"; write ${bare}`);
  return undefined;
}

function readNotify(fields: Fields, channelNames: readonly string[]): readonly string[] {
  const names = new Set<string>();
  for (const { text, offset } of fields.texts('notify', NOTIFY_MAX)) {
    if (channelNames.includes(text)) {
      names.add(text);
      continue;
    }
    const near = nearestName(text, channelNames);
    const known = channelNames.length === 0 ? 'the file has no channels' : `the file has ${channelNames.join(', ')}`;
    fields.faultAt(offset, `unknown channel "${text}"; ${near === undefined ? known : `did you mean "${near}"?`}`);
  }
  return [...names];
}
