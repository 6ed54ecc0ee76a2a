/** /proc/net/sockstat and sockstat6: TCP and UDP sockets of the host's network namespace. */
import type { ByteScanner } from '../../reading/byte-scanner.ts';
import type { Column } from '../../sampling/series-register.ts';
import type { Probe, ProbeSite } from '../probe.ts';
import { hostNetworkFile } from './network.ts';

const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'latin1'));
const TCP = bytesOf('TCP: inuse ');
const TCP6 = bytesOf('TCP6: inuse ');
const UDP = bytesOf('UDP: inuse ');
const UDP6 = bytesOf('UDP6: inuse ');
const ORPHAN = bytesOf(' orphan ');
const TIME_WAIT = bytesOf(' tw ');

export class SocketsProbe implements Probe {
  readonly name = 'sockets';
  readonly #site: ProbeSite;
  readonly #file;
  /** Absent on a kernel without IPv6: then only IPv4 is counted. */
  readonly #file6;
  readonly #columns: Readonly<Record<'estab' | 'orphaned' | 'timewait' | 'udp', Column>>;
  #tcp = Number.NaN;
  #udp = Number.NaN;

  constructor(site: ProbeSite) {
    this.#site = site;
    this.#file = site.file(hostNetworkFile(site.procRoot, 'sockstat'));
    this.#file6 = site.file(hostNetworkFile(site.procRoot, 'sockstat6'));
    this.#columns = {
      estab: site.column('ss.estab'),
      orphaned: site.column('ss.orphaned'),
      timewait: site.column('ss.timewait'),
      udp: site.column('ss.udp'),
    };
  }

  sample(): void {
    this.#tcp = Number.NaN;
    this.#udp = Number.NaN;
    if (!this.#file.read()) return;
    this.#scan(this.#site.desk.scanner);
    if (this.#file6.read()) this.#scan6(this.#site.desk.scanner);
    this.#site.set(this.#columns.estab, this.#tcp);
    this.#site.set(this.#columns.udp, this.#udp);
  }

  close(): void {
    this.#file.close();
    this.#file6.close();
  }

  #scan(scanner: ByteScanner): void {
    for (; !scanner.atEnd; scanner.skipLine()) {
      if (scanner.accept(UDP)) this.#udp = scanner.uint();
      if (!scanner.accept(TCP)) continue;
      this.#tcp = scanner.uint();
      if (scanner.accept(ORPHAN)) this.#site.set(this.#columns.orphaned, scanner.uint());
      if (scanner.accept(TIME_WAIT)) this.#site.set(this.#columns.timewait, scanner.uint());
    }
  }

  #scan6(scanner: ByteScanner): void {
    for (; !scanner.atEnd; scanner.skipLine()) {
      if (scanner.accept(TCP6)) this.#tcp += scanner.uint();
      if (scanner.accept(UDP6)) this.#udp += scanner.uint();
    }
  }
}
