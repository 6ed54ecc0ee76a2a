export type SqlValue = string | number | null;

/** SQL text is always a constant of the code; everything that varies is a parameter. */
export type Statement = { readonly sql: string; readonly params?: readonly SqlValue[] };

export type Row = Readonly<Record<string, SqlValue>>;

/**
 * Small operational state (rules' state, outbox, users, decisions), durable when the promise
 * resolves. `server/` implements it over SQLite in a worker thread; rooms own their tables.
 *
 * Errors: `STATE_STORE` with the statement's text and the engine's reason.
 */
export interface StateStore {
  /** Runs all statements in one transaction, all or nothing. Resolves after fsync. */
  write(statements: readonly Statement[]): Promise<void>;
  /** Rows of one read-only statement, at most 10,000. */
  read(statement: Statement): Promise<readonly Row[]>;
}

/** Numbered once and for ever: a migration that has been released is never edited. */
export type Migration = { readonly id: string; readonly statements: readonly string[] };
