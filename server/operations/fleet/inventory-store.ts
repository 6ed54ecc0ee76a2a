/** The newest inventory of each host, durable. */
import type { Clock, HostInventory, InventoryItems, Migration, StateStore } from '../../../core/index.ts';

/** Hosts whose inventories are kept. */
const HOSTS_MAX = 10_000;

export const migrations: readonly Migration[] = [
  {
    id: 'fleet-1',
    statements: [
      `CREATE TABLE fleet_inventory (
         host TEXT PRIMARY KEY,
         items TEXT NOT NULL,
         changed_at_ms INTEGER NOT NULL
       ) STRICT`,
    ],
  },
];

export class InventoryStore {
  readonly #store: StateStore;
  readonly #clock: Clock;
  readonly #byHost = new Map<string, HostInventory>();
  /** Inventories of hosts beyond the limit. */
  refused = 0;

  private constructor(store: StateStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** Rejects with `STATE_STORE`. */
  static async open(store: StateStore, clock: Clock): Promise<InventoryStore> {
    const opened = new InventoryStore(store, clock);
    for (const row of await store.read({ sql: 'SELECT * FROM fleet_inventory' })) {
      const host = String(row.host);
      const items: InventoryItems = JSON.parse(String(row.items));
      opened.#byHost.set(host, { host, items, changedAtMs: Number(row.changed_at_ms) });
    }
    return opened;
  }

  /** Resolves when it is durable. An inventory that is as it was is not written again. Rejects with `STATE_STORE`. */
  async put(host: string, items: InventoryItems): Promise<void> {
    const known = this.#byHost.get(host);
    const text = JSON.stringify(items);
    if (known !== undefined && JSON.stringify(known.items) === text) return;
    if (known === undefined && this.#byHost.size >= HOSTS_MAX) {
      this.refused++;
      return;
    }
    const changedAtMs = this.#clock.nowMs();
    this.#byHost.set(host, { host, items, changedAtMs });
    await this.#store.write([
      {
        sql: `INSERT INTO fleet_inventory (host, items, changed_at_ms) VALUES (?, ?, ?)
              ON CONFLICT (host) DO UPDATE SET items = excluded.items, changed_at_ms = excluded.changed_at_ms`,
        params: [host, text, changedAtMs],
      },
    ]);
  }

  find(host: string): HostInventory | undefined {
    return this.#byHost.get(host);
  }

  all(): HostInventory[] {
    return [...this.#byHost.values()];
  }
}
