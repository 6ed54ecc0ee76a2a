/** Counters of TCP and UDP: /proc/net/netstat and /proc/net/snmp of the host's network namespace. */
import { tcpCounterNames, tcpExtensionNames, udpCounterNames } from '../../../../core/index.ts';
import { Counter } from '../../../reading/counter.ts';
import type { KeptFile } from '../../../reading/kept-file.ts';
import { PairedLines } from '../../../reading/paired-lines.ts';
import type { Column } from '../../../sampling/series-register.ts';
import type { Probe, ProbeSite } from '../../probe.ts';
import { hostNetworkFile } from './interfaces.ts';

type Row = { readonly counter: Counter; readonly column: Column };

export class ProtocolsProbe implements Probe {
  readonly name = 'protocols';
  readonly #tables: readonly CounterTable[];

  constructor(site: ProbeSite) {
    const snmp = [...udpCounterNames.map((name) => `Udp.${name}`), ...tcpCounterNames.map((name) => `Tcp.${name}`)];
    const tcp = tcpExtensionNames.map((name) => `TcpExt.${name}`);
    this.#tables = [
      new CounterTable(site, { file: 'netstat', names: tcp, metricOf: (name) => name }),
      new CounterTable(site, { file: 'snmp', names: snmp, metricOf: (name) => `snmp.${name}` }),
    ];
  }

  sample(): void {
    for (const table of this.#tables) table.sample();
  }

  close(): void {
    for (const table of this.#tables) table.close();
  }
}

type TableOptions = {
  readonly file: string;
  readonly names: readonly string[];
  readonly metricOf: (name: string) => string;
};

/** One file whose wanted counters all become rates. */
class CounterTable {
  readonly #site: ProbeSite;
  readonly #file: KeptFile;
  readonly #lines: PairedLines;
  readonly #rows: readonly Row[];

  constructor(site: ProbeSite, { file, names, metricOf }: TableOptions) {
    this.#site = site;
    this.#file = site.file(hostNetworkFile(site.procRoot, file));
    this.#lines = new PairedLines(names);
    this.#rows = names.map((name) => ({ counter: new Counter(), column: site.column(metricOf(name)) }));
  }

  sample(): void {
    if (!this.#file.read()) {
      for (const { counter } of this.#rows) counter.forget();
      return;
    }
    const { scanner, readAtMs } = this.#site.desk;
    this.#lines.scan(scanner);
    for (const [index, { counter, column }] of this.#rows.entries()) {
      this.#site.set(column, counter.perSecond(this.#lines.values[index] as number, readAtMs));
    }
  }

  close(): void {
    this.#file.close();
  }
}
