export { checkCollectorFile, readInventoryWish } from './collector-file.ts';
export { FollowedFile } from './followed-file.ts';
export { ObjectReader } from './object-reader.ts';
export { checkExpressions, everyDefault, readMonitor, TIMEOUT_DEFAULT_MS } from './read-monitor.ts';
export { Faults, type FileFault, formatFileFault, parseYaml } from './yaml-text.ts';
