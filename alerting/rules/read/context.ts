/** What reading one rule asks of the whole file: its channels, its rules' names, the metrics there are. */
import { findMetric, metrics, nearestName, type Written } from '../../../core/index.ts';
import { type MetricLookup, slugOf } from '../rule.ts';
import type { Fields } from './fields.ts';
import type { Source } from './source.ts';

export type Context = {
  readonly channelNames: readonly string[];
  /** Names of all rules, also of those with a fault. */
  readonly ruleNames: readonly string[];
  /** The slug of a rule by its name as written, its template's name before it where it has one. */
  readonly ruleSlug: (name: string) => string | undefined;
  readonly metricOf: MetricLookup;
  /** False when there is no such metric, which was then said. */
  readonly knowsMetric: (metric: Written) => boolean;
  readonly faultCount: () => number;
};

export type ContextSources = {
  readonly source: Source;
  readonly channelNames: readonly string[];
  readonly rules: readonly { readonly name: string; readonly slug: string }[];
  /** Metrics from outside, as the file lists them; `*` at an end stands for any. */
  readonly declared: readonly string[];
};

export function contextOf({ source, channelNames, rules, declared }: ContextSources): Context {
  const slugs = new Map(rules.map(({ name, slug }) => [slugOf(name), slug]));
  const isDeclared = (name: string): boolean => {
    return declared.some((one) => (one.endsWith('*') ? name.startsWith(one.slice(0, -1)) : one === name));
  };
  const metricOf: MetricLookup = (name) => findMetric(name);
  return {
    channelNames,
    ruleNames: rules.map(({ name }) => name),
    ruleSlug: (name) => slugs.get(slugOf(name)),
    metricOf,
    knowsMetric: ({ text, offset }) => {
      if (metricOf(text) !== undefined || isDeclared(text)) return true;
      const near = nearestName(text, [...metrics.map(({ name }) => name), ...declared]);
      const advice = near === undefined ? 'docs/collector/metrics.md lists all metrics' : `did you mean "${near}"?`;
      source.fault(offset, `unknown metric "${text}"; ${advice}`);
      return false;
    },
    faultCount: () => source.faultCount,
  };
}

const DECLARED_MAX = 1000;

/** The list under `metrics`: what is pushed from outside, and so known to no catalogue. */
export function readDeclared(top: Fields): readonly string[] {
  return top.texts('metrics', DECLARED_MAX).flatMap(({ text, offset }) => {
    if (/^[A-Za-z_][A-Za-z0-9_.:-]{0,126}\*?$/.test(text)) return [text];
    top.faultAt(
      offset,
      `"${text}" is no name for a metric; write letters, digits and _ . : -, and "*" at the end at most`,
    );
    return [];
  });
}
