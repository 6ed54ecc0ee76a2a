/** What the API asks: alerts with how their messages fared. */
import type { Alert, Delivery, Row, StateStore } from '../../core/index.ts';
import { eventOf, numberOf, textOf } from './rows.ts';

export type AlertsQuery = { readonly status: 'open' | 'all'; readonly limit: number };

/**
 * The alerts that are open, or all of the last 30 days, the one with the newest event first. Each is
 * its newest event, with the deliveries of that event. `limit` is at most 1,000.
 */
export async function readAlerts(store: StateStore, { status, limit }: AlertsQuery): Promise<readonly Alert[]> {
  const rows = await store.read({
    sql: `SELECT a.event_key, a.last_event_ms, e.body
          FROM alerting_alert a JOIN alerting_event e ON e.key = a.event_key
          ${status === 'open' ? 'WHERE a.is_open = 1' : ''} ORDER BY a.last_event_ms DESC, a.id LIMIT ?`,
    params: [limit],
  });
  return withDeliveries(store, rows);
}

/** The newest events of a rule, by its slug, on an endpoint; each with its deliveries. `limit` is at most 50. */
export async function readEvents(
  store: StateStore,
  slug: string,
  endpoint: string,
  limit: number,
): Promise<readonly Alert[]> {
  const rows = await store.read({
    sql: `SELECT e.key AS event_key, e.event_time_ms AS last_event_ms, e.body
          FROM alerting_alert a JOIN alerting_event e ON e.id = a.id
          WHERE a.slug = ? AND json_extract(e.body, '$.endpoint') = ? ORDER BY e.event_time_ms DESC, e.key LIMIT ?`,
    params: [slug, endpoint, limit],
  });
  return withDeliveries(store, rows);
}

async function withDeliveries(store: StateStore, rows: readonly Row[]): Promise<readonly Alert[]> {
  const deliveries = await readDeliveries(store, rows);
  return rows.map((row) => ({
    ...eventOf(row),
    lastEventMs: numberOf(row, 'last_event_ms'),
    deliveries: deliveries.get(textOf(row, 'event_key')) ?? [],
  }));
}

async function readDeliveries(store: StateStore, alerts: readonly Row[]): Promise<ReadonlyMap<string, Delivery[]>> {
  const byEvent = new Map<string, Delivery[]>();
  if (alerts.length === 0) return byEvent;
  const rows = await store.read({
    sql: `SELECT event_key, sequence, channel, audience, state, attempts, last_error, delivered_at_ms FROM alerting_delivery
          WHERE event_key IN (SELECT value FROM json_each(?)) ORDER BY sequence LIMIT 10000`,
    params: [JSON.stringify(alerts.map((row) => textOf(row, 'event_key')))],
  });
  for (const row of rows) {
    const key = textOf(row, 'event_key');
    const list = byEvent.get(key) ?? [];
    list.push(deliveryOf(row));
    byEvent.set(key, list);
  }
  return byEvent;
}

function deliveryOf(row: Row): Delivery {
  const state = textOf(row, 'state');
  return {
    sequence: numberOf(row, 'sequence'),
    channel: textOf(row, 'channel'),
    audience: textOf(row, 'audience'),
    state: state === 'delivered' || state === 'failed' || state === 'held' ? state : 'pending',
    attempts: numberOf(row, 'attempts'),
    lastError: row.last_error === null ? null : textOf(row, 'last_error'),
    deliveredAtMs: row.delivered_at_ms === null ? null : numberOf(row, 'delivered_at_ms'),
  };
}
