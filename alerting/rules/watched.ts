/** Which metrics the rules look at on an endpoint, so that somebody can see to it that they are measured. */
import type { Endpoint, Tags } from '../../core/index.ts';
import { allTests } from './rule.ts';
import type { RuleBook } from './templates.ts';
import { matchesWhere } from './where.ts';

export type WatchedMetric = { readonly rule: string; readonly metric: string; readonly tags: Tags };

/** Each metric of each rule that holds for the endpoint, whatever series it has; only those that `isAsked` is true for. */
export function watchedOn(
  rules: RuleBook,
  endpoint: Endpoint,
  isAsked: (metric: string) => boolean,
): readonly WatchedMetric[] {
  const found: WatchedMetric[] = [];
  for (const byMetric of [rules.own, rules.inherited(endpoint)]) {
    for (const list of byMetric.values()) {
      for (const rule of list) {
        const metrics = [rule.metric, ...allTests(rule).flatMap(({ metric }) => metric ?? [])].filter(isAsked);
        if (metrics.length === 0 || !matchesWhere({ ...rule.where, tags: {} }, endpoint, {})) continue;
        for (const metric of new Set(metrics)) found.push({ rule: rule.name, metric, tags: rule.where.tags });
      }
    }
  }
  return found;
}
