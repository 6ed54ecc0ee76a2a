/**
 * The rows of a table whose first cell is a name: interfaces, block devices. Names come in the
 * same order second after second, so each is compared by its bytes with the row that stood there
 * last time; only a table that changed looks names up as strings.
 *
 * A name that was away for a round gets new content: it may be another device under an old name,
 * whose counters must not be compared with those of the first.
 */
import type { ByteScanner } from './byte-scanner.ts';

type Row<Content> = { readonly bytes: Uint8Array; content: Content | null; lastRound: number };

export class TableRows<Content> {
  readonly #make: (name: string) => Content | null;
  readonly #rowsMax: number;
  readonly #byName = new Map<string, Row<Content>>();
  #order: Row<Content>[] = [];
  #position = 0;
  #round = 0;
  /** Names that were left out because `rowsMax` others were there before them. */
  refused = 0;
  /** Names that were looked up as strings: it moves when the table is not what it was. */
  lookups = 0;

  /** `make` builds what belongs to a name, or null for a name that is of no interest. */
  constructor(rowsMax: number, make: (name: string) => Content | null) {
    this.#rowsMax = rowsMax;
    this.#make = make;
  }

  /** Starts at the first row again. Call once before the rows of a read. */
  rewind(): void {
    this.#position = 0;
    this.#round++;
  }

  /** After a read that failed: every name is new again. */
  forget(): void {
    this.#byName.clear();
    this.#order = [];
  }

  /** What belongs to the name in `from … to`; null where it is of no interest. */
  next(scanner: ByteScanner, from: number, to: number): Content | null {
    const position = this.#position++;
    const expected = this.#order[position];
    if (expected !== undefined && expected.lastRound >= this.#round - 1) {
      if (expected.bytes.length === to - from && scanner.isAt(from, expected.bytes)) {
        expected.lastRound = this.#round;
        return expected.content;
      }
    }
    const row = this.#find(scanner, from, to);
    if (row === null) return null;
    this.#order[position] = row;
    row.lastRound = this.#round;
    return row.content;
  }

  #find(scanner: ByteScanner, from: number, to: number): Row<Content> | null {
    this.lookups++;
    const name = scanner.text(from, to);
    const known = this.#byName.get(name);
    if (known !== undefined) {
      if (known.lastRound < this.#round - 1) known.content = this.#make(name);
      return known;
    }
    if (this.#byName.size >= this.#rowsMax) this.#dropAbsent();
    if (this.#byName.size >= this.#rowsMax) {
      this.refused++;
      return null;
    }
    const row = { bytes: scanner.copy(from, to), content: this.#make(name), lastRound: this.#round };
    this.#byName.set(name, row);
    return row;
  }

  /** Forgets the names that were in neither this round nor the one before (interfaces of containers that ended). */
  #dropAbsent(): void {
    for (const [name, row] of this.#byName) if (row.lastRound < this.#round - 1) this.#byName.delete(name);
    this.#order = this.#order.filter((row) => row.lastRound >= this.#round - 1);
  }
}
