/** Rules and templates that are kept in the state store, with every version and who made it. */
import type { Row, Statement, StateStore } from '../../core/index.ts';
import type { EntryKind } from '../rules/read/check.ts';
import { numberOf, textOf } from './rows.ts';

export type StoredEntry = {
  readonly kind: EntryKind;
  readonly slug: string;
  readonly name: string;
  /** YAML, as it was given. */
  readonly text: string;
  /** Counted on over a removal: two versions of one name never have the same number. */
  readonly version: number;
  readonly changedAtMs: number;
  readonly changedBy: string;
};

/** A version of an entry; `text` is null where it was removed. */
export type EntryChange = Omit<StoredEntry, 'text'> & { readonly text: string | null };

/** Of all entries together; the oldest go first. */
const CHANGES_MAX = 10_000;
const CHANGES_SHOWN = 50;

export async function readStoredEntries(store: StateStore): Promise<readonly StoredEntry[]> {
  const rows = await store.read({ sql: 'SELECT * FROM alerting_rule ORDER BY kind, slug' });
  return rows.map((row) => ({
    ...idOf(row),
    text: textOf(row, 'body'),
    changedAtMs: numberOf(row, 'changed_at_ms'),
    changedBy: textOf(row, 'changed_by'),
  }));
}

export function saveEntry({
  kind,
  slug,
  name,
  text,
  version,
  changedAtMs,
  changedBy,
}: StoredEntry): readonly Statement[] {
  return [
    {
      sql: `INSERT OR REPLACE INTO alerting_rule (kind, slug, name, body, version, changed_at_ms, changed_by)
            VALUES (?, ?, ?, ?, ?, ?, ?)`,
      params: [kind, slug, name, text, version, changedAtMs, changedBy],
    },
    ...noteChange({ kind, slug, name, text, version, changedAtMs, changedBy }),
  ];
}

export function removeEntry(change: EntryChange): readonly Statement[] {
  const { kind, slug } = change;
  return [
    { sql: 'DELETE FROM alerting_rule WHERE kind = ? AND slug = ?', params: [kind, slug] },
    ...noteChange(change),
  ];
}

function noteChange({ kind, slug, name, text, version, changedAtMs, changedBy }: EntryChange): readonly Statement[] {
  return [
    {
      sql: `INSERT INTO alerting_rule_change (kind, slug, name, version, body, at_ms, by) VALUES (?, ?, ?, ?, ?, ?, ?)`,
      params: [kind, slug, name, version, text, changedAtMs, changedBy],
    },
    {
      sql: `DELETE FROM alerting_rule_change
            WHERE sequence <= (SELECT max(sequence) FROM alerting_rule_change) - ${CHANGES_MAX}`,
    },
  ];
}

/** The newest first. */
export async function readChanges(store: StateStore, kind: EntryKind, slug: string): Promise<readonly EntryChange[]> {
  const rows = await store.read({
    sql: `SELECT * FROM alerting_rule_change WHERE kind = ? AND slug = ? ORDER BY version DESC LIMIT ${CHANGES_SHOWN}`,
    params: [kind, slug],
  });
  return rows.map((row) => ({
    ...idOf(row),
    text: row.body === null ? null : textOf(row, 'body'),
    changedAtMs: numberOf(row, 'at_ms'),
    changedBy: textOf(row, 'by'),
  }));
}

/** The newest version that a name ever had; 0 for none. */
export async function readNewestVersion(store: StateStore, kind: EntryKind, slug: string): Promise<number> {
  const [row] = await store.read({
    sql: 'SELECT coalesce(max(version), 0) AS version FROM alerting_rule_change WHERE kind = ? AND slug = ?',
    params: [kind, slug],
  });
  return row === undefined ? 0 : numberOf(row, 'version');
}

function idOf(row: Row): Pick<StoredEntry, 'kind' | 'slug' | 'name' | 'version'> {
  return {
    kind: row.kind === 'template' ? 'template' : 'rule',
    slug: textOf(row, 'slug'),
    name: textOf(row, 'name'),
    version: numberOf(row, 'version'),
  };
}
