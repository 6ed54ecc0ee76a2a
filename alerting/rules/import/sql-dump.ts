/**
 * Rows of a MySQL dump: the INSERT statements of mysqldump, with or without column names, and the
 * columns of its CREATE TABLE statements. Whatever else the dump says is passed over. One pass.
 */
import { AppError } from '../../../core/index.ts';

export type DumpRow = Readonly<Record<string, string | null>>;

const ROWS_MAX = 1_000_000;

/** Rows by table, for the tables that are wanted. `columns` are used where the dump names none. */
export function readDump(
  text: string,
  columns: Readonly<Record<string, readonly string[]>>,
): ReadonlyMap<string, DumpRow[]> {
  const rows = new Map<string, DumpRow[]>();
  const known = new Map(Object.entries(columns));
  const statement = /^\s*(CREATE TABLE(?: IF NOT EXISTS)?|INSERT (?:IGNORE )?INTO)\s+`?([A-Za-z0-9_]+)`?\s*/gim;
  let count = 0;
  for (let found = statement.exec(text); found !== null; found = statement.exec(text)) {
    const table = found[2] ?? '';
    if (columns[table] === undefined) continue;
    const scanner = new Scanner(text, statement.lastIndex);
    if (/^create/i.test(found[1] ?? '')) known.set(table, scanner.columnNames());
    else {
      const names = scanner.names() ?? known.get(table) ?? [];
      for (const values of scanner.tuples()) {
        if (++count > ROWS_MAX) throw new AppError('PAYLOAD_TOO_LARGE', `the dump has more than ${ROWS_MAX} rows`);
        const list = rows.get(table) ?? [];
        list.push(Object.fromEntries(names.map((name, index) => [name, values[index] ?? null])));
        rows.set(table, list);
      }
    }
    statement.lastIndex = scanner.at;
  }
  return rows;
}

class Scanner {
  at: number;
  readonly #text: string;

  constructor(text: string, at: number) {
    this.#text = text;
    this.at = at;
  }

  /** The first word of each line of a CREATE TABLE that begins with a quoted name. */
  columnNames(): readonly string[] {
    const end = this.#text.indexOf(';', this.at);
    const body = this.#text.slice(this.at, end < 0 ? undefined : end);
    this.at = end < 0 ? this.#text.length : end;
    return [...body.matchAll(/^\s*`([^`]+)`\s/gm)].map((found) => found[1] ?? '');
  }

  /** `(a, b)` before VALUES, or undefined. Steps over VALUES. */
  names(): readonly string[] | undefined {
    let names: string[] | undefined;
    this.#skipSpace();
    if (this.#text[this.at] === '(') {
      const end = this.#text.indexOf(')', this.at);
      names = this.#text
        .slice(this.at + 1, end)
        .split(',')
        .map((name) => name.replace(/[`\s]/g, ''));
      this.at = end + 1;
    }
    this.#skipSpace();
    if (/^values/i.test(this.#text.slice(this.at, this.at + 6))) this.at += 6;
    return names;
  }

  *tuples(): Iterable<readonly (string | null)[]> {
    for (;;) {
      this.#skipSpace();
      if (this.#text[this.at] === ',') {
        this.at++;
        continue;
      }
      if (this.#text[this.at] !== '(') return;
      this.at++;
      yield this.#tuple();
    }
  }

  #tuple(): readonly (string | null)[] {
    const values: (string | null)[] = [];
    while (this.at < this.#text.length) {
      this.#skipSpace();
      const sign = this.#text[this.at];
      if (sign === ')') {
        this.at++;
        break;
      }
      if (sign === ',') this.at++;
      else values.push(sign === "'" || sign === '"' ? this.#quoted(sign) : this.#bare());
    }
    return values;
  }

  #bare(): string | null {
    const start = this.at;
    while (this.at < this.#text.length && !/[,)]/.test(this.#text[this.at] ?? '')) this.at++;
    const word = this.#text.slice(start, this.at).trim();
    return /^null$/i.test(word) ? null : word;
  }

  /** MySQL's escapes: a backslash, or the quote twice. */
  #quoted(quote: string): string {
    let value = '';
    for (this.at++; this.at < this.#text.length; this.at++) {
      const sign = this.#text[this.at] ?? '';
      if (sign === '\\') value += unescaped(this.#text[++this.at] ?? '');
      else if (sign !== quote) value += sign;
      else if (this.#text[this.at + 1] === quote) value += this.#text[++this.at];
      else break;
    }
    this.at++;
    return value;
  }

  #skipSpace(): void {
    while (/\s/.test(this.#text[this.at] ?? '')) this.at++;
  }
}

function unescaped(sign: string): string {
  return { n: '\n', r: '\r', t: '\t', '0': '\0' }[sign] ?? sign;
}
