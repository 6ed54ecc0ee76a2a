/** The outbox: one row for each event to one channel and audience, written with its event, marked when it is done. */
import type { AlertEvent, Row, Statement, StateStore } from '../../core/index.ts';
import { eventOf, numberOf, textOf } from './rows.ts';

/** A row to be written with its event. */
export type PlannedDelivery = {
  readonly channel: string;
  /** Whom of a team, as in `payments/0`; empty for everybody whom the channel reaches. */
  readonly audience: string;
  readonly notBeforeMs: number;
  /** What keeps it back, and why; null when it may leave. */
  readonly held: { readonly hold: string | null; readonly reason: string } | null;
};

export type PendingDelivery = {
  readonly sequence: number;
  readonly channel: string;
  readonly audience: string;
  readonly attempts: number;
  readonly createdAtMs: number;
  readonly status: string;
  readonly priority: number;
  readonly metric: string;
  /** Of the stored message that this row is part of; null for an event that leaves alone. */
  readonly messageKey: string | null;
  /** The event's; null for what is no event. */
  readonly event: AlertEvent | null;
};

export function insertDelivery(event: AlertEvent, planned: PlannedDelivery, nowMs: number): Statement {
  const { channel, audience, notBeforeMs, held } = planned;
  const { key, rule, status, priority, condition, endpoint } = event;
  return {
    sql: `INSERT OR IGNORE INTO alerting_delivery
            (event_key, channel, audience, state, last_error, hold, created_at_ms, not_before_ms,
             rule, status, priority, metric, endpoint)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    params: [
      ...[key, channel, audience, held === null ? 'pending' : 'held', held?.reason ?? null, held?.hold ?? null],
      ...[nowMs, notBeforeMs, rule, status, priority, condition.metric, endpoint],
    ],
  };
}

/** The row of a stored message, which has no event of its own. */
export function insertMessageDelivery(key: string, channel: string, audience: string, nowMs: number): Statement {
  return {
    sql: `INSERT OR IGNORE INTO alerting_delivery (event_key, channel, audience, message_key, created_at_ms)
          VALUES (?, ?, ?, ?, ?)`,
    params: [key, channel, audience, key, nowMs],
  };
}

const pendingColumns = `d.sequence, d.channel, d.audience, d.attempts, d.created_at_ms, d.status, d.priority, d.metric,
  d.message_key, e.body`;

/** The oldest rows that wait for a channel and are due, in order. */
export async function readPending(
  store: StateStore,
  channel: string,
  { limit, nowMs }: { readonly limit: number; readonly nowMs: number },
): Promise<readonly PendingDelivery[]> {
  const rows = await store.read({
    sql: `SELECT ${pendingColumns} FROM alerting_delivery d LEFT JOIN alerting_event e ON e.key = d.event_key
          WHERE d.state = 'pending' AND d.channel = ? AND d.not_before_ms <= ? ORDER BY d.sequence LIMIT ?`,
    params: [channel, nowMs, limit],
  });
  return rows.map(pendingOf);
}

/** When the next row of a channel that waits for its time is due; null when none does. */
export async function readNextDueMs(store: StateStore, channel: string, nowMs: number): Promise<number | null> {
  const [row] = await store.read({
    sql: `SELECT min(not_before_ms) AS due FROM alerting_delivery
          WHERE state = 'pending' AND channel = ? AND not_before_ms > ?`,
    params: [channel, nowMs],
  });
  return row === undefined || row.due === null ? null : numberOf(row, 'due');
}

function pendingOf(row: Row): PendingDelivery {
  return {
    sequence: numberOf(row, 'sequence'),
    channel: textOf(row, 'channel'),
    audience: textOf(row, 'audience'),
    attempts: numberOf(row, 'attempts'),
    createdAtMs: numberOf(row, 'created_at_ms'),
    status: textOf(row, 'status'),
    priority: numberOf(row, 'priority'),
    metric: textOf(row, 'metric'),
    messageKey: row.message_key === null ? null : textOf(row, 'message_key'),
    event: row.body === null ? null : eventOf(row),
  };
}

/** When a channel's messages of the last minute were taken, oldest first: what its robot remembers of a former process. */
export async function readSpentAtMs(store: StateStore, channel: string, nowMs: number): Promise<readonly number[]> {
  const rows = await store.read({
    sql: `SELECT DISTINCT coalesce(message_key, sequence) AS message, delivered_at_ms FROM alerting_delivery
          WHERE created_at_ms > ? AND channel = ? AND delivered_at_ms > ? ORDER BY delivered_at_ms LIMIT 200`,
    params: [nowMs - DAY_MS, channel, nowMs - MINUTE_MS],
  });
  return rows.map((row) => numberOf(row, 'delivered_at_ms'));
}

const MINUTE_MS = 60_000;
/** A message that is older was given up. */
const DAY_MS = 24 * 3600 * 1000;

/** Channels that messages wait for, also those that the rules file has no more. */
export async function readPendingChannels(store: StateStore): Promise<readonly string[]> {
  const rows = await store.read({
    sql: `SELECT DISTINCT channel FROM alerting_delivery WHERE state = 'pending'`,
  });
  return rows.map((row) => textOf(row, 'channel'));
}

/** Which rows one message stands for: a row alone, or all that carry the message's key. */
export type Sent = Pick<PendingDelivery, 'sequence' | 'messageKey'>;

// Two texts and not one with an OR: each uses its index.
const byRow = 'WHERE sequence = ?';
const byMessage = `WHERE message_key = ? AND state = 'pending'`;
const rowsOf = ({ sequence, messageKey }: Sent): { where: string; value: string | number } =>
  messageKey === null ? { where: byRow, value: sequence } : { where: byMessage, value: messageKey };

export function markDelivered(sent: Sent, attempts: number, nowMs: number): Statement {
  const { where, value } = rowsOf(sent);
  return {
    sql: `UPDATE alerting_delivery SET state = 'delivered', attempts = ?, last_error = NULL, delivered_at_ms = ? ${where}`,
    params: [attempts, nowMs, value],
  };
}

export function markFailed(sent: Sent, attempts: number, reason: string): Statement {
  const { where, value } = rowsOf(sent);
  return {
    sql: `UPDATE alerting_delivery SET state = 'failed', attempts = ?, last_error = ? ${where}`,
    params: [attempts, reason, value],
  };
}

export function markRetry(sent: Sent, attempts: number, reason: string): Statement {
  const { where, value } = rowsOf(sent);
  return {
    sql: `UPDATE alerting_delivery SET attempts = ?, last_error = ? ${where}`,
    params: [attempts, reason, value],
  };
}

export function markHeld(sequence: number, hold: string | null, reason: string): Statement {
  return {
    sql: `UPDATE alerting_delivery SET state = 'held', hold = ?, last_error = ? WHERE sequence = ?`,
    params: [hold, reason, sequence],
  };
}

/** The row of a step that an incident has reached: of the event that it was told with first. */
export function insertEscalatedDelivery(
  { eventKey, channel, audience }: { readonly eventKey: string; readonly channel: string; readonly audience: string },
  nowMs: number,
): Statement {
  return {
    sql: `INSERT OR IGNORE INTO alerting_delivery
            (event_key, channel, audience, created_at_ms, rule, status, priority, metric, endpoint)
          SELECT key, ?, ?, ?, json_extract(body, '$.rule'), json_extract(body, '$.status'),
            json_extract(body, '$.priority'), json_extract(body, '$.condition.metric'), json_extract(body, '$.endpoint')
          FROM alerting_event WHERE key = ?`,
    params: [channel, audience, nowMs, eventKey],
  };
}
