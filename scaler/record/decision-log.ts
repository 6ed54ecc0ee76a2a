import {
  type Decision,
  decisionSchema,
  type Logger,
  parserOf,
  type Row,
  type Statement,
  type StateStore,
} from '../../core/index.ts';
import { WriteBehind } from './write-behind.ts';

/** What a decision says, before it has an id and neighbours. */
export type DecisionDraft = Omit<Decision, 'id' | 'lastAtMs' | 'repeats' | 'inputs'>;

/** The samples behind a draft, brought together only where they are kept. */
export type InputsOf = () => Decision['inputs'];

/** Samples of a record that repeats itself are renewed once in so many repeats. */
const INPUTS_EVERY = 10;

/** As many records of one group are kept; older ones go. Three hours of a group that never repeats itself. */
export const DECISIONS_PER_GROUP_MAX = 10_000;

/** Retention runs once for so many new records of a group. */
const RETENTION_EVERY = 100;

/**
 * Why each group has the size it has. A change is durable before it is carried out; a hold that
 * says the same as the one before it is folded into it, and reaches the store with the next flush.
 */
export class DecisionLog {
  readonly #store: StateStore;
  /** Null stands for a statement of retention. */
  readonly #behind: WriteBehind<Decision | null>;
  readonly #newest = new Map<string, Decision>();
  readonly #seqs = new Map<string, number>();

  private constructor(store: StateStore, logger: Logger) {
    this.#store = store;
    this.#behind = new WriteBehind(store, logger);
  }

  static async open(store: StateStore, logger: Logger): Promise<DecisionLog> {
    const log = new DecisionLog(store, logger);
    const rows = await store.read({
      sql: 'SELECT group_name, MAX(seq) AS seq FROM scaler_decisions GROUP BY group_name',
    });
    for (const row of rows) log.#seqs.set(String(row.group_name), Number(row.seq));
    return log;
  }

  get droppedCount(): number {
    return this.#behind.droppedCount;
  }

  /** The newest record of a group in this run. */
  newest(group: string): Decision | null {
    return this.#newest.get(group) ?? null;
  }

  /** Records a hold. Returns true when it is a record of its own, not a repeat. */
  hold(draft: DecisionDraft, inputsOf: InputsOf): boolean {
    const before = this.#newest.get(draft.group);
    const repeats = before !== undefined && isRepeat(before, draft);
    const decision = repeats ? repeated(before, draft, inputsOf) : this.#first(draft, inputsOf);
    this.#remember(decision);
    const seq = this.#seqOf(draft.group);
    this.#behind.put(decision.id, decision, () => upsert(decision, seq));
    return !repeats;
  }

  /**
   * Records a change together with the statements that begin it, all or nothing, durable when it
   * resolves. Throws `STATE_STORE`; then nothing is recorded and nothing may be done.
   */
  async change(draft: DecisionDraft, inputsOf: InputsOf, beginning: readonly Statement[]): Promise<Decision> {
    const decision = this.#first(draft, inputsOf);
    await this.#store.write([upsert(decision, this.#seqOf(draft.group)), ...beginning]);
    this.#remember(decision);
    return decision;
  }

  /** Newest first. */
  async recent(query: { readonly group?: string; readonly limit: number }): Promise<Decision[]> {
    const where = query.group === undefined ? '' : 'WHERE group_name = ?';
    const rows = await this.#store.read({
      sql: `SELECT * FROM scaler_decisions ${where} ORDER BY at_ms DESC, seq DESC LIMIT ?`,
      params: [...(query.group === undefined ? [] : [query.group]), query.limit],
    });
    const byId = new Map(rows.map((row) => [String(row.id), fromRow(row)]));
    for (const decision of this.#behind.waiting()) {
      if (decision === null || (query.group !== undefined && decision.group !== query.group)) continue;
      byId.set(decision.id, decision);
    }
    const decisions = [...byId.values()].sort((a, b) => b.atMs - a.atMs || seqIn(b.id) - seqIn(a.id));
    return decisions.slice(0, query.limit);
  }

  /** When each group was last changed, by kind, from the records of former runs. */
  async lastChanges(): Promise<Map<string, { addMs: number | null; removeMs: number | null }>> {
    const rows = await this.#store.read({
      sql: `SELECT group_name, kind, MAX(at_ms) AS at_ms FROM scaler_decisions
            WHERE kind IN ('add', 'remove') GROUP BY group_name, kind`,
    });
    const changes = new Map<string, { addMs: number | null; removeMs: number | null }>();
    for (const row of rows) {
      const group = String(row.group_name);
      const known = changes.get(group) ?? { addMs: null, removeMs: null };
      changes.set(group, { ...known, [row.kind === 'add' ? 'addMs' : 'removeMs']: Number(row.at_ms) });
    }
    return changes;
  }

  /** Resolves when all records are durable, or when the store has failed; then they wait for the next flush. */
  flush(): Promise<void> {
    return this.#behind.flush();
  }

  #first(draft: DecisionDraft, inputsOf: InputsOf): Decision {
    return { ...draft, id: this.#nextId(draft.group), lastAtMs: draft.atMs, repeats: 1, inputs: inputsOf() };
  }

  #remember(decision: Decision): void {
    this.#newest.set(decision.group, decision);
    const seq = this.#seqOf(decision.group);
    if (decision.repeats > 1 || seq % RETENTION_EVERY !== 0) return;
    for (const [index, statement] of retention(decision.group, seq).entries()) {
      this.#behind.put(`retention ${index} of ${decision.group}`, null, () => statement);
    }
  }

  #nextId(group: string): string {
    const seq = this.#seqOf(group) + 1;
    this.#seqs.set(group, seq);
    return `${group}.${seq}`;
  }

  #seqOf(group: string): number {
    return this.#seqs.get(group) ?? 0;
  }
}

function isRepeat(before: Decision, draft: DecisionDraft): boolean {
  return (
    before.kind === 'hold' &&
    draft.kind === 'hold' &&
    before.code === draft.code &&
    before.current === draft.current &&
    before.winner === draft.winner &&
    before.metric === draft.metric
  );
}

function repeated(before: Decision, draft: DecisionDraft, inputsOf: InputsOf): Decision {
  const repeats = before.repeats + 1;
  const inputs = repeats % INPUTS_EVERY === 0 ? inputsOf() : before.inputs;
  return { ...draft, id: before.id, atMs: before.atMs, lastAtMs: draft.atMs, repeats, inputs };
}

/** The number at the end of an id: `web.17` is the 17th record of its group. */
function seqIn(id: string): number {
  return Number(id.slice(id.lastIndexOf('.') + 1));
}

function upsert(decision: Decision, seq: number): Statement {
  return {
    sql: `INSERT INTO scaler_decisions
            (id, group_name, seq, at_ms, last_at_ms, repeats, kind, metric, signal, current, wanted, reason, guards, inputs, action, detail)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
          ON CONFLICT (id) DO UPDATE SET
            last_at_ms = excluded.last_at_ms, repeats = excluded.repeats, signal = excluded.signal,
            wanted = excluded.wanted, reason = excluded.reason, guards = excluded.guards, inputs = excluded.inputs,
            detail = excluded.detail`,
    params: [
      decision.id,
      decision.group,
      seq,
      decision.atMs,
      decision.lastAtMs,
      decision.repeats,
      decision.kind,
      decision.metric ?? '',
      decision.signal,
      decision.current,
      decision.wanted,
      decision.reason,
      JSON.stringify(decision.guards),
      JSON.stringify(decision.inputs),
      decision.action,
      JSON.stringify(detailOf(decision)),
    ],
  };
}

type Detail = Pick<Decision, 'code' | 'winner' | 'stages' | 'gates' | 'proposals' | 'mode'>;

function detailOf({ code, winner, stages, gates, proposals, mode }: Decision): Detail {
  return { code, winner, stages, gates, proposals, mode };
}

/** What records of before the policies were several do not tell. */
const noDetail: Detail = {
  code: '',
  winner: null,
  stages: { raw: null, stabilised: null, limited: null },
  gates: [],
  proposals: [],
  mode: 'act',
};

function retention(group: string, seq: number): Statement[] {
  return [
    {
      sql: 'DELETE FROM scaler_decisions WHERE group_name = ? AND seq <= ?',
      params: [group, seq - DECISIONS_PER_GROUP_MAX],
    },
    {
      sql: `DELETE FROM scaler_actions WHERE group_name = ? AND state IN ('done', 'failed') AND id NOT IN
              (SELECT id FROM scaler_actions WHERE group_name = ? ORDER BY started_at_ms DESC LIMIT ?)`,
      params: [group, group, DECISIONS_PER_GROUP_MAX],
    },
  ];
}

const parseDecision = parserOf(decisionSchema, 'STATE_STORE', 'a stored decision');

function fromRow(row: Row): Decision {
  const detail: unknown = row.detail === null ? noDetail : JSON.parse(String(row.detail));
  return parseDecision({
    ...(typeof detail === 'object' ? detail : noDetail),
    id: row.id,
    group: row.group_name,
    atMs: row.at_ms,
    lastAtMs: row.last_at_ms,
    repeats: row.repeats,
    kind: row.kind,
    metric: row.metric === '' ? null : row.metric,
    signal: row.signal,
    current: row.current,
    wanted: row.wanted,
    reason: row.reason,
    guards: JSON.parse(String(row.guards)),
    inputs: JSON.parse(String(row.inputs)),
    action: row.action,
  });
}
