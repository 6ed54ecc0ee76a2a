import { describeError, type Logger, type Statement, type StateStore } from '../../core/index.ts';

/** At most this many rows wait for the store: one of every group in a large fleet, twice over. */
const WAITING_MAX = 10_000;

/** As many statements in one transaction: a few hundred kilobytes. */
const BATCH_MAX = 500;

type Waiting<Entry> = { readonly entry: Entry; readonly statement: () => Statement };

/**
 * Rows that may reach the store a little later: each key holds the newest statement for its row,
 * and one transaction at a time takes what waits. A store that fails keeps the rows waiting; when
 * too many wait, the oldest is dropped and counted.
 */
export class WriteBehind<Entry> {
  droppedCount = 0;
  readonly #store: StateStore;
  readonly #logger: Logger;
  readonly #waiting = new Map<string, Waiting<Entry>>();
  #writing: Promise<void> | null = null;

  constructor(store: StateStore, logger: Logger) {
    this.#store = store;
    this.#logger = logger;
  }

  /** `statement` is only asked for when the row is written: most rows change again before that. */
  put(key: string, entry: Entry, statement: () => Statement): void {
    this.#waiting.delete(key);
    this.#waiting.set(key, { entry, statement });
    if (this.#waiting.size <= WAITING_MAX) return;
    const [oldest] = this.#waiting.keys();
    if (oldest !== undefined) this.#waiting.delete(oldest);
    this.droppedCount++;
  }

  /** What the store does not have yet. */
  waiting(): Entry[] {
    return [...this.#waiting.values()].map(({ entry }) => entry);
  }

  /** Writes all that waits now. Resolves when it is durable, or when the store has failed. */
  async flush(): Promise<void> {
    if (this.#writing !== null) await this.#writing;
    if (this.#waiting.size === 0) return;
    this.#writing ??= this.#writeAll().finally(() => {
      this.#writing = null;
    });
    await this.#writing;
  }

  async #writeAll(): Promise<void> {
    const rounds = Math.ceil(WAITING_MAX / BATCH_MAX);
    for (let round = 0; round < rounds && this.#waiting.size > 0; round++) {
      const batch = [...this.#waiting].slice(0, BATCH_MAX);
      try {
        await this.#store.write(batch.map(([, { statement }]) => statement()));
      } catch (error) {
        this.#logger.warn({ waiting: this.#waiting.size, error: describeError(error) }, 'decisions wait for the store');
        return;
      }
      // A row that has changed while it was written waits for the next round.
      for (const [key, row] of batch) if (this.#waiting.get(key) === row) this.#waiting.delete(key);
    }
  }
}
