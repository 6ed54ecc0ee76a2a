/** The YAML of one rule or template: written from its keys, compared, and changed without losing its comments. */
import { Document, isCollection, isMap, isScalar, isSeq, parse, parseDocument } from 'yaml';
import { type RuleSet, slugOf, type Template, type Written } from '../rule.ts';
import { formatNode } from '../tree.ts';

/** A rule is flat but for `where` and its like, which read best in one line each. */
export function writeEntry(entry: Written): string {
  const document = new Document(entry);
  const rules = document.get('rules');
  for (const map of [document.contents, ...(isSeq(rules) ? rules.items : [])]) {
    for (const { value } of isMap(map) ? map.items : []) {
      if (value !== rules && isCollection(value)) value.flow = true;
    }
  }
  return document.toString({ lineWidth: 0, flowCollectionPadding: true });
}

/** The keys that a template of a file was written with. */
export function writtenTemplate({ name, parent, nodes, notify, rules }: Template, { templates }: RuleSet): Written {
  const parentName = templates.find(({ slug }) => slug === parent)?.name;
  return {
    name,
    ...(parentName === undefined ? {} : { parent: parentName }),
    ...(nodes.length === 0 ? {} : { nodes: nodes.map(formatNode) }),
    ...(notify === null ? {} : { notify }),
    rules: rules.map(({ written }) => written),
  };
}

/** The template with one of its rules put in the place of the one of that name, or at the end; null takes it out. */
export function withRule(template: string, name: string, rule: string | null): string {
  const document = parseDocument(template);
  const found = document.get('rules');
  const rules = isSeq(found) ? found : document.createNode([]);
  if (!isSeq(found)) document.set('rules', rules);
  const slug = slugOf(name);
  const at = rules.items.findIndex((item) => isMap(item) && slugOf(String(item.get('name'))) === slug);
  if (rule === null) {
    if (at >= 0) rules.items.splice(at, 1);
  } else {
    const node = parseDocument(rule).contents;
    if (at >= 0) rules.items[at] = node;
    else rules.items.push(node);
  }
  rules.flow = false;
  return document.toString({ lineWidth: 0 });
}

/** Whom the entry tells, whether they exist or not. The text was read without a fault once. */
export function namesToldBy(text: string): readonly string[] {
  const { notify, rules }: { readonly notify?: unknown; readonly rules?: unknown } = Object(parse(text));
  const inner = Array.isArray(rules) ? rules.map((rule) => Object(rule).notify) : [];
  return [notify, ...inner].flat().filter((name) => typeof name === 'string');
}

/** Each key that differs, with what it was and is. */
export function differences(before: string, after: string): readonly string[] {
  const [was, is]: readonly Written[] = [before, after].map((text) => Object(parse(text)));
  const keys = new Set([...Object.keys(was ?? {}), ...Object.keys(is ?? {})]);
  return [...keys].flatMap((key) => {
    const [old, now] = [was?.[key], is?.[key]].map((value) => (value === undefined ? null : JSON.stringify(value)));
    if (old === now) return [];
    return [
      old === null
        ? `${key} is new: ${now}`
        : now === null
          ? `${key} is gone, it was ${old}`
          : `${key}: ${old} → ${now}`,
    ];
  });
}

/** The key at a place of the text, as in `where.tags`; null where there is none. Lines and columns count from 1. */
export function fieldAt(text: string, line: number, column: number): string | null {
  const before = text.split('\n').slice(0, line - 1);
  const offset = before.reduce((sum, one) => sum + one.length + 1, 0) + column - 1;
  const { contents } = parseDocument(text, { uniqueKeys: false });
  const path: string[] = [];
  for (let node: unknown = contents; isMap(node); ) {
    const pair = node.items.findLast(({ key }) => isScalar(key) && (key.range?.[0] ?? 0) <= offset);
    if (pair === undefined || !isScalar(pair.key)) break;
    path.push(String(pair.key.value));
    node = pair.value;
  }
  return path.length === 0 ? null : path.join('.');
}
