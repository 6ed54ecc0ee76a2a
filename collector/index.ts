export { type CollectorOptions, runCollector } from './collector.ts';
export { type CollectorFlags, collectorUsage, parseCollectorFlags } from './process/flags.ts';
