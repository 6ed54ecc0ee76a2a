export { type CollectorOptions, runCollector } from './collector.ts';
export {
  checkCollectorFile,
  checkExpressions,
  everyDefault,
  Faults,
  type FileFault,
  FollowedFile,
  formatFileFault,
  ObjectReader,
  parseYaml,
  readInventoryWish,
  readMonitor,
  TIMEOUT_DEFAULT_MS,
} from './declared/file/index.ts';
export { type CollectorFlags, collectorUsage, parseCollectorFlags } from './process/flags.ts';
export { lineLogger } from './process/line-logger.ts';
export { keepProcessSmall } from './process/small-process.ts';
export { type LocalTick, LocalView } from './sampling/local-view.ts';
