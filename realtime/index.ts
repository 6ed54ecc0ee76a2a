export { BlockReader, encodeBlock } from './block/block-codec.ts';
export { Storage } from './files/storage.ts';
export type { CollectorSocket, FleetListener } from './intake/collector-session.ts';
export { Intake } from './intake/intake.ts';
export type { AddSample, PushRefusal, PushSender } from './intake/push/push-intake.ts';
export type { PushedSeries } from './intake/push/push-lane.ts';
export { type LiveClient, LiveHub, type LiveSink } from './live/live-hub.ts';
export type { LogFrame } from './log/dictionary/patchy-dictionary.ts';
export { type Disk, realDisk, type WritePoint, writePoints } from './log/disk.ts';
export { type LogBatch, type LogReader, openLogReader } from './log/log-reader.ts';
export type { LogPosition } from './log/position.ts';
export { freeSegments } from './log/retention/retention.ts';
export { AcrossSeries } from './query/across.ts';
export { type Buckets, readBuckets } from './query/buckets.ts';
export { latest, type Order, rankNow, type SeriesValue } from './query/instant/latest.ts';
export { overWindow } from './query/instant/over-window.ts';
export type { Moment } from './query/instant/sample-at.ts';
export { lastPoints } from './query/last-points.ts';
export type { Located } from './query/located.ts';
export { bucketCountOf, checkRange, type Range } from './query/range.ts';
export {
  type Across,
  type BucketValue,
  columnOf,
  type GroupColumns,
  groupsOf,
  readAcross,
  readRange,
  readSamples,
  type SeriesColumns,
  type SeriesRaw,
  unitOf,
} from './query/range-columns.ts';
export { Slices, type Work } from './query/run/slices.ts';
export { select } from './query/select/select.ts';
export { SeriesTest } from './query/select/series-test.ts';
export { type CollectorConnection, Realtime, type RealtimeOptions, type RealtimeStatus } from './realtime.ts';
export { Ring } from './ring/ring.ts';
