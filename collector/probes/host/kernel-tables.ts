/**
 * Tables of the kernel that can be full, and what they hold: open files (fs/file-nr), process
 * numbers (kernel/pid_max), tracked connections (net/netfilter). A full one of these stops a host
 * that has processor and memory to spare.
 */
import type { KeptFile } from '../../reading/kept-file.ts';
import type { Column } from '../../sampling/series-register.ts';
import type { Probe, ProbeSite } from '../probe.ts';

/** Maxima are read again after this many ticks. */
const MAXIMUM_TICKS = 30;

export class KernelTablesProbe implements Probe {
  readonly name = 'kernel tables';
  readonly #site: ProbeSite;
  readonly #files: Readonly<Record<'fileNr' | 'pidMax' | 'loadavg' | 'tracked' | 'trackedMax', KeptFile>>;
  readonly #columns: Readonly<
    Record<
      'filesMax' | 'files' | 'filesLeft' | 'pidMax' | 'pidsPercent' | 'tracked' | 'trackedMax' | 'trackedPercent',
      Column
    >
  >;
  #ticksToMaxima = 0;
  #pidMax = Number.NaN;

  constructor(site: ProbeSite) {
    this.#site = site;
    const file = (path: string): KeptFile => site.file(`${site.procRoot}/${path}`);
    this.#files = {
      fileNr: file('sys/fs/file-nr'),
      pidMax: file('sys/kernel/pid_max'),
      loadavg: file('loadavg'),
      tracked: file('sys/net/netfilter/nf_conntrack_count'),
      trackedMax: file('sys/net/netfilter/nf_conntrack_max'),
    };
    this.#columns = {
      filesMax: site.column('kernel.maxfiles'),
      files: site.column('kernel.files.allocated'),
      filesLeft: site.column('kernel.files.left'),
      pidMax: site.column('kernel.maxproc'),
      pidsPercent: site.column('kernel.pids.percent'),
      tracked: site.column('kernel.conntrack.count'),
      trackedMax: site.column('kernel.conntrack.max'),
      trackedPercent: site.column('kernel.conntrack.percent'),
    };
  }

  sample(): void {
    if (this.#ticksToMaxima-- <= 0) this.#readMaxima();
    this.#putFiles();
    this.#site.set(this.#columns.pidMax, this.#pidMax);
    this.#site.set(this.#columns.pidsPercent, (this.#tasks() * 100) / this.#pidMax);
    const tracked = this.#number(this.#files.tracked);
    const { trackedMax } = this.#site.facts;
    this.#site.set(this.#columns.tracked, tracked);
    this.#site.set(this.#columns.trackedMax, trackedMax);
    this.#site.set(this.#columns.trackedPercent, (tracked * 100) / trackedMax);
  }

  close(): void {
    for (const file of Object.values(this.#files)) file.close();
  }

  #readMaxima(): void {
    this.#ticksToMaxima = MAXIMUM_TICKS - 1;
    this.#pidMax = this.#number(this.#files.pidMax);
    this.#site.facts.trackedMax = this.#number(this.#files.trackedMax);
    this.#files.pidMax.close();
    this.#files.trackedMax.close();
  }

  /** `allocated  unused  maximum`; the unused ones are none since Linux 2.6. */
  #putFiles(): void {
    if (!this.#files.fileNr.read()) return;
    const { scanner } = this.#site.desk;
    const allocated = scanner.uint();
    scanner.uint();
    const maximum = scanner.uint();
    this.#site.set(this.#columns.files, allocated);
    this.#site.set(this.#columns.filesMax, maximum);
    this.#site.set(this.#columns.filesLeft, Math.max(0, maximum - allocated));
  }

  /** Every thread has a number, and the last field but one of /proc/loadavg counts them all. */
  #tasks(): number {
    if (!this.#files.loadavg.read()) return Number.NaN;
    const { scanner } = this.#site.desk;
    return scanner.skipPast(SLASH) ? scanner.uint() : Number.NaN;
  }

  #number(file: KeptFile): number {
    return file.read() ? this.#site.desk.scanner.uint() : Number.NaN;
  }
}

const SLASH = 47;
