/** Which series rules would watch, of those that collectors have told of. */
import type { Dictionary } from '../../../core/index.ts';
import type { Rule, RuleSet } from '../rule.ts';
import { RuleBook } from '../templates.ts';
import { matchesWhere } from '../where.ts';

const SERIES_SHOWN = 50;

export type MatchedSeries = {
  readonly count: number;
  readonly series: { endpoint: string; metric: string; tags: Record<string, string> }[];
};

/** Of the rules with these slugs; the first series of them. An aggregate watches none by itself. */
export function matchedSeries(
  dictionaries: Iterable<Dictionary>,
  candidate: RuleSet,
  slugs: ReadonlySet<string>,
): MatchedSeries {
  const book = new RuleBook(enabled(candidate));
  const found: MatchedSeries['series'] = [];
  let count = 0;
  for (const dictionary of dictionaries) {
    for (const { endpoint: index, metric, tags } of dictionary.series) {
      const endpoint = dictionary.endpoints[index];
      if (endpoint === undefined || endpoint.state !== 'running') continue;
      const lists = [book.own.get(metric), book.inherited(endpoint).get(metric)];
      const watches = (rule: Rule) =>
        slugs.has(rule.slug) && rule.aggregate === null && matchesWhere(rule.where, endpoint, tags);
      if (!lists.some((list) => list?.some(watches))) continue;
      count++;
      if (found.length < SERIES_SHOWN) found.push({ endpoint: endpoint.name, metric, tags: { ...tags } });
    }
  }
  return { count, series: found };
}

/** What a rule that is turned off would watch is still worth knowing. */
export function enabled({ rules, templates, ...rest }: RuleSet): RuleSet {
  const on = (list: readonly Rule[]) => list.map((rule) => ({ ...rule, enabled: true }));
  return {
    ...rest,
    rules: on(rules),
    templates: templates.map((template) => ({ ...template, rules: on(template.rules) })),
  };
}
