/**
 * `/proc/net/netstat` and `/proc/net/snmp`: pairs of lines, names and then values, each pair behind
 * the name of its protocol (net/ipv4/proc.c).
 *
 *     TcpExt: SyncookiesSent SyncookiesRecv …
 *     TcpExt: 0 2 …
 *
 * The names are looked up once; as long as a line of names is as long as it was, its columns are
 * where they were, since they only change with the kernel.
 */
import type { ByteScanner } from './byte-scanner.ts';

const NEWLINE = 10;

/** Where the wanted values of one protocol stand, in the order of the line. */
type Columns = {
  readonly headerLength: number;
  readonly wanted: readonly { readonly at: number; readonly slot: number }[];
};

export class PairedLines {
  /** `protocol name` of each wanted value. */
  readonly #slots = new Map<string, number>();
  readonly #columns: (Columns | undefined)[] = [];
  /** One value a wanted name, in the order of the names; NaN where the file has none. */
  readonly values: Float64Array;

  /** `names` are written like `TcpExt.ListenDrops`. */
  constructor(names: readonly string[]) {
    for (const [slot, name] of names.entries()) this.#slots.set(name, slot);
    this.values = new Float64Array(names.length);
  }

  scan(scanner: ByteScanner): void {
    this.values.fill(Number.NaN);
    for (let pair = 0; !scanner.atEnd; pair++) {
      const headerFrom = scanner.offset;
      scanner.skipLine();
      const headerLength = scanner.offset - headerFrom;
      let columns = this.#columns[pair];
      if (columns?.headerLength !== headerLength) {
        columns = this.#columnsOf(scanner.text(headerFrom, scanner.offset), headerLength);
        this.#columns[pair] = columns;
      }
      this.#take(scanner, columns);
    }
  }

  #columnsOf(header: string, headerLength: number): Columns {
    const [protocol = '', ...names] = header.trim().split(/\s+/);
    const wanted = names.flatMap((name, at) => {
      const slot = this.#slots.get(`${protocol.replace(/:$/, '')}.${name}`);
      return slot === undefined ? [] : [{ at, slot }];
    });
    return { headerLength, wanted };
  }

  #take(scanner: ByteScanner, { wanted }: Columns): void {
    let at = 0;
    if (wanted.length > 0) scanner.skipWord();
    for (const { at: column, slot } of wanted) {
      for (; at < column; at++) scanner.skipWord();
      if (scanner.peek() === NEWLINE) break;
      this.values[slot] = scanner.uint();
      at++;
    }
    scanner.skipLine();
  }
}
