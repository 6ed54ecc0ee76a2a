/**
 * /proc/meminfo. "Free" is what new work may have (MemAvailable), since memory that caches files
 * is given back on demand; "used" is the rest.
 */
import { KeyedLines } from '../../reading/keyed-lines.ts';
import type { Column } from '../../sampling/series-register.ts';
import type { Probe, ProbeSite } from '../probe.ts';

const KIB = 1024;

/** In the order of the file. */
const KEYS = [
  'MemTotal',
  'MemAvailable',
  'Buffers',
  'Cached',
  'SwapTotal',
  'SwapFree',
  'Dirty',
  'Shmem',
  'SUnreclaim',
] as const;

/** Lines that become a series as they stand. */
const LEVELS: readonly (readonly [(typeof KEYS)[number], string])[] = [
  ['Buffers', 'mem.buffers'],
  ['Cached', 'mem.cached'],
  ['Dirty', 'mem.dirty'],
  ['Shmem', 'mem.shmem'],
  ['SUnreclaim', 'mem.slab.unreclaimable'],
];

export class MemoryProbe implements Probe {
  readonly name = 'memory';
  readonly #site: ProbeSite;
  readonly #file;
  readonly #lines = new KeyedLines(KEYS);
  readonly #memory: Family;
  readonly #swap: Family;
  readonly #levels: readonly { readonly at: number; readonly column: Column }[];

  constructor(site: ProbeSite) {
    this.#site = site;
    this.#file = site.file(`${site.procRoot}/meminfo`);
    this.#memory = familyOf(site, 'mem.mem');
    this.#swap = familyOf(site, 'mem.swap');
    this.#levels = LEVELS.map(([key, metric]) => ({ at: KEYS.indexOf(key), column: site.column(metric) }));
  }

  sample(): void {
    if (!this.#file.read()) return;
    this.#lines.scan(this.#site.desk.scanner);
    const bytes = (key: (typeof KEYS)[number]): number => this.#lines.at(KEYS.indexOf(key)) * KIB;
    this.#put(this.#memory, bytes('MemTotal'), bytes('MemAvailable'));
    this.#put(this.#swap, bytes('SwapTotal'), bytes('SwapFree'));
    for (const { at, column } of this.#levels) this.#site.set(column, this.#lines.at(at) * KIB);
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
