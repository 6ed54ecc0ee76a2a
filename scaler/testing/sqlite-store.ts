import Database from 'libsql';
import {
  AppError,
  type Migration,
  type Row,
  type SqlValue,
  type Statement,
  type StateStore,
} from '../../core/index.ts';

/** The store's contract over SQLite in memory, for the room's tests; it can be told to fail. */
export class SqliteStore implements StateStore {
  readonly #database = new Database(':memory:');
  failing = false;
  writeCount = 0;

  constructor(migrations: readonly Migration[]) {
    for (const { statements } of migrations) for (const sql of statements) this.#database.exec(sql);
  }

  async write(statements: readonly Statement[]): Promise<void> {
    if (this.failing) throw new AppError('STATE_STORE', 'the disk is full');
    this.writeCount++;
    this.#database.exec('BEGIN');
    try {
      for (const { sql, params = [] } of statements) this.#database.prepare(sql).run(...params);
      this.#database.exec('COMMIT');
    } catch (error) {
      this.#database.exec('ROLLBACK');
      throw error;
    }
  }

  async read({ sql, params = [] }: Statement): Promise<readonly Row[]> {
    if (this.failing) throw new AppError('STATE_STORE', 'the disk is full');
    const rows: unknown[] = this.#database.prepare(sql).all(...params);
    return rows.map((row) =>
      Object.fromEntries(Object.entries(Object(row)).map(([key, value]) => [key, sqlValue(value)])),
    );
  }

  close(): void {
    this.#database.close();
  }
}

function sqlValue(value: unknown): SqlValue {
  return typeof value === 'string' || typeof value === 'number' ? value : null;
}
