/** Holds, acknowledgements and escalations as the state store has them. */
import { parserOf, type Row, type Statement, type StateStore, silenceMatcherSchema } from '../../core/index.ts';
import { type Hold, type HoldMatcher, holdKinds } from '../delivery/silences/hold.ts';
import { numberOf, textOf } from './rows.ts';

const parseMatcher: (value: unknown) => HoldMatcher = parserOf(silenceMatcherSchema, 'STATE_STORE', 'a stored silence');

export function saveHold(hold: Hold): Statement {
  const { id, kind, matcher, reason, owner, startsAtMs, endsAtMs } = hold;
  return {
    sql: `INSERT OR REPLACE INTO alerting_hold (id, kind, matcher, reason, owner, starts_at_ms, ends_at_ms)
          VALUES (?, ?, ?, ?, ?, ?, ?)`,
    params: [id, kind, JSON.stringify(matcher), reason, owner, startsAtMs, endsAtMs],
  };
}

export function endHold(id: string, nowMs: number): Statement {
  return {
    sql: 'UPDATE alerting_hold SET is_over = 1, ends_at_ms = min(ends_at_ms, ?) WHERE id = ?',
    params: [nowMs, id],
  };
}

/** Those that are not over, or whose end nobody has told of yet. */
export async function readHolds(store: StateStore): Promise<readonly Hold[]> {
  const rows = await store.read({ sql: 'SELECT * FROM alerting_hold WHERE is_over = 0 ORDER BY id' });
  return rows.map(holdOf);
}

function holdOf(row: Row): Hold {
  const kind = holdKinds.find((one) => one === row.kind) ?? 'silence';
  const matcher: HoldMatcher = parseMatcher(JSON.parse(textOf(row, 'matcher')));
  return {
    id: textOf(row, 'id'),
    kind,
    matcher,
    reason: textOf(row, 'reason'),
    owner: textOf(row, 'owner'),
    startsAtMs: numberOf(row, 'starts_at_ms'),
    endsAtMs: numberOf(row, 'ends_at_ms'),
  };
}

/** Who has said that they look after an incident: an alert since its first event. */
export type Acknowledgement = {
  readonly alertId: string;
  readonly sinceMs: number;
  readonly by: string;
  readonly atMs: number;
};

export function saveAcknowledgement({ alertId, sinceMs, by, atMs }: Acknowledgement): readonly Statement[] {
  return [
    {
      sql: 'INSERT OR REPLACE INTO alerting_acknowledgement (alert_id, since_ms, by, at_ms) VALUES (?, ?, ?, ?)',
      params: [alertId, sinceMs, by, atMs],
    },
    { sql: 'DELETE FROM alerting_escalation WHERE alert_id = ?', params: [alertId] },
  ];
}

/** Of incidents that are still open. */
export async function readAcknowledgements(store: StateStore): Promise<readonly Acknowledgement[]> {
  const rows = await store.read({
    sql: `SELECT k.* FROM alerting_acknowledgement k JOIN alerting_alert a ON a.id = k.alert_id
          WHERE a.is_open = 1 AND a.since_second * 1000 = k.since_ms`,
  });
  return rows.map((row) => ({
    alertId: textOf(row, 'alert_id'),
    sinceMs: numberOf(row, 'since_ms'),
    by: textOf(row, 'by'),
    atMs: numberOf(row, 'at_ms'),
  }));
}

/** The next step of a team for an incident that nobody has acknowledged. */
export type Escalation = {
  readonly alertId: string;
  readonly sinceMs: number;
  readonly team: string;
  readonly step: number;
  readonly eventKey: string;
  readonly dueAtMs: number;
};

export function saveEscalation({ alertId, sinceMs, team, step, eventKey, dueAtMs }: Escalation): Statement {
  return {
    sql: `INSERT OR REPLACE INTO alerting_escalation (alert_id, since_ms, team, step, event_key, due_at_ms)
          VALUES (?, ?, ?, ?, ?, ?)`,
    params: [alertId, sinceMs, team, step, eventKey, dueAtMs],
  };
}

export function dropEscalation(alertId: string, team?: string): Statement {
  if (team === undefined) return { sql: 'DELETE FROM alerting_escalation WHERE alert_id = ?', params: [alertId] };
  return { sql: 'DELETE FROM alerting_escalation WHERE alert_id = ? AND team = ?', params: [alertId, team] };
}

const ESCALATIONS_PAGE = 200;

export async function readDueEscalations(store: StateStore, nowMs: number): Promise<readonly Escalation[]> {
  const rows = await store.read({
    sql: `SELECT * FROM alerting_escalation WHERE due_at_ms <= ? ORDER BY due_at_ms LIMIT ${ESCALATIONS_PAGE}`,
    params: [nowMs],
  });
  return rows.map((row) => ({
    alertId: textOf(row, 'alert_id'),
    sinceMs: numberOf(row, 'since_ms'),
    team: textOf(row, 'team'),
    step: numberOf(row, 'step'),
    eventKey: textOf(row, 'event_key'),
    dueAtMs: numberOf(row, 'due_at_ms'),
  }));
}
