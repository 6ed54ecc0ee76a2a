/** The outbox: one row for each message to one channel, written with its event, marked when it is done. */
import type { AlertEvent, Statement, StateStore } from '../../core/index.ts';
import { eventOf, numberOf, textOf } from './rows.ts';

export type PendingDelivery = {
  readonly sequence: number;
  readonly channel: string;
  readonly event: AlertEvent;
  readonly attempts: number;
  readonly createdAtMs: number;
};

/** The oldest messages that wait for a channel, in order. */
export async function readPending(
  store: StateStore,
  channel: string,
  limit: number,
): Promise<readonly PendingDelivery[]> {
  const rows = await store.read({
    sql: `SELECT d.sequence, d.channel, d.attempts, d.created_at_ms, e.body
          FROM alerting_delivery d JOIN alerting_event e ON e.key = d.event_key
          WHERE d.state = 'pending' AND d.channel = ? ORDER BY d.sequence LIMIT ?`,
    params: [channel, limit],
  });
  return rows.map((row) => ({
    sequence: numberOf(row, 'sequence'),
    channel: textOf(row, 'channel'),
    attempts: numberOf(row, 'attempts'),
    createdAtMs: numberOf(row, 'created_at_ms'),
    event: eventOf(row),
  }));
}

/** Channels that messages wait for, also those that the rules file has no more. */
export async function readPendingChannels(store: StateStore): Promise<readonly string[]> {
  const rows = await store.read({
    sql: `SELECT DISTINCT channel FROM alerting_delivery WHERE state = 'pending'`,
  });
  return rows.map((row) => textOf(row, 'channel'));
}

export function markDelivered(sequence: number, attempts: number, nowMs: number): Statement {
  return {
    sql: `UPDATE alerting_delivery SET state = 'delivered', attempts = ?, last_error = NULL, delivered_at_ms = ?
          WHERE sequence = ?`,
    params: [attempts, nowMs, sequence],
  };
}

export function markFailed(sequence: number, attempts: number, reason: string): Statement {
  return {
    sql: `UPDATE alerting_delivery SET state = 'failed', attempts = ?, last_error = ? WHERE sequence = ?`,
    params: [attempts, reason, sequence],
  };
}

export function markRetry(sequence: number, attempts: number, reason: string): Statement {
  return {
    sql: 'UPDATE alerting_delivery SET attempts = ?, last_error = ? WHERE sequence = ?',
    params: [attempts, reason, sequence],
  };
}
