/** Flags of the history engine's process, in the form that `parseArgs` takes. */
export const historyFlags = {
  'clickhouse-url': { type: 'string' },
  'clickhouse-user': { type: 'string' },
  'clickhouse-password-file': { type: 'string' },
  'clickhouse-database': { type: 'string' },
} as const;

export const historyFlagsHelp = `  --clickhouse-url URL    keep history in this ClickHouse (embedded, in the data folder)
  --clickhouse-user NAME  and sign in there as (default)
  --clickhouse-password-file FILE
                          with the password in this file
  --clickhouse-database NAME
                          database for Saker's tables (saker)`;
