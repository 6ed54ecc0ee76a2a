/**
 * Sockets of one network namespace, of a host or of a container: `sockstat`, `sockstat6`, `snmp` and,
 * now and then, the TCP tables. `orphan` and `alloc` of sockstat are the whole machine's in every
 * namespace, so only a host shows what is made of them.
 */
import type { FairRation } from '../reading/fair-ration.ts';
import type { KeptFile } from '../reading/kept-file.ts';
import { PairedLines } from '../reading/paired-lines.ts';
import type { Column } from '../sampling/series-register.ts';
import type { ProbeSite } from './probe.ts';
import { type CountedState, SOCKETS_MAX, TcpStates } from './tcp-states.ts';

/** At least this long lies between two looks at the tables of one namespace. */
const STATES_MS = 10_000;

const shared = ['ss.estab', 'ss.timewait', 'ss.udp'] as const;
const ofHost = ['ss.orphaned', 'ss.closed'] as const;
type Metric = (typeof shared)[number] | (typeof ofHost)[number];

const stateMetrics: readonly (readonly [CountedState, string])[] = [
  ['synReceived', 'ss.synrecv'],
  ['closeWait', 'ss.closewait'],
  ['listen', 'ss.listen'],
];

type Counts = { inUse: number; timeWait: number; orphaned: number; allocated: number; udp: number };

const NO_COUNTS: Counts = {
  inUse: Number.NaN,
  timeWait: Number.NaN,
  orphaned: Number.NaN,
  allocated: Number.NaN,
  udp: Number.NaN,
};

export class SocketCounts {
  readonly #site: ProbeSite;
  readonly #ration: FairRation;
  readonly #sockstat: KeptFile;
  readonly #sockstat6: KeptFile;
  readonly #snmp: KeptFile;
  readonly #states: TcpStates;
  readonly #established = new PairedLines(['Tcp.CurrEstab']);
  readonly #columns: ReadonlyMap<Metric, Column>;
  readonly #stateColumns: readonly { readonly state: CountedState; readonly column: Column }[];
  readonly #counts: Counts = { ...NO_COUNTS };
  #statesAtMs = Number.NEGATIVE_INFINITY;

  /** `fileOf` gives the path of a file of the namespace's `net` folder. */
  constructor(site: ProbeSite, fileOf: (name: string) => string, isHost: boolean) {
    this.#site = site;
    this.#ration = site.socketTables;
    const file = (name: string): KeptFile => site.file(fileOf(name));
    this.#sockstat = file('sockstat');
    this.#sockstat6 = file('sockstat6');
    this.#snmp = file('snmp');
    this.#states = new TcpStates([file('tcp'), file('tcp6')]);
    const metrics: readonly Metric[] = isHost ? [...shared, ...ofHost] : shared;
    this.#columns = new Map(metrics.map((metric) => [metric, site.column(metric)]));
    this.#stateColumns = stateMetrics.map(([state, metric]) => ({ state, column: site.column(metric) }));
  }

  sample(): void {
    if (!this.#readCounts()) return;
    const { inUse, timeWait, orphaned, allocated, udp } = this.#counts;
    const isEmpty = inUse === 0 && timeWait === 0;
    this.#put('ss.timewait', timeWait);
    this.#put('ss.udp', udp);
    this.#put('ss.orphaned', orphaned);
    // As ss(8) counts: sockets that exist and are in no table.
    this.#put('ss.closed', Math.max(0, allocated - inUse));
    this.#put('ss.estab', isEmpty ? 0 : this.#readEstablished());
    this.#sampleStates(inUse + timeWait);
  }

  close(): void {
    for (const file of [this.#sockstat, this.#sockstat6, this.#snmp]) file.close();
    this.#states.close();
    this.#ration.leave(this);
  }

  #sampleStates(socketCount: number): void {
    const nowMs = this.#site.clock.monotonicMs();
    if (nowMs - this.#statesAtMs < STATES_MS || !(socketCount <= SOCKETS_MAX)) return;
    if (socketCount === 0) this.#states.clear();
    else if (!this.#ration.take(this, 1) || !this.#states.read(this.#site.desk.scanner)) return;
    this.#states.close();
    this.#statesAtMs = nowMs;
    for (const { state, column } of this.#stateColumns) this.#site.set(column, this.#states.count(state));
  }

  #readCounts(): boolean {
    if (!this.#sockstat.read()) return false;
    const { scanner } = this.#site.desk;
    const counts = this.#counts;
    Object.assign(counts, NO_COUNTS);
    for (; !scanner.atEnd; scanner.skipLine()) {
      if (scanner.accept(UDP)) counts.udp = scanner.uint();
      if (!scanner.accept(TCP)) continue;
      counts.inUse = scanner.uint();
      counts.orphaned = scanner.accept(ORPHAN) ? scanner.uint() : Number.NaN;
      counts.timeWait = scanner.accept(TIME_WAIT) ? scanner.uint() : Number.NaN;
      counts.allocated = scanner.accept(ALLOC) ? scanner.uint() : Number.NaN;
    }
    if (this.#sockstat6.read()) this.#add6();
    return true;
  }

  #add6(): void {
    const { scanner } = this.#site.desk;
    for (; !scanner.atEnd; scanner.skipLine()) {
      if (scanner.accept(TCP6)) this.#counts.inUse += scanner.uint();
      if (scanner.accept(UDP6)) this.#counts.udp += scanner.uint();
    }
  }

  #readEstablished(): number {
    if (!this.#snmp.read()) return Number.NaN;
    this.#established.scan(this.#site.desk.scanner);
    return this.#established.values[0] as number;
  }

  #put(metric: Metric, value: number): void {
    const column = this.#columns.get(metric);
    if (column !== undefined) this.#site.set(column, value);
  }
}

const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'latin1'));
const TCP = bytesOf('TCP: inuse ');
const TCP6 = bytesOf('TCP6: inuse ');
const UDP = bytesOf('UDP: inuse ');
const UDP6 = bytesOf('UDP6: inuse ');
const ORPHAN = bytesOf(' orphan ');
const TIME_WAIT = bytesOf(' tw ');
const ALLOC = bytesOf(' alloc ');
