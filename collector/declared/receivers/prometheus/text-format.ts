/**
 * The text in which Prometheus' exporters answer (prometheus/docs, exposition_formats.md), and what of
 * OpenMetrics looks the same: `# TYPE`, `_total`, `# EOF`, exemplars, which are left out.
 */
import type { Tags } from '../../../../core/index.ts';
import { metricName, type Point } from '../point.ts';

/** Samples of one answer. A large exporter has two thousand. */
export const SAMPLES_MAX = 20_000;
const BUCKETS_MAX = 200;

type Sample = { readonly name: string; readonly labels: Record<string, string>; readonly value: number };
type Family = { readonly base: string; readonly type: string };
type Group = { tags: Tags; count: number; sum: number; readonly parts: { at: number; value: number }[] };

export type ParsedText = {
  readonly points: readonly Point[];
  /** Lines that are no samples. */
  readonly badLines: number;
  /** Number and text of the first of them. */
  readonly firstBad: string | null;
  /** Samples beyond the limit. */
  readonly refused: number;
};

/** Never throws: a line that is no sample costs that line. */
export function parseText(text: string): ParsedText {
  const types = new Map<string, string>();
  const points: Point[] = [];
  const groups = new Map<string, { readonly family: Family; readonly group: Group }>();
  let [badLines, samples, lineNumber] = [0, 0, 0];
  let firstBad: string | null = null;
  for (const line of text.split('\n')) {
    lineNumber++;
    if (line.trim() === '') continue;
    if (line.startsWith('#')) {
      const [, name, type] = /^#\s*TYPE\s+(\S+)\s+(\S+)\s*$/.exec(line) ?? [];
      if (name !== undefined && type !== undefined && types.size < SAMPLES_MAX) types.set(name, type);
      continue;
    }
    const sample = parseSample(line);
    if (sample === null) {
      badLines++;
      firstBad ??= `line ${lineNumber}: ${JSON.stringify(line.slice(0, 60))}`;
      continue;
    }
    if (++samples > SAMPLES_MAX) continue;
    const family = familyOf(sample.name, types);
    if (family.type === 'histogram' || family.type === 'summary') addPart(groups, family, sample);
    else points.push(plainPoint(sample, family));
  }
  for (const { family, group } of groups.values()) points.push(groupPoint(family, group));
  return { points, badLines, firstBad, refused: Math.max(0, samples - SAMPLES_MAX) };
}

/** The type is that of the name, or of the name without what its kind puts at its end. */
function familyOf(name: string, types: ReadonlyMap<string, string>): Family {
  const own = types.get(name);
  if (own !== undefined) return { base: name, type: own };
  const [, base = name] = /^(.*)_(?:bucket|sum|count|total|created)$/.exec(name) ?? [];
  const type = types.get(base);
  if (type === undefined) return { base: name, type: name.endsWith('_total') ? 'counter' : 'untyped' };
  return { base: type === 'counter' ? name : base, type };
}

function plainPoint({ name, labels, value }: Sample, { type }: Family): Point {
  const metric = metricName(name) ?? name;
  if (type === 'counter' && !name.endsWith('_created')) {
    return { kind: 'counter', metric, tags: labels, value, isDelta: false };
  }
  return { kind: 'gauge', metric, tags: labels, value };
}

function addPart(groups: Map<string, { family: Family; group: Group }>, family: Family, sample: Sample): void {
  const { le, quantile, ...tags } = sample.labels;
  const key = `${family.base}\n${JSON.stringify(Object.entries(tags).sort())}`;
  const fresh: Group = { tags, count: Number.NaN, sum: Number.NaN, parts: [] };
  const group = groups.get(key)?.group ?? fresh;
  groups.set(key, { family, group });
  if (sample.name === `${family.base}_sum`) group.sum = sample.value;
  else if (sample.name === `${family.base}_count`) group.count = sample.value;
  else if (sample.name !== `${family.base}_created` && group.parts.length < BUCKETS_MAX) {
    group.parts.push({ at: numberOf(le ?? quantile ?? '') ?? Number.NaN, value: sample.value });
  }
}

function groupPoint({ base, type }: Family, { tags, count, sum, parts }: Group): Point {
  const metric = metricName(base) ?? base;
  const sorted = parts.filter(({ at }) => !Number.isNaN(at)).sort((a, b) => a.at - b.at);
  if (type === 'summary') {
    const quantiles = sorted.map(({ at, value }) => ({ q: at, value }));
    return { kind: 'summary', metric, tags, count, sum, quantiles };
  }
  // Each bucket also counts what lies in those below it; the last one is +Inf.
  const finite = sorted.filter(({ at }) => Number.isFinite(at));
  const cumulative = [...finite.map(({ value }) => value), sorted.at(-1)?.value ?? count];
  const counts = cumulative.map((value, index) => value - (cumulative[index - 1] ?? 0));
  const total = Number.isNaN(count) ? (cumulative.at(-1) ?? 0) : count;
  return {
    kind: 'histogram',
    metric,
    tags,
    isDelta: false,
    count: total,
    sum,
    bounds: finite.map(({ at }) => at),
    counts,
  };
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*/;
const LABEL = /\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*=\s*"((?:[^"\\\n]|\\.)*)"\s*(,|\})/y;

/** `name{label="value"} 1.5 1700000000000`; null for what is no sample. */
function parseSample(line: string): Sample | null {
  const name = NAME.exec(line)?.[0];
  if (name === undefined) return null;
  let at = name.length;
  while (line[at] === ' ' || line[at] === '\t') at++;
  const labels: Record<string, string> = {};
  if (line[at] === '{') {
    const end = parseLabels(line, at + 1, labels);
    if (end === null) return null;
    at = end;
  }
  const [written = ''] = line.slice(at).trim().split(/[ \t]/);
  const value = numberOf(written);
  return value === null ? null : { name, labels, value };
}

/** Puts labels into `labels`; returns where the value begins, null for a fault. */
function parseLabels(line: string, from: number, labels: Record<string, string>): number | null {
  let at = from;
  for (;;) {
    const close = /\s*\}/y;
    close.lastIndex = at;
    if (close.test(line)) return close.lastIndex;
    LABEL.lastIndex = at;
    const [, key, value, mark] = LABEL.exec(line) ?? [];
    if (key === undefined || value === undefined) return null;
    labels[key] = value.replace(/\\(.)/g, (_, letter: string) => (letter === 'n' ? '\n' : letter));
    at = LABEL.lastIndex;
    if (mark === '}') return at;
  }
}

function numberOf(text: string): number | null {
  if (/^[+-]?Inf(inity)?$/i.test(text))
    return text.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  if (/^NaN$/i.test(text)) return Number.NaN;
  const value = text === '' ? Number.NaN : Number(text);
  return Number.isNaN(value) ? null : value;
}
