import { findMetric, metrics } from '../../../core/index.ts';
import { nearest } from '../text/nearest.ts';

/** Why a policy can not go by this metric, and which one to write; null where it can. */
export function metricFault(name: string): { readonly message: string; readonly write: string } | null {
  const usable = metrics.filter(({ on, tags }) => on !== 'host' && tags.length === 0).map((metric) => metric.name);
  if (usable.includes(name)) return null;
  const meant = usable.findLast((metric) => name.startsWith(`${metric}.`)) ?? nearest(name, usable);
  const write =
    meant === null ? 'a metric that docs/scaling.md lists, such as "metric: cpu.busy"' : `"metric: ${meant}"`;
  const known = findMetric(name);
  if (known === undefined) return { message: 'is not a metric that is collected', write };
  if (known.on === 'host') return { message: 'is measured on hosts, not on containers', write };
  return { message: `has one series for each ${known.tags.join(' and ')}, not one for each instance`, write };
}
