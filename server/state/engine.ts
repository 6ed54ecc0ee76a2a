import Database from 'libsql';
import { AppError, type Migration, type Row, type SqlValue, type Statement } from '../../core/index.ts';

const ROWS_MAX = 10_000;

/** SQLite as the state store uses it: synchronous, durable on commit. Runs in a worker thread. */
export class StateEngine {
  readonly #database: Database.Database;
  readonly #prepared = new Map<string, Database.Statement>();

  constructor(path: string) {
    this.#database = new Database(path);
    this.#database.exec('PRAGMA journal_mode = WAL');
    this.#database.exec('PRAGMA synchronous = FULL');
    this.#database.exec('PRAGMA busy_timeout = 5000');
    this.#database.exec('PRAGMA foreign_keys = ON');
  }

  /** Runs what has not run yet, in order, each in a transaction of its own. */
  migrate(migrations: readonly Migration[]): void {
    this.#database.exec('CREATE TABLE IF NOT EXISTS migration (id TEXT PRIMARY KEY) STRICT');
    for (const migration of migrations) {
      if (this.read({ sql: 'SELECT id FROM migration WHERE id = ?', params: [migration.id] }).length > 0) continue;
      const statements: Statement[] = migration.statements.map((sql) => ({ sql }));
      this.write([...statements, { sql: 'INSERT INTO migration (id) VALUES (?)', params: [migration.id] }]);
    }
  }

  write(statements: readonly Statement[]): void {
    run('BEGIN', () => this.#database.exec('BEGIN IMMEDIATE'));
    try {
      for (const { sql, params = [] } of statements) run(sql, () => this.#prepare(sql).run(...params));
      run('COMMIT', () => this.#database.exec('COMMIT'));
    } catch (error) {
      // On a full disk SQLite has rolled back by itself already.
      if (this.#database.inTransaction) this.#database.exec('ROLLBACK');
      throw error;
    }
  }

  read({ sql, params = [] }: Statement): Row[] {
    const rows: unknown[] = run(sql, () => this.#prepare(sql).all(...params));
    return rows.slice(0, ROWS_MAX).map(plainRow);
  }

  #prepare(sql: string): Database.Statement {
    let statement = this.#prepared.get(sql);
    if (statement === undefined) {
      statement = this.#database.prepare(sql);
      this.#prepared.set(sql, statement);
    }
    return statement;
  }

  close(): void {
    this.#database.close();
  }
}

/** libsql adds a field of its own to rows; only columns leave this module. */
function plainRow(row: unknown): Row {
  const entries = Object.entries(row as Record<string, SqlValue>).filter(([name]) => name !== '_metadata');
  return Object.fromEntries(entries);
}

function run<Result>(sql: string, work: () => Result): Result {
  try {
    return work();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const isFull = /disk is full|disk I\/O error/.test(reason);
    const hint = isFull ? { hint: 'free space where the data folder lies; nothing has to be restarted' } : {};
    throw new AppError('STATE_STORE', `the state store refused a statement: ${reason}`, { where: sql, cause, ...hint });
  }
}
