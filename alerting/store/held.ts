/** What a hold kept back, for the summary at its end. */
import type { AlertEvent, StateStore } from '../../core/index.ts';
import type { DigestGroup } from './digests.ts';
import { eventOf, numberOf, textOf } from './rows.ts';

export type HeldTarget = { readonly channel: string; readonly audience: string };

/** Named in a summary; the rest is in the console. */
const OPEN_MAX = 10;

export async function readHeldTargets(store: StateStore, hold: string): Promise<readonly HeldTarget[]> {
  const rows = await store.read({
    sql: `SELECT DISTINCT channel, audience FROM alerting_delivery WHERE hold = ? AND state = 'held'
          ORDER BY channel, audience`,
    params: [hold],
  });
  return rows.map((row) => ({ channel: textOf(row, 'channel'), audience: textOf(row, 'audience') }));
}

export async function readHeldGroups(
  store: StateStore,
  hold: string,
  { channel, audience }: HeldTarget,
): Promise<readonly DigestGroup[]> {
  const rows = await store.read({
    sql: `SELECT rule, status, priority, count(*) AS count, min(endpoint) AS endpoint,
            count(DISTINCT endpoint) AS endpoints
          FROM alerting_delivery WHERE hold = ? AND state = 'held' AND channel = ? AND audience = ?
          GROUP BY rule, status, priority ORDER BY priority, status DESC, count(*) DESC, rule`,
    params: [hold, channel, audience],
  });
  return rows.map((row) => ({
    rule: textOf(row, 'rule'),
    status: textOf(row, 'status'),
    priority: numberOf(row, 'priority'),
    count: numberOf(row, 'count'),
    endpoint: textOf(row, 'endpoint'),
    endpoints: numberOf(row, 'endpoints'),
  }));
}

/** Alerts with an event that was kept back which are open still, each as it stands now. */
export async function readHeldOpen(
  store: StateStore,
  hold: string,
  { channel, audience }: HeldTarget,
): Promise<readonly AlertEvent[]> {
  const rows = await store.read({
    sql: `SELECT e.body FROM alerting_alert a JOIN alerting_event e ON e.key = a.event_key
          WHERE a.is_open = 1 AND a.id IN (
            SELECT held.id FROM alerting_delivery d JOIN alerting_event held ON held.key = d.event_key
            WHERE d.hold = ? AND d.state = 'held' AND d.channel = ? AND d.audience = ?)
          ORDER BY a.last_event_ms DESC, a.id LIMIT ${OPEN_MAX}`,
    params: [hold, channel, audience],
  });
  return rows.map((row) => eventOf(row));
}
