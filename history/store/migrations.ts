import type { ClickHouseClient } from '@clickhouse/client';
import {
  alterRollupsTtl,
  alterSeriesTtl,
  createMigrations,
  createRollups,
  createSeries,
  createSettings,
  selectMigrations,
  selectSetting,
} from './schema.ts';

/**
 * Numbered once and for ever: a migration that has been released is never edited. Each statement
 * does nothing when it has been done already, so that a crash between a statement and its record,
 * or two servers that migrate at once, are harmless.
 */
export const migrations = [
  { id: 1, name: 'settings', statement: createSettings },
  { id: 2, name: 'series', statement: createSeries },
  { id: 3, name: 'one-minute rollups', statement: createRollups },
] as const;

/** Days that `createRollups` is written with. */
const RETENTION_DAYS_AT_FIRST = 90;

/** Brings the schema up to date. Returns the ids that were applied now. */
export async function migrate(client: ClickHouseClient): Promise<readonly number[]> {
  await client.command({ query: createMigrations });
  const answer = await client.query({ query: selectMigrations, format: 'JSONCompactEachRow' });
  const applied = new Set((await answer.json<[number]>()).map(([id]) => id));
  const missing = migrations.filter(({ id }) => !applied.has(id));
  for (const { id, name, statement } of missing) {
    await client.command({ query: statement });
    await record(client, 'migrations', { id, name });
  }
  return missing.map(({ id }) => id);
}

/** Makes rows expire after `days`. Changing it recomputes expiry only; no data is rewritten. */
export async function setRetention(client: ClickHouseClient, days: number): Promise<void> {
  const name = 'rollup_1m.retention_days';
  const answer = await client.query({
    query: selectSetting,
    query_params: { name },
    format: 'JSONCompactEachRow',
  });
  const [row] = await answer.json<[string]>();
  if (Number(row?.[0] ?? RETENTION_DAYS_AT_FIRST) === days) return;
  await client.command({ query: alterRollupsTtl, query_params: { days } });
  await client.command({ query: alterSeriesTtl, query_params: { days: days + 1 } });
  await record(client, 'settings', { name, value: String(days) });
}

async function record(client: ClickHouseClient, table: 'migrations' | 'settings', row: object): Promise<void> {
  // Newer servers gather small inserts by default; a record must be there when the call returns.
  await client.insert({ table, values: [row], format: 'JSONEachRow', clickhouse_settings: { async_insert: 0 } });
}
