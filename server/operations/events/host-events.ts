import {
  type Clock,
  type EventsQuery,
  type HostEvent,
  hostEventSchema,
  parserOf,
  type Row,
  type SqlValue,
  type StateStore,
  type StoredEvent,
} from '../../../core/index.ts';

/** Events older than this are forgotten, and the oldest beyond this many: a kilobyte each, 100 MB. */
const KEEP_MS = 90 * 24 * 3600 * 1000;
const EVENTS_MAX = 100_000;
/** Forgetting is done this seldom. */
const PRUNE_MS = 3600 * 1000;

const LIMIT = 100;

const parseEvent = parserOf(hostEventSchema, 'STATE_STORE', 'a stored event');

/** What happened on hosts, kept in the state store. */
export class HostEvents {
  readonly #store: StateStore;
  readonly #clock: Clock;
  readonly #onChange: () => void;
  #prunedAtMs = Number.NEGATIVE_INFINITY;

  constructor(store: StateStore, clock: Clock, onChange: () => void) {
    this.#store = store;
    this.#clock = clock;
    this.#onChange = onChange;
  }

  /** Keeps events of a collector, each once. Resolves when they are on disk; rejects with `STATE_STORE`. */
  async take(collector: string, events: readonly HostEvent[]): Promise<void> {
    const inserts = events.map((event) => ({
      sql: `INSERT INTO host_event (id, collector, endpoint, kind, at_ms, body) VALUES (?, ?, ?, ?, ?, ?)
            ON CONFLICT (id) DO NOTHING`,
      params: [event.id, collector, event.endpoint, event.kind, event.atMs, JSON.stringify(event)],
    }));
    await this.#store.write([...inserts, ...this.#pruning()]);
    this.#onChange();
  }

  /** The newest first. */
  async list({ endpoint, host, kind, fromMs, toMs, limit = LIMIT }: EventsQuery): Promise<StoredEvent[]> {
    const conditions: string[] = [];
    const params: SqlValue[] = [];
    const where = (condition: string, value: SqlValue | undefined): void => {
      if (value === undefined) return;
      conditions.push(condition);
      params.push(value);
    };
    where('endpoint = ?', endpoint);
    // A collector is called like the host that it runs on.
    where('collector = ?', host);
    where('kind = ?', kind);
    where('at_ms >= ?', fromMs);
    where('at_ms < ?', toMs);
    const filter = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
    const sql = `SELECT collector, body FROM host_event ${filter} ORDER BY at_ms DESC, id DESC LIMIT ?`;
    const rows = await this.#store.read({ sql, params: [...params, limit] });
    return rows.map(storedEventOf);
  }

  #pruning(): { sql: string; params: SqlValue[] }[] {
    const nowMs = this.#clock.nowMs();
    if (nowMs - this.#prunedAtMs < PRUNE_MS) return [];
    this.#prunedAtMs = nowMs;
    const beyond = 'SELECT id FROM host_event ORDER BY at_ms DESC, id DESC LIMIT -1 OFFSET ?';
    return [
      { sql: 'DELETE FROM host_event WHERE at_ms < ?', params: [nowMs - KEEP_MS] },
      { sql: `DELETE FROM host_event WHERE id IN (${beyond})`, params: [EVENTS_MAX] },
    ];
  }
}

function storedEventOf({ collector, body }: Row): StoredEvent {
  return { ...parseEvent(JSON.parse(String(body))), collector: String(collector) };
}
