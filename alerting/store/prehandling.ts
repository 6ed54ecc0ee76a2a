/** Actions before paging: each is on record before it begins, and stays there as what was done. */
import type { Row, Statement, StateStore } from '../../core/index.ts';
import { numberOf, textOf } from './rows.ts';

/** `unknown`: the process died while it acted; it is not done again, for nobody knows how far it came. */
export const actionStates = ['planned', 'running', 'done', 'failed', 'refused', 'unknown'] as const;
export type ActionState = (typeof actionStates)[number];

export type PrehandlingAction = {
  /** Its idempotency key: of the event's key. */
  readonly id: string;
  readonly eventKey: string;
  readonly alertId: string;
  readonly handler: string;
  readonly host: string;
  readonly state: ActionState;
  /** What became of it, in words. */
  readonly detail: string;
  readonly dueAtMs: number;
};

export function insertAction(action: PrehandlingAction, nowMs: number): Statement {
  const { id, eventKey, alertId, handler, host, state, detail, dueAtMs } = action;
  return {
    sql: `INSERT OR IGNORE INTO alerting_action
            (id, event_key, alert_id, handler, host, state, detail, due_at_ms, created_at_ms)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    params: [id, eventKey, alertId, handler, host, state, detail, dueAtMs, nowMs],
  };
}

export function startAction(id: string, nowMs: number): Statement {
  return { sql: `UPDATE alerting_action SET state = 'running', started_at_ms = ? WHERE id = ?`, params: [nowMs, id] };
}

export function endAction(id: string, state: ActionState, detail: string): Statement {
  return { sql: 'UPDATE alerting_action SET state = ?, detail = ? WHERE id = ?', params: [state, detail, id] };
}

/** People have been told, or need not be. */
export function resolveAction(id: string, outcome: string): Statement {
  return { sql: 'UPDATE alerting_action SET outcome = ? WHERE id = ?', params: [outcome, id] };
}

/** Those of which people have not been told, with whether their alert is still open. */
export async function readOpenActions(
  store: StateStore,
): Promise<readonly { readonly action: PrehandlingAction; readonly isAlertOpen: boolean }[]> {
  const rows = await store.read({
    sql: `SELECT x.*, a.is_open FROM alerting_action x LEFT JOIN alerting_alert a ON a.id = x.alert_id
          WHERE x.outcome IS NULL ORDER BY x.created_at_ms`,
  });
  return rows.map((row) => ({ action: actionOf(row), isAlertOpen: row.is_open === 1 }));
}

/** How often a handler has acted on a host since then. */
export async function countActions(
  store: StateStore,
  { handler, host }: Pick<PrehandlingAction, 'handler' | 'host'>,
  sinceMs: number,
): Promise<number> {
  const [row] = await store.read({
    sql: 'SELECT count(*) AS count FROM alerting_action WHERE handler = ? AND host = ? AND started_at_ms > ?',
    params: [handler, host, sinceMs],
  });
  return row === undefined ? 0 : numberOf(row, 'count');
}

function actionOf(row: Row): PrehandlingAction {
  return {
    id: textOf(row, 'id'),
    eventKey: textOf(row, 'event_key'),
    alertId: textOf(row, 'alert_id'),
    handler: textOf(row, 'handler'),
    host: textOf(row, 'host'),
    state: actionStates.find((state) => state === row.state) ?? 'unknown',
    detail: textOf(row, 'detail'),
    dueAtMs: numberOf(row, 'due_at_ms'),
  };
}
