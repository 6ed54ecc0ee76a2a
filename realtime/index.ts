export { encodeBlock, OpenBlock } from './block/block-codec.ts';
export type { CollectorSocket } from './intake/collector-session.ts';
export { type LiveClient, LiveHub, type LiveSink } from './live/live-hub.ts';
export { type LogBatch, type LogFrame, type LogPosition, type LogReader, openLogReader } from './log/log-reader.ts';
export { type CollectorConnection, Realtime, type RealtimeOptions, type RealtimeStatus } from './realtime.ts';
export {
  type Buckets,
  checkRange,
  type Located,
  lastPoints,
  type Range,
  readBuckets,
  select,
} from './ring/range-query.ts';
export { Ring } from './ring/ring.ts';
