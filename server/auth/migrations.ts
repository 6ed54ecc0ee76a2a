import type { Migration } from '../../core/index.ts';

export const migrations: readonly Migration[] = [
  {
    id: 'auth-1',
    statements: [
      `CREATE TABLE auth_user (
         name TEXT PRIMARY KEY,
         password_hash TEXT NOT NULL,
         created_at_ms INTEGER NOT NULL
       ) STRICT`,
      `CREATE TABLE auth_session (
         id_hash TEXT PRIMARY KEY,
         user_name TEXT NOT NULL,
         created_at_ms INTEGER NOT NULL,
         expires_at_ms INTEGER NOT NULL
       ) STRICT`,
      `CREATE TABLE auth_token (
         id TEXT PRIMARY KEY,
         name TEXT NOT NULL,
         scope TEXT NOT NULL,
         secret_hash TEXT NOT NULL,
         created_at_ms INTEGER NOT NULL,
         last_used_at_ms INTEGER
       ) STRICT`,
    ],
  },
  {
    id: 'auth-2',
    // The name of the collector that used a token first: nobody else's from then on.
    statements: ['ALTER TABLE auth_token ADD COLUMN collector TEXT'],
  },
  {
    id: 'auth-3',
    // What a push token may write to.
    statements: ['ALTER TABLE auth_token ADD COLUMN node TEXT'],
  },
];
