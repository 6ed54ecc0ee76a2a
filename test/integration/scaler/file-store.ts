import Database from 'libsql';
import type { Migration, Row, SqlValue, Statement, StateStore } from '../../../core/index.ts';

/** A state store in a file, in this thread: what one run has written, the next one reads. */
export class FileStore implements StateStore {
  readonly #database: Database.Database;

  constructor(path: string, migrations: readonly Migration[]) {
    this.#database = new Database(path);
    this.#database.exec('PRAGMA journal_mode = WAL');
    this.#database.exec('PRAGMA synchronous = FULL');
    const migrated = this.#database.prepare("SELECT name FROM sqlite_master WHERE name = 'scaler_actions'").all();
    if (migrated.length > 0) return;
    for (const { statements } of migrations) for (const sql of statements) this.#database.exec(sql);
  }

  async write(statements: readonly Statement[]): Promise<void> {
    this.#database.transaction(() => {
      for (const { sql, params = [] } of statements) this.#database.prepare(sql).run(...params);
    })();
  }

  async read({ sql, params = [] }: Statement): Promise<readonly Row[]> {
    const rows: unknown[] = this.#database.prepare(sql).all(...params);
    return rows.map((row) => Object.fromEntries(Object.entries(Object(row)).map(([key, value]) => [key, cell(value)])));
  }

  close(): void {
    this.#database.close();
  }
}

function cell(value: unknown): SqlValue {
  return typeof value === 'string' || typeof value === 'number' ? value : null;
}
