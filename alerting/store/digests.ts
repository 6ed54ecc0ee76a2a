/** Folding rows of the outbox into one message: what it counts, and the statements that bind the rows to it. */
import type { AlertEvent, SqlValue, Statement, StateStore } from '../../core/index.ts';
import { eventOf, numberOf, textOf } from './rows.ts';

/** Rows of one channel and audience that are due and not part of a message; of one kind only where one is given. */
export type FoldScope = {
  readonly channel: string;
  readonly audience: string;
  readonly lastSequence: number;
  readonly nowMs: number;
  /** Open-Falcon merges events of the same priority, status and metric. */
  readonly only: { readonly priority: number; readonly status: string; readonly metric: string } | null;
};

export type DigestGroup = {
  readonly rule: string;
  readonly status: string;
  readonly priority: number;
  readonly count: number;
  /** One of them. */
  readonly endpoint: string;
  readonly endpoints: number;
};

const scopeSql = `FROM alerting_delivery WHERE channel = ? AND audience = ? AND state = 'pending' AND message_key IS NULL
  AND sequence <= ? AND not_before_ms <= ?`;
const kindSql = `${scopeSql} AND priority = ? AND status = ? AND metric = ?`;

function scope({ channel, audience, lastSequence, nowMs, only }: FoldScope): { sql: string; params: SqlValue[] } {
  const params = [channel, audience, lastSequence, nowMs];
  if (only === null) return { sql: scopeSql, params };
  return { sql: kindSql, params: [...params, only.priority, only.status, only.metric] };
}

/** How many of which rule, the most urgent first. */
export async function readGroups(store: StateStore, fold: FoldScope): Promise<readonly DigestGroup[]> {
  const { sql, params } = scope(fold);
  const rows = await store.read({
    sql: `SELECT rule, status, priority, count(*) AS count, min(endpoint) AS endpoint,
            count(DISTINCT endpoint) AS endpoints
          ${sql} GROUP BY rule, status, priority ORDER BY priority, status DESC, count(*) DESC, rule`,
    params,
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

/** The most urgent events, whole. */
export async function readSample(store: StateStore, fold: FoldScope, limit: number): Promise<readonly AlertEvent[]> {
  const { sql, params } = scope(fold);
  const rows = await store.read({
    sql: `SELECT e.body FROM alerting_event e JOIN
            (SELECT event_key, priority, sequence ${sql} ORDER BY priority, sequence LIMIT ?) d ON e.key = d.event_key
          ORDER BY d.priority, d.sequence`,
    params: [...params, limit],
  });
  return rows.map((row) => eventOf(row));
}

/** The newest row of a channel and audience that is due: what comes later belongs to the next message. */
export async function readLastSequence(store: StateStore, channel: string, audience: string): Promise<number> {
  const [row] = await store.read({
    sql: `SELECT max(sequence) AS last FROM alerting_delivery WHERE channel = ? AND audience = ? AND state = 'pending'`,
    params: [channel, audience],
  });
  return typeof row?.last === 'number' ? row.last : 0;
}

/** Binds the rows to the message. */
export function foldRows(fold: FoldScope, messageKey: string): Statement {
  const { sql, params } = scope(fold);
  return {
    sql: `UPDATE alerting_delivery SET message_key = ? ${sql.replace('FROM alerting_delivery', '')}`,
    params: [messageKey, ...params],
  };
}
