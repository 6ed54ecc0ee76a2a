export { readCursorPosition } from './follower/cursor-file.ts';
export { Follower } from './follower/follower.ts';
export type { LogFrame, LogReader } from './ports.ts';
export { HistoryClient } from './protocol/client.ts';
export { type HistoryServer, serveHistory } from './protocol/server.ts';
export type { StoreOptions } from './store/connect.ts';
export { type HistoryStore, openStore } from './store/store.ts';
