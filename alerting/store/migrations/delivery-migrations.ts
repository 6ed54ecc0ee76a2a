import type { Migration } from '../../../core/index.ts';

/**
 * `alerting_delivery` is the outbox: one row for each event, channel and audience (whom of a team), with what a
 * digest counts by. Rows that leave together carry the key of their `alerting_message`, which was composed and
 * stored before its first attempt, so that every attempt says the same. `hold` names what kept a row back.
 */
export const deliveryMigrations: readonly Migration[] = [
  {
    id: 'alerting-101-outbox-of-messages',
    statements: [
      `CREATE TABLE alerting_message (
         key TEXT PRIMARY KEY,
         body TEXT NOT NULL,
         created_at_ms INTEGER NOT NULL
       ) WITHOUT ROWID`,
      'CREATE INDEX alerting_message_time ON alerting_message (created_at_ms)',
      `CREATE TABLE alerting_outbox (
         sequence INTEGER PRIMARY KEY AUTOINCREMENT,
         event_key TEXT NOT NULL,
         channel TEXT NOT NULL,
         audience TEXT NOT NULL DEFAULT '',
         state TEXT NOT NULL DEFAULT 'pending',
         attempts INTEGER NOT NULL DEFAULT 0,
         last_error TEXT,
         created_at_ms INTEGER NOT NULL,
         not_before_ms INTEGER NOT NULL DEFAULT 0,
         delivered_at_ms INTEGER,
         message_key TEXT,
         hold TEXT,
         rule TEXT NOT NULL DEFAULT '',
         status TEXT NOT NULL DEFAULT '',
         priority INTEGER NOT NULL DEFAULT 3,
         metric TEXT NOT NULL DEFAULT '',
         endpoint TEXT NOT NULL DEFAULT '',
         UNIQUE (event_key, channel, audience)
       )`,
      `INSERT INTO alerting_outbox (sequence, event_key, channel, state, attempts, last_error, created_at_ms, delivered_at_ms,
         rule, status, priority, metric, endpoint)
       SELECT d.sequence, d.event_key, d.channel, d.state, d.attempts, d.last_error, d.created_at_ms, d.delivered_at_ms,
         json_extract(e.body, '$.rule'), json_extract(e.body, '$.status'), json_extract(e.body, '$.priority'),
         json_extract(e.body, '$.condition.metric'), json_extract(e.body, '$.endpoint')
       FROM alerting_delivery d JOIN alerting_event e ON e.key = d.event_key`,
      'DROP TABLE alerting_delivery',
      'ALTER TABLE alerting_outbox RENAME TO alerting_delivery',
      `CREATE INDEX alerting_delivery_pending ON alerting_delivery (channel, sequence) WHERE state = 'pending'`,
      "CREATE INDEX alerting_delivery_failed ON alerting_delivery (sequence) WHERE state = 'failed'",
      'CREATE INDEX alerting_delivery_message ON alerting_delivery (message_key) WHERE message_key IS NOT NULL',
      'CREATE INDEX alerting_delivery_hold ON alerting_delivery (hold) WHERE hold IS NOT NULL',
      'CREATE INDEX alerting_delivery_time ON alerting_delivery (created_at_ms)',
    ],
  },
  {
    id: 'alerting-102-holds-acknowledgements-escalations',
    statements: [
      `CREATE TABLE alerting_hold (
         id TEXT PRIMARY KEY,
         kind TEXT NOT NULL,
         matcher TEXT NOT NULL,
         reason TEXT NOT NULL,
         owner TEXT NOT NULL,
         starts_at_ms INTEGER NOT NULL,
         ends_at_ms INTEGER NOT NULL,
         is_over INTEGER NOT NULL DEFAULT 0
       ) WITHOUT ROWID`,
      'CREATE INDEX alerting_hold_ends ON alerting_hold (is_over, ends_at_ms)',
      `CREATE TABLE alerting_acknowledgement (
         alert_id TEXT PRIMARY KEY,
         since_ms INTEGER NOT NULL,
         by TEXT NOT NULL,
         at_ms INTEGER NOT NULL
       ) WITHOUT ROWID`,
      `CREATE TABLE alerting_escalation (
         alert_id TEXT NOT NULL,
         since_ms INTEGER NOT NULL,
         team TEXT NOT NULL,
         step INTEGER NOT NULL,
         event_key TEXT NOT NULL,
         due_at_ms INTEGER NOT NULL,
         PRIMARY KEY (alert_id, team)
       ) WITHOUT ROWID`,
      'CREATE INDEX alerting_escalation_due ON alerting_escalation (due_at_ms)',
      'CREATE TABLE alerting_secret (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID',
      // Links in messages are signed with it. SQLite's randomblob is a generator for cryptography's needs in all but name.
      `INSERT INTO alerting_secret (name, value) VALUES ('links', lower(hex(randomblob(32))))`,
    ],
  },
  {
    id: 'alerting-103-actions-before-paging',
    statements: [
      `CREATE TABLE alerting_action (
         id TEXT PRIMARY KEY,
         event_key TEXT NOT NULL,
         alert_id TEXT NOT NULL,
         handler TEXT NOT NULL,
         host TEXT NOT NULL,
         state TEXT NOT NULL,
         detail TEXT NOT NULL,
         due_at_ms INTEGER NOT NULL,
         created_at_ms INTEGER NOT NULL,
         started_at_ms INTEGER,
         outcome TEXT
       ) WITHOUT ROWID`,
      'CREATE INDEX alerting_action_open ON alerting_action (created_at_ms) WHERE outcome IS NULL',
      'CREATE INDEX alerting_action_caps ON alerting_action (handler, host, started_at_ms)',
    ],
  },
];
