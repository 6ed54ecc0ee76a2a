/**
 * What a script writes: Open-Falcon's JSON array of items. `endpoint`, `step` and `timestamp` are
 * taken and not used: a value stands in the second in which the script ended, on this host.
 */
import { findMetric, type Tags } from '../../../../core/index.ts';

export const ITEMS_MAX = 500;
const METRIC_FORM = /^[A-Za-z_][A-Za-z0-9_.:-]{0,127}$/;
const TAGS_MAX = 16;

export type ScriptItem = {
  readonly metric: string;
  readonly tags: Tags;
  readonly value: number;
  readonly isCounter: boolean;
};

export type ScriptItems = {
  readonly items: readonly ScriptItem[];
  /** Items that were refused. */
  readonly refused: number;
  /** Why the first of them was. */
  readonly problem: string | null;
};

/** Never throws: an item at fault costs that item. Empty output is no items. */
export function parseItems(stdout: string): ScriptItems {
  const text = stdout.trim();
  if (text === '') return { items: [], refused: 0, problem: null };
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    const start = JSON.stringify(text.slice(0, 40));
    return failed(`its output is no JSON; it begins with ${start}, and should be [{"metric": …, "value": …}]`);
  }
  if (!Array.isArray(parsed)) return failed('its output is JSON, but no array; write [{"metric": …, "value": …}]');
  if (parsed.length > ITEMS_MAX) return failed(`its output has ${parsed.length} items; ${ITEMS_MAX} at most`);
  const items: ScriptItem[] = [];
  let problem: string | null = null;
  for (const [index, item] of parsed.entries()) {
    const read = readItem(item);
    if (typeof read === 'string') problem ??= `item ${index}: ${read}`;
    else items.push(read);
  }
  return { items, refused: parsed.length - items.length, problem };
}

const failed = (problem: string): ScriptItems => ({ items: [], refused: 1, problem });

/** The item, or what is wrong with it. */
function readItem(item: unknown): ScriptItem | string {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) return 'is no object';
  const { metric, value, tags, counterType } = item as Readonly<Record<string, unknown>>;
  if (typeof metric !== 'string' || !METRIC_FORM.test(metric)) {
    return `metric is ${JSON.stringify(metric)?.slice(0, 80)}; write letters, digits and _ . : - (at most 128)`;
  }
  if (findMetric(metric) !== undefined) {
    return `${metric} is a metric that Saker measures itself; give yours another name`;
  }
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isFinite(number)) {
    return `the value of ${metric} is ${JSON.stringify(value)?.slice(0, 80)}, not a number`;
  }
  if (counterType !== undefined && counterType !== 'GAUGE' && counterType !== 'COUNTER' && counterType !== 'DERIVE') {
    return `counterType of ${metric} is ${JSON.stringify(counterType)?.slice(0, 80)}; write GAUGE or COUNTER`;
  }
  const read = readTags(tags);
  if (typeof read === 'string') return `${metric}: ${read}`;
  return { metric, tags: read, value: number, isCounter: counterType === 'COUNTER' || counterType === 'DERIVE' };
}

/** `k=v,k=v` as in Open-Falcon, or an object of texts. */
function readTags(tags: unknown): Tags | string {
  if (tags === undefined || tags === null || tags === '') return {};
  const pairs: (readonly [string, unknown])[] =
    typeof tags === 'string'
      ? tags.split(',').map((pair) => splitPair(pair))
      : typeof tags === 'object' && !Array.isArray(tags)
        ? Object.entries(tags)
        : [];
  if (pairs.length === 0) return 'tags are neither "k=v,k=v" nor an object';
  if (pairs.length > TAGS_MAX) return `${pairs.length} tags; ${TAGS_MAX} at most`;
  const found: Record<string, string> = {};
  for (const [key, value] of pairs) {
    if (!/^[^,=\s]{1,64}$/.test(key)) return `${JSON.stringify(key.slice(0, 80))} is no name of a tag`;
    if (typeof value !== 'string' || value.length > 255) return `tag ${key} has no text of at most 255 characters`;
    found[key] = value;
  }
  return found;
}

function splitPair(pair: string): readonly [string, string] {
  const at = pair.indexOf('=');
  return at < 0 ? [pair.trim(), ''] : [pair.slice(0, at).trim(), pair.slice(at + 1).trim()];
}
