/** The durable side of events and of the state that judging goes on from. */
import type { AlertEvent, Row, Statement, StateStore } from '../../core/index.ts';
import type { OpenAlert } from '../events/open-alerts.ts';
import { insertDelivery, type PlannedDelivery } from './outbox.ts';
import { eventOf, namesOf, numberOf, textOf } from './rows.ts';

/** One event with everything that must become durable together with it. */
export type Commit = {
  readonly event: AlertEvent;
  readonly slug: string;
  /** The series in Open-Falcon's form. */
  readonly series: string;
  /** State after the event. */
  readonly isOpen: boolean;
  readonly eventSecond: number;
  readonly sinceSecond: number;
  readonly channels: readonly string[];
};

/** Who is told of an event, and what else becomes durable with that. */
export type DeliveryPlan = {
  readonly deliveries: readonly PlannedDelivery[];
  readonly statements: readonly Statement[];
};

/** Written again after a write whose end was not heard of, these change nothing. */
export function commitStatements(commit: Commit, plan: DeliveryPlan, nowMs: number): readonly Statement[] {
  const { event } = commit;
  return [
    {
      sql: 'INSERT OR IGNORE INTO alerting_event (key, id, event_time_ms, body) VALUES (?, ?, ?, ?)',
      params: [event.key, event.id, event.eventTimeMs, JSON.stringify(event)],
    },
    {
      sql: `INSERT OR REPLACE INTO alerting_alert
              (id, slug, series, is_open, step, event_second, since_second, last_event_ms, channels, event_key)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      params: [
        event.id,
        commit.slug,
        commit.series,
        commit.isOpen ? 1 : 0,
        event.currentStep,
        commit.eventSecond,
        commit.sinceSecond,
        event.eventTimeMs,
        JSON.stringify(commit.channels),
        event.key,
      ],
    },
    ...plan.deliveries.map((planned) => insertDelivery(event, planned, nowMs)),
    ...plan.statements,
  ];
}

const PAGE_ROWS = 5000;

/** All alerts that are open, page by page: 40,000 instances may have gone down at once. */
export async function loadOpenAlerts(store: StateStore): Promise<readonly OpenAlert[]> {
  const alerts: OpenAlert[] = [];
  for (let after = ''; ; ) {
    const rows = await store.read({
      sql: `SELECT a.*, e.body FROM alerting_alert a JOIN alerting_event e ON e.key = a.event_key
            WHERE a.is_open = 1 AND a.id > ? ORDER BY a.id LIMIT ${PAGE_ROWS}`,
      params: [after],
    });
    for (const row of rows) alerts.push(openAlertOf(row));
    const last = rows.at(-1);
    if (last === undefined || rows.length < PAGE_ROWS) return alerts;
    after = textOf(last, 'id');
  }
}

function openAlertOf(row: Row): OpenAlert {
  return {
    slug: textOf(row, 'slug'),
    series: textOf(row, 'series'),
    channels: namesOf(row, 'channels'),
    event: eventOf(row),
    state: {
      kind: 'open',
      step: numberOf(row, 'step'),
      eventSecond: numberOf(row, 'event_second'),
      sinceSecond: numberOf(row, 'since_second'),
    },
  };
}

/** Events and closed alerts are kept so long; an open alert as long as it is open. */
const KEPT_MS = 30 * 24 * 3600 * 1000;

export function retentionStatements(nowMs: number): readonly Statement[] {
  const before = nowMs - KEPT_MS;
  return [
    { sql: 'DELETE FROM alerting_alert WHERE is_open = 0 AND last_event_ms < ?', params: [before] },
    { sql: `DELETE FROM alerting_delivery WHERE state <> 'pending' AND created_at_ms < ?`, params: [before] },
    {
      sql: `DELETE FROM alerting_message WHERE created_at_ms < ?
              AND key NOT IN (SELECT message_key FROM alerting_delivery WHERE message_key IS NOT NULL)`,
      params: [before],
    },
    { sql: 'DELETE FROM alerting_action WHERE outcome IS NOT NULL AND created_at_ms < ?', params: [before] },
    { sql: 'DELETE FROM alerting_hold WHERE is_over = 1 AND ends_at_ms < ?', params: [before] },
    { sql: 'DELETE FROM alerting_acknowledgement WHERE at_ms < ?', params: [before] },
    {
      sql: `DELETE FROM alerting_event WHERE event_time_ms < ?
              AND key NOT IN (SELECT event_key FROM alerting_alert)
              AND key NOT IN (SELECT event_key FROM alerting_delivery WHERE state = 'pending')`,
      params: [before],
    },
  ];
}
