/**
 * A `net/dev` file: one row an interface, eight counters received, eight sent
 * (net/core/net-procfs.c). The same for the host and, through `/proc/<pid>/net/dev`, for the
 * network namespace of a container.
 */
import { Counter, Interval } from '../reading/counter.ts';
import type { KeptFile } from '../reading/kept-file.ts';
import { TableRows } from '../reading/table-rows.ts';
import type { Column } from '../sampling/series-register.ts';
import type { ProbeSite } from './probe.ts';

/** Rows that are looked at, the uninteresting ones included: a host has one a container. */
const INTERFACES_MAX = 4096;

const COLON = 58;
const HEADER_LINES = 2;
type Field = { readonly at: number; readonly metric: string };

/** Counters that become series, of the sixteen: bytes, packets, errors and drops, in and out. */
const FIELDS: readonly Field[] = [
  { at: 0, metric: 'net.if.in.bytes' },
  { at: 1, metric: 'net.if.in.packets' },
  { at: 2, metric: 'net.if.in.errors' },
  { at: 3, metric: 'net.if.in.dropped' },
  { at: 8, metric: 'net.if.out.bytes' },
  { at: 9, metric: 'net.if.out.packets' },
  { at: 10, metric: 'net.if.out.errors' },
  { at: 11, metric: 'net.if.out.dropped' },
];

/** What only the hardware of a host has to tell beyond these. */
const HARDWARE_FIELDS: readonly Field[] = [
  { at: 4, metric: 'net.if.in.fifo.errs' },
  { at: 5, metric: 'net.if.in.frame.errs' },
  { at: 7, metric: 'net.if.in.multicast' },
  { at: 12, metric: 'net.if.out.fifo.errs' },
  { at: 13, metric: 'net.if.out.collisions' },
  { at: 14, metric: 'net.if.out.carrier.errs' },
];

type Interface = readonly { readonly at: number; readonly column: Column; readonly counter: Counter }[];

export class InterfaceTable {
  readonly #site: ProbeSite;
  readonly #rows: TableRows<Interface>;
  readonly #fields: readonly Field[];
  readonly #interval = new Interval();
  /** Of the rows that were there last. */
  readonly #shown: Interface[] = [];

  /** `isShown` tells which interfaces become series; `hasHardware`, whether there are real ones among them. */
  constructor(site: ProbeSite, isShown: (name: string) => boolean, hasHardware = false) {
    this.#site = site;
    const fields = hasHardware ? [...FIELDS, ...HARDWARE_FIELDS] : FIELDS;
    this.#fields = fields.toSorted((a, b) => a.at - b.at);
    this.#rows = new TableRows(INTERFACES_MAX, (name) => (isShown(name) ? this.#interfaceOf(name) : null));
  }

  /** Reads `file` and sets the rates of its interfaces. */
  sample(file: KeptFile): void {
    const change = file.readChange();
    if (change === 'none') return this.#rows.forget();
    const { scanner, readAtMs } = this.#site.desk;
    const seconds = this.#interval.next(readAtMs);
    if (change === 'same') return this.#putRest(seconds);
    this.#shown.length = 0;
    for (let line = 0; line < HEADER_LINES; line++) scanner.skipLine();
    this.#rows.rewind();
    for (; !scanner.atEnd; scanner.skipLine()) {
      scanner.skipBlanks();
      const from = scanner.offset;
      if (!scanner.skipPast(COLON)) continue;
      const row = this.#rows.next(scanner, from, scanner.offset - 1);
      if (row !== null) this.#put(row, seconds);
    }
  }

  /** No counter moved. */
  #putRest(seconds: number): void {
    if (Number.isNaN(seconds)) return;
    for (const row of this.#shown) for (const { column } of row) this.#site.set(column, 0);
  }

  #put(row: Interface, seconds: number): void {
    this.#shown.push(row);
    const { scanner } = this.#site.desk;
    let next = 0;
    for (let at = 0; next < row.length; at++) {
      const value = scanner.uint();
      const field = row[next];
      if (field === undefined || Number.isNaN(value)) return;
      if (field.at !== at) continue;
      this.#site.set(field.column, field.counter.delta(value) / seconds);
      next++;
    }
  }

  #interfaceOf(name: string): Interface {
    return this.#fields.map(({ at, metric }) => ({
      at,
      column: this.#site.column(metric, { iface: name }),
      counter: new Counter(),
    }));
  }
}
