export { type CollectorOptions, runCollector } from './collector.ts';
export { type CollectorFlags, collectorUsage, parseCollectorFlags } from './process/flags.ts';
export { lineLogger } from './process/line-logger.ts';
export { type LocalTick, LocalView } from './sampling/local-view.ts';
