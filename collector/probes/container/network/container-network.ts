/**
 * The network namespace of a container, through the files of its first process: traffic each second,
 * sockets and tracked connections every ten. One that uses the host's network has none of its own.
 */
import type { KeptFile } from '../../../reading/kept-file.ts';
import type { Column } from '../../../sampling/series-register.ts';
import { InterfaceTable } from '../../interface-table.ts';
import type { Probe, ProbeSite } from '../../probe.ts';
import { SocketCounts } from '../../socket-counts.ts';
import { Turn } from '../turn.ts';

const SOCKET_TICKS = 10;

export class ContainerNetworkProbe implements Probe {
  readonly name = 'network';
  readonly #site: ProbeSite;
  readonly #traffic: KeptFile;
  readonly #table: InterfaceTable;
  readonly #sockets: SocketCounts;
  readonly #tracked: KeptFile;
  readonly #columns: Readonly<Record<'tracked' | 'trackedPercent', Column>>;
  readonly #turn: Turn;

  constructor(site: ProbeSite, pid: number, stagger: number) {
    this.#site = site;
    const fileOf = (name: string): string => `${site.procRoot}/${pid}/net/${name}`;
    this.#traffic = site.file(fileOf('dev'));
    this.#table = new InterfaceTable(site, (name) => name !== 'lo');
    this.#sockets = new SocketCounts(site, fileOf, false);
    this.#tracked = site.file(fileOf('stat/nf_conntrack'));
    this.#columns = {
      tracked: site.column('kernel.conntrack.count'),
      trackedPercent: site.column('kernel.conntrack.percent'),
    };
    this.#turn = new Turn(SOCKET_TICKS, stagger);
  }

  sample(): void {
    this.#table.sample(this.#traffic);
    if (!this.#turn.isNow()) return;
    this.#sockets.sample();
    this.#sampleTracked();
    // Read seldom, so nothing is kept open for it.
    this.#sockets.close();
    this.#tracked.close();
  }

  close(): void {
    this.#traffic.close();
    this.#sockets.close();
    this.#tracked.close();
  }

  /** A header, and a line a processor; the first field, in hexadecimal, is the namespace's count in all of them. */
  #sampleTracked(): void {
    if (!this.#tracked.read()) return;
    const { scanner } = this.#site.desk;
    scanner.skipLine();
    const from = scanner.skipWord();
    if (scanner.offset === from) return;
    const count = Number.parseInt(scanner.text(from, scanner.offset), 16);
    this.#site.set(this.#columns.tracked, count);
    this.#site.set(this.#columns.trackedPercent, (count * 100) / this.#site.facts.trackedMax);
  }
}
