import type { MetricDefinition } from './metric.ts';
import { metrics } from './metrics.ts';

export { tcpCounterNames, tcpExtensionNames, udpCounterNames } from './kernel.ts';
export { type MemoryFigures, memoryVerdict } from './memory-verdict.ts';
export type { MetricDefinition, Unit } from './metric.ts';
export { metrics } from './metrics.ts';

const byName: ReadonlyMap<string, MetricDefinition> = new Map(metrics.map((metric) => [metric.name, metric]));

/** The definition of a metric that the project knows, or undefined for one pushed from outside. */
export function findMetric(name: string): MetricDefinition | undefined {
  return byName.get(name);
}

/** The name of a metric that must be in the catalogue: collectors name what they emit through it. */
export function requireMetric(name: string): MetricDefinition {
  const found = byName.get(name);
  if (!found) throw new Error(`assertion failed: metric ${name} is not in core/catalogue/metrics.ts`);
  return found;
}
