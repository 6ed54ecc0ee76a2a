export { readCursorPosition } from './follower/cursor-file.ts';
export { Follower, type FollowerOptions, type FollowerStatus } from './follower/follower.ts';
export type { LogBatch, LogFrame, LogPosition, LogReader, ReadOptions } from './ports.ts';
export { HistoryClient, type HistoryClientOptions } from './protocol/client.ts';
export type { HistoryStatus } from './protocol/schemas.ts';
export { type HistoryServer, type ServeOptions, serveHistory } from './protocol/server.ts';
export { type QueryLimits, queryLimits, queryRange } from './query/query-range.ts';
export type { StoreOptions } from './store/connect.ts';
export { type HistoryStore, type OpenOptions, openStore, type RollupSink } from './store/store.ts';
