export { type ServerConfig, type ServerFlags, serverConfig, serverFlags, serverFlagsHelp } from './config.ts';
export { historyFlags, historyFlagsHelp } from './history/config.ts';
export { parseNotice, type ServerNotice } from './lifecycle/notices.ts';
export { checkFleetFile } from './operations/fleet/fleet-file.ts';
export { openStateStore } from './state/state-store.ts';
