/**
 * /proc/meminfo. "Free" is what new work may have (MemAvailable), since memory that caches files
 * is given back on demand; "used" is the rest.
 */
import { KeyedLines } from '../../reading/keyed-lines.ts';
import type { Column } from '../../sampling/series-register.ts';
import type { Probe, ProbeSite } from '../probe.ts';

const KIB = 1024;

export class MemoryProbe implements Probe {
  readonly name = 'memory';
  readonly #site: ProbeSite;
  readonly #file;
  readonly #lines = new KeyedLines(['MemTotal', 'MemAvailable', 'SwapTotal', 'SwapFree']);
  readonly #memory: Family;
  readonly #swap: Family;

  constructor(site: ProbeSite) {
    this.#site = site;
    this.#file = site.file(`${site.procRoot}/meminfo`);
    this.#memory = familyOf(site, 'mem.mem');
    this.#swap = familyOf(site, 'mem.swap');
  }

  sample(): void {
    if (!this.#file.read()) return;
    this.#lines.scan(this.#site.desk.scanner);
    this.#put(this.#memory, this.#lines.at(0) * KIB, this.#lines.at(1) * KIB);
    this.#put(this.#swap, this.#lines.at(2) * KIB, this.#lines.at(3) * KIB);
  }

  close(): void {
    this.#file.close();
  }

  #put(family: Family, total: number, free: number): void {
    const used = Math.max(0, total - free);
    this.#site.set(family.total, total);
    this.#site.set(family.free, free);
    this.#site.set(family.used, used);
    // 0 / 0 without swap is NaN: no sample.
    this.#site.set(family.freePercent, (free * 100) / total);
    this.#site.set(family.usedPercent, (used * 100) / total);
  }
}

type Family = Readonly<Record<'total' | 'used' | 'free' | 'usedPercent' | 'freePercent', Column>>;

function familyOf(site: ProbeSite, prefix: string): Family {
  return {
    total: site.column(`${prefix}total`),
    used: site.column(`${prefix}used`),
    free: site.column(`${prefix}free`),
    usedPercent: site.column(`${prefix}used.percent`),
    freePercent: site.column(`${prefix}free.percent`),
  };
}
