/** The `where` of a rule: reading it, and telling whether a series is meant by it. */
import { type Endpoint, type MetricDefinition, matchesWildcard, nearestName, type Tags } from '../../core/index.ts';
import type { Fields } from './read/fields.ts';
import type { MetricLookup, Where } from './rule.ts';
import { serviceOf } from './service.ts';
import { isBelow, type Node, readNode } from './tree.ts';

const keys = ['kind', 'endpoint', 'host', 'image', 'service', 'node', 'tags', 'labels'];
const NODES_MAX = 32;
const PATTERNS_MAX = 32;

export function matchesWhere(where: Where, endpoint: Endpoint, tags: Tags): boolean {
  if (where.kind !== undefined && where.kind !== endpoint.kind) return false;
  if (!matchesPattern(where.endpoint, endpoint.name)) return false;
  if (!matchesPattern(where.host, endpoint.host)) return false;
  if (!matchesPattern(where.image, endpoint.container?.image)) return false;
  if (where.service !== undefined && !matchesPattern(where.service, serviceOf(endpoint))) return false;
  if (where.nodes.length > 0 && !where.nodes.some((node) => isBelow(endpoint, node))) return false;
  return matchesAll(where.tags, tags) && matchesAll(where.labels, endpoint.labels);
}

function matchesAll(patterns: Tags, values: Tags): boolean {
  for (const key in patterns) if (!matchesPattern(patterns[key], values[key])) return false;
  return true;
}

/** An undefined pattern matches all, an undefined value only that. */
export function matchesPattern(pattern: string | undefined, value: string | undefined): boolean {
  return pattern === undefined || (value !== undefined && matchesWildcard(pattern, value));
}

export const everywhere: Where = { nodes: [], tags: {}, labels: {} };

/** Reads the `where` of a rule; undefined when there is none. What is at fault is left out. */
export function readWhere(rule: Fields, metric: string | undefined, metricOf: MetricLookup): Where {
  const fields = rule.map('where');
  if (fields === undefined) return everywhere;
  const definition = metric === undefined ? undefined : metricOf(metric);
  fields.rejectUnknown(keys, strayHints(fields, definition));
  const kind = fields.oneOf('kind', ['host', 'container']);
  const where: Where = {
    ...(kind === undefined ? {} : { kind }),
    ...texts(fields, ['endpoint', 'host', 'image', 'service']),
    nodes: readNodes(fields, 'node'),
    tags: readPatterns(fields, 'tags'),
    labels: readPatterns(fields, 'labels'),
  };
  if (definition !== undefined) checkAgainstMetric(fields, where, { ...definition, name: metric ?? '' });
  return where;
}

/** The nodes that a key lists; one alone counts as a list of one. */
export function readNodes(fields: Fields, key: string): readonly Node[] {
  return fields.texts(key, NODES_MAX).flatMap(({ text, offset }) => {
    const read = readNode(text);
    if ('node' in read) return [read.node];
    fields.faultAt(offset, read.fault);
    return [];
  });
}

function texts(fields: Fields, names: readonly string[]): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of names) {
    const text = fields.text(name);
    if (text !== undefined) found[name] = text;
  }
  return found;
}

function readPatterns(fields: Fields, key: string): Tags {
  const map = fields.map(key);
  if (map === undefined) return {};
  const names = [...map.keys];
  if (names.length > PATTERNS_MAX) {
    fields.fault(key, `"${key}" has ${names.length} entries; ${PATTERNS_MAX} at most`);
    return {};
  }
  return texts(map, names);
}

type Described = Pick<MetricDefinition, 'tags' | 'on'>;

/** Where a key that is no key of `where` belongs: most people mean a tag or a label. */
function strayHints(fields: Fields, definition: Described | undefined): Record<string, string> {
  const hints: Record<string, string> = {};
  for (const key of fields.keys) {
    if (definition?.tags.includes(key)) hints[key] = `a tag goes under tags: write tags: { ${key}: … }`;
    else if (nearestName(key, keys) === undefined) {
      hints[key] = `the keys are ${keys.join(', ')}; a container label goes under labels: { ${key}: … }`;
    }
  }
  return hints;
}

/** A `where` that no series can satisfy is a slip, not a rule. */
function checkAgainstMetric(fields: Fields, where: Where, metric: Described & { readonly name: string }): void {
  const containerOnly = (['image', 'service'] as const).filter((key) => where[key] !== undefined);
  if (where.kind !== undefined && metric.on !== 'both' && where.kind !== metric.on) {
    fields.fault('kind', `"${metric.name}" exists on ${metric.on}s only; write kind: ${metric.on} or remove the line`);
  }
  for (const key of containerOnly) {
    if (metric.on === 'host' || where.kind === 'host') {
      fields.fault(key, `"${key}" is a property of containers, and this rule watches hosts; remove the line`);
    }
  }
  const map = fields.map('tags');
  for (const key of map?.keys ?? []) {
    if (metric.tags.includes(key)) continue;
    const has = metric.tags.length === 0 ? 'no tags' : metric.tags.join(', ');
    map?.fault(key, `unknown tag "${key}"; "${metric.name}" has ${has}`);
  }
}
