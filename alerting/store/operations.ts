/** What people's operations read and write: events by their key, dead letters, members of digests, the links' secret. */
import {
  type AlertEvent,
  AppError,
  type DeadLetter,
  type MessageMembersAnswer,
  type Statement,
  type StateStore,
} from '../../core/index.ts';
import { eventOf, numberOf, textOf } from './rows.ts';

/** The event of a key, or the newest one of all for null. */
export async function readEvent(store: StateStore, key: string | null): Promise<AlertEvent | undefined> {
  const [row] = await store.read(
    key === null
      ? { sql: 'SELECT body FROM alerting_event ORDER BY event_time_ms DESC LIMIT 1' }
      : { sql: 'SELECT body FROM alerting_event WHERE key = ?', params: [key] },
  );
  return row === undefined ? undefined : eventOf(row);
}

/** The newest event of an alert. */
export async function readAlertEvent(store: StateStore, alertId: string): Promise<AlertEvent | undefined> {
  const [row] = await store.read({
    sql: 'SELECT e.body FROM alerting_alert a JOIN alerting_event e ON e.key = a.event_key WHERE a.id = ?',
    params: [alertId],
  });
  return row === undefined ? undefined : eventOf(row);
}

export type Change = Pick<AlertEvent, 'id' | 'status' | 'currentStep' | 'eventTimeMs'>;

/** Beginnings and ends of late, the newest 10,000, oldest first. */
export async function readRecentChanges(store: StateStore, afterMs: number): Promise<readonly Change[]> {
  const rows = await store.read({
    sql: `SELECT id, event_time_ms, json_extract(body, '$.status') AS status, json_extract(body, '$.currentStep') AS step
          FROM alerting_event WHERE event_time_ms > ? ORDER BY event_time_ms DESC LIMIT 10000`,
    params: [afterMs],
  });
  const changes = rows.map((row) => ({
    id: textOf(row, 'id'),
    status: row.status === 'OK' ? ('OK' as const) : ('PROBLEM' as const),
    currentStep: numberOf(row, 'step'),
    eventTimeMs: numberOf(row, 'event_time_ms'),
  }));
  return changes.reverse();
}

/** Made with the database, and never shown. */
export async function readLinkSecret(store: StateStore): Promise<string> {
  const [row] = await store.read({ sql: `SELECT value FROM alerting_secret WHERE name = 'links'` });
  if (row === undefined) throw new AppError('STATE_STORE', 'the secret of the links is missing');
  return textOf(row, 'value');
}

export async function readDeadLetters(store: StateStore, limit: number): Promise<DeadLetter[]> {
  const rows = await store.read({
    sql: `SELECT * FROM alerting_delivery WHERE state = 'failed' ORDER BY sequence DESC LIMIT ?`,
    params: [limit],
  });
  return rows.map((row) => ({
    sequence: numberOf(row, 'sequence'),
    channel: textOf(row, 'channel'),
    audience: textOf(row, 'audience'),
    rule: textOf(row, 'rule'),
    endpoint: textOf(row, 'endpoint'),
    status: textOf(row, 'status'),
    attempts: numberOf(row, 'attempts'),
    reason: row.last_error === null ? '' : textOf(row, 'last_error'),
    createdAtMs: numberOf(row, 'created_at_ms'),
  }));
}

/** Puts messages that were given up back into the outbox, with another day to arrive in. A digest comes back whole. */
export function resendDelivery(sequence: number, nowMs: number): Statement {
  return {
    sql: `UPDATE alerting_delivery SET state = 'pending', attempts = 0, created_at_ms = ?
          WHERE state = 'failed' AND (sequence = ?
            OR message_key = (SELECT message_key FROM alerting_delivery WHERE sequence = ?))`,
    params: [nowMs, sequence, sequence],
  };
}

const MEMBERS_PAGE = 1000;

/** The events that a message stands for, page by page in the order of the outbox. */
export async function readMembers(store: StateStore, key: string, after: number): Promise<MessageMembersAnswer> {
  const rows = await store.read({
    sql: `SELECT sequence, event_key, rule, status, endpoint, metric FROM alerting_delivery
          WHERE message_key = ? AND sequence > ? ORDER BY sequence LIMIT ${MEMBERS_PAGE}`,
    params: [key, after],
  });
  const last = rows.at(-1);
  return {
    members: rows.map((row) => ({
      key: textOf(row, 'event_key'),
      rule: textOf(row, 'rule'),
      status: textOf(row, 'status'),
      endpoint: textOf(row, 'endpoint'),
      metric: textOf(row, 'metric'),
    })),
    nextAfter: last === undefined || rows.length < MEMBERS_PAGE ? null : numberOf(last, 'sequence'),
  };
}

/** The channel of a message that was given up. */
export async function readFailedChannel(store: StateStore, sequence: number): Promise<string | undefined> {
  const [row] = await store.read({
    sql: `SELECT channel FROM alerting_delivery WHERE sequence = ? AND state = 'failed'`,
    params: [sequence],
  });
  return row === undefined ? undefined : textOf(row, 'channel');
}
