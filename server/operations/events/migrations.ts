import type { Migration } from '../../../core/index.ts';

/** `host_event`: what collectors told, each event once; `body` is the event as it came. */
export const migrations: readonly Migration[] = [
  {
    id: 'events-1',
    statements: [
      `CREATE TABLE host_event (
         id TEXT PRIMARY KEY,
         collector TEXT NOT NULL,
         endpoint TEXT NOT NULL,
         kind TEXT NOT NULL,
         at_ms INTEGER NOT NULL,
         body TEXT NOT NULL
       ) STRICT, WITHOUT ROWID`,
      'CREATE INDEX host_event_time ON host_event (at_ms)',
      'CREATE INDEX host_event_endpoint ON host_event (endpoint, at_ms)',
    ],
  },
];
