import type { Migration } from '../../../core/index.ts';
import { deliveryMigrations } from './delivery-migrations.ts';

/**
 * `alerting_event`: every event, as it was made. `alerting_alert`: one row for each rule and series that
 * ever fired, with the state that judging goes on from. `alerting_delivery`: the outbox; `sequence` is
 * the order in which a channel's messages leave. `alerting_rule`: rules and templates that are kept here and not in a
 * file, as YAML; `alerting_rule_change`: who made which version of them, without a body where it was removed.
 */
export const migrations: readonly Migration[] = [
  {
    id: 'alerting-001-events-alerts-deliveries',
    statements: [
      `CREATE TABLE alerting_event (
         key TEXT PRIMARY KEY,
         id TEXT NOT NULL,
         event_time_ms INTEGER NOT NULL,
         body TEXT NOT NULL
       ) WITHOUT ROWID`,
      'CREATE INDEX alerting_event_time ON alerting_event (event_time_ms)',
      `CREATE TABLE alerting_alert (
         id TEXT PRIMARY KEY,
         slug TEXT NOT NULL,
         series TEXT NOT NULL,
         is_open INTEGER NOT NULL,
         step INTEGER NOT NULL,
         event_second INTEGER NOT NULL,
         since_second INTEGER NOT NULL,
         last_event_ms INTEGER NOT NULL,
         channels TEXT NOT NULL,
         event_key TEXT NOT NULL
       ) WITHOUT ROWID`,
      'CREATE INDEX alerting_alert_recent ON alerting_alert (is_open, last_event_ms)',
      'CREATE INDEX alerting_alert_time ON alerting_alert (last_event_ms)',
      `CREATE TABLE alerting_delivery (
         sequence INTEGER PRIMARY KEY AUTOINCREMENT,
         event_key TEXT NOT NULL,
         channel TEXT NOT NULL,
         state TEXT NOT NULL DEFAULT 'pending',
         attempts INTEGER NOT NULL DEFAULT 0,
         last_error TEXT,
         created_at_ms INTEGER NOT NULL,
         delivered_at_ms INTEGER,
         UNIQUE (event_key, channel)
       )`,
      `CREATE INDEX alerting_delivery_pending ON alerting_delivery (channel, sequence) WHERE state = 'pending'`,
      'CREATE INDEX alerting_delivery_time ON alerting_delivery (created_at_ms)',
    ],
  },
  ...deliveryMigrations,
  {
    id: 'alerting-011-rules-of-the-api',
    statements: [
      `CREATE TABLE alerting_rule (
         slug TEXT PRIMARY KEY,
         name TEXT NOT NULL,
         body TEXT NOT NULL,
         changed_at_ms INTEGER NOT NULL,
         changed_by TEXT NOT NULL
       ) WITHOUT ROWID`,
    ],
  },
  {
    id: 'alerting-012-rules-with-versions',
    statements: [
      `CREATE TABLE alerting_own_rule (
         kind TEXT NOT NULL,
         slug TEXT NOT NULL,
         name TEXT NOT NULL,
         body TEXT NOT NULL,
         version INTEGER NOT NULL,
         changed_at_ms INTEGER NOT NULL,
         changed_by TEXT NOT NULL,
         PRIMARY KEY (kind, slug)
       ) WITHOUT ROWID`,
      `CREATE TABLE alerting_rule_change (
         sequence INTEGER PRIMARY KEY AUTOINCREMENT,
         kind TEXT NOT NULL,
         slug TEXT NOT NULL,
         name TEXT NOT NULL,
         version INTEGER NOT NULL,
         body TEXT,
         at_ms INTEGER NOT NULL,
         by TEXT NOT NULL
       )`,
      'CREATE INDEX alerting_rule_change_of ON alerting_rule_change (kind, slug, version)',
      `INSERT INTO alerting_own_rule SELECT 'rule', slug, name, body, 1, changed_at_ms, changed_by FROM alerting_rule`,
      `INSERT INTO alerting_rule_change (kind, slug, name, version, body, at_ms, by)
       SELECT kind, slug, name, version, body, changed_at_ms, changed_by FROM alerting_own_rule`,
      'DROP TABLE alerting_rule',
      'ALTER TABLE alerting_own_rule RENAME TO alerting_rule',
    ],
  },
  {
    id: 'alerting-010-explain',
    statements: [
      'CREATE INDEX alerting_event_id ON alerting_event (id, event_time_ms)',
      'CREATE INDEX alerting_alert_slug ON alerting_alert (slug)',
    ],
  },
];
