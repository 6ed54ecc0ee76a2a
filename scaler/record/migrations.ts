import type { Migration } from '../../core/index.ts';

/** The scaler's tables in the state store. Applied by the server, in order, before `createScaler`. */
export const scalerMigrations: readonly Migration[] = [
  {
    id: 'scaler-001-decisions-and-actions',
    statements: [
      `CREATE TABLE scaler_decisions (
        id TEXT PRIMARY KEY,
        group_name TEXT NOT NULL,
        seq INTEGER NOT NULL,
        at_ms INTEGER NOT NULL,
        last_at_ms INTEGER NOT NULL,
        repeats INTEGER NOT NULL,
        kind TEXT NOT NULL,
        metric TEXT NOT NULL,
        signal REAL,
        current INTEGER NOT NULL,
        wanted INTEGER NOT NULL,
        reason TEXT NOT NULL,
        guards TEXT NOT NULL,
        inputs TEXT NOT NULL,
        action TEXT
      )`,
      'CREATE UNIQUE INDEX scaler_decisions_by_group ON scaler_decisions (group_name, seq)',
      'CREATE INDEX scaler_decisions_by_time ON scaler_decisions (at_ms)',
      `CREATE TABLE scaler_actions (
        id TEXT PRIMARY KEY,
        group_name TEXT NOT NULL,
        kind TEXT NOT NULL,
        container TEXT NOT NULL,
        container_id TEXT,
        state TEXT NOT NULL,
        step TEXT NOT NULL,
        error TEXT,
        spec TEXT,
        started_at_ms INTEGER NOT NULL,
        ended_at_ms INTEGER
      )`,
      'CREATE INDEX scaler_actions_by_group ON scaler_actions (group_name, started_at_ms)',
      'CREATE INDEX scaler_actions_by_state ON scaler_actions (state)',
    ],
  },
  {
    id: 'scaler-002-explained-decisions-and-controls',
    statements: [
      // Code, winner, stages, gates, proposals and mode, as JSON; null in records of before.
      'ALTER TABLE scaler_decisions ADD COLUMN detail TEXT',
      'CREATE TABLE scaler_controls (name TEXT PRIMARY KEY, value TEXT NOT NULL)',
    ],
  },
];
