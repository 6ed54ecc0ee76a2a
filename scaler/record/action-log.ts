import {
  actionSchema,
  parserOf,
  type Row,
  type ScalingAction,
  type Statement,
  type StateStore,
} from '../../core/index.ts';
import type { ContainerSpec } from '../driver.ts';
import { parseSpec } from './stored-spec.ts';

/** A scaling action with what it takes to resume it. */
export type ActionRecord = Omit<ScalingAction, 'container'> & {
  /** Name of the container, known before it exists. */
  readonly container: string;
  readonly containerId: string | null;
  /** What to create; null for a removal. Resuming uses this, not the group as it is by then. */
  readonly spec: ContainerSpec | null;
};

/** The actions of all groups. Every step is here before it starts. */
export class ActionLog {
  readonly #store: StateStore;

  constructor(store: StateStore) {
    this.#store = store;
  }

  /** For the transaction that records the decision as well. */
  beginning(record: ActionRecord): Statement {
    return {
      sql: `INSERT INTO scaler_actions
              (id, group_name, kind, container, container_id, state, step, error, spec, started_at_ms, ended_at_ms)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      params: [
        record.id,
        record.group,
        record.kind,
        record.container,
        record.containerId,
        record.state,
        record.step,
        record.error,
        record.spec === null ? null : JSON.stringify(record.spec),
        record.startedAtMs,
        record.endedAtMs,
      ],
    };
  }

  async begin(record: ActionRecord): Promise<void> {
    await this.#store.write([this.beginning(record)]);
  }

  async update(record: ActionRecord): Promise<void> {
    const { id, containerId, state, step, error, endedAtMs } = record;
    await this.#store.write([
      {
        sql: 'UPDATE scaler_actions SET container_id = ?, state = ?, step = ?, error = ?, ended_at_ms = ? WHERE id = ?',
        params: [containerId, state, step, error, endedAtMs, id],
      },
    ]);
  }

  /** Begun and not ended: what a crash, or an orderly stop, has left. */
  async unfinished(): Promise<ActionRecord[]> {
    const rows = await this.#store.read({
      sql: "SELECT * FROM scaler_actions WHERE state = 'running' ORDER BY started_at_ms",
    });
    return rows.map(fromRow);
  }

  /** Ids of containers that no signal has ended. */
  async stuckContainers(): Promise<string[]> {
    const rows = await this.#store.read({ sql: "SELECT container_id FROM scaler_actions WHERE state = 'stuck'" });
    return rows.flatMap((row) => (typeof row.container_id === 'string' ? [row.container_id] : []));
  }

  /** Ids of creations that failed; what they may have made after all is left over. */
  async failedCreations(): Promise<string[]> {
    const rows = await this.#store.read({
      sql: `SELECT id FROM scaler_actions WHERE kind = 'create' AND state = 'failed' ORDER BY started_at_ms DESC LIMIT ?`,
      params: [FAILED_KEPT_MAX],
    });
    return rows.map((row) => String(row.id));
  }

  /** Newest first. */
  async recent(query: { readonly group?: string; readonly limit: number }): Promise<ScalingAction[]> {
    const where = query.group === undefined ? '' : 'WHERE group_name = ?';
    const rows = await this.#store.read({
      sql: `SELECT * FROM scaler_actions ${where} ORDER BY started_at_ms DESC, id LIMIT ?`,
      params: [...(query.group === undefined ? [] : [query.group]), query.limit],
    });
    return rows.map(fromRow).map(({ containerId: _, spec: __, ...action }) => action);
  }
}

/** Failed creations are remembered so far back. */
export const FAILED_KEPT_MAX = 1000;

const parseAction = parserOf(actionSchema, 'STATE_STORE', 'a stored action');

function fromRow(row: Row): ActionRecord {
  const action = parseAction({
    id: row.id,
    group: row.group_name,
    kind: row.kind,
    container: row.container,
    state: row.state,
    step: row.step,
    error: row.error,
    startedAtMs: row.started_at_ms,
    endedAtMs: row.ended_at_ms,
  });
  return {
    ...action,
    container: String(row.container),
    containerId: typeof row.container_id === 'string' ? row.container_id : null,
    spec: typeof row.spec === 'string' ? parseSpec(JSON.parse(row.spec)) : null,
  };
}
