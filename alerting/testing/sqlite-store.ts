/** A `StateStore` over the engine that the server uses, without its worker thread; for tests. */
import Database from 'libsql';
import { AppError, type Row, type Statement, type StateStore } from '../../core/index.ts';
import { migrations } from '../store/migrations/migrations.ts';

/** With this room's tables. `failures` makes so many of the next writes fail, as a full disk would. */
export class SqliteStore implements StateStore {
  failures = 0;
  writes = 0;
  readonly #database: Database.Database;

  constructor(path = ':memory:') {
    this.#database = new Database(path);
    this.#database.exec('CREATE TABLE IF NOT EXISTS migration (id TEXT PRIMARY KEY)');
    for (const { id, statements } of migrations) {
      if (this.#database.prepare('SELECT id FROM migration WHERE id = ?').get(id) !== undefined) continue;
      for (const sql of statements) this.#database.exec(sql);
      this.#database.prepare('INSERT INTO migration VALUES (?)').run(id);
    }
  }

  async write(statements: readonly Statement[]): Promise<void> {
    if (this.failures > 0) {
      this.failures--;
      throw new AppError('STATE_STORE', 'the disk is full');
    }
    this.writes++;
    this.#database.transaction(() => {
      for (const { sql, params = [] } of statements) this.#database.prepare(sql).run(...params);
    })();
  }

  async read({ sql, params = [] }: Statement): Promise<readonly Row[]> {
    return this.#database.prepare(sql).all(...params) as Row[];
  }

  close(): void {
    this.#database.close();
  }
}
