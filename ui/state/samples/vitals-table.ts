import type { DescribedSeries, QueryRangeAnswer } from '../../../core/api/index.ts';
import { sampleValue } from '../live/subscriptions.ts';
import { BucketRing } from './bucket-ring.ts';
import { isInnerInterface } from './interface.ts';

/** Seconds in the small live line of a row. */
export const TRAIL_SECONDS = 60;

/** Beyond this many endpoints, rows say that their values are not followed. */
export const VITALS_MAX = 10_000;

/** The newest figures of one host or container. NaN where there is no sample. */
export type Vitals = {
  cpuPercent: number;
  cpuCores: number;
  cpuLimitCores: number;
  memoryBytes: number;
  memoryMaxBytes: number;
  netInBytes: number;
  netOutBytes: number;
  newestMs: number | null;
  /** `cpuPercent` of the last minute. */
  readonly trail: BucketRing;
};

type Field = Exclude<keyof Vitals, 'trail' | 'newestMs'>;
type Column = { readonly vitals: Vitals; readonly field: Field; readonly summed: boolean };

const fields: Readonly<Record<string, Field>> = {
  'cpu.busy': 'cpuPercent',
  'cpu.used.cores': 'cpuCores',
  'cpu.limit.cores': 'cpuLimitCores',
  'mem.working_set.bytes': 'memoryBytes',
  'mem.limit.bytes': 'memoryMaxBytes',
  'mem.memused': 'memoryBytes',
  'mem.memtotal': 'memoryMaxBytes',
  'net.if.in.bytes': 'netInBytes',
  'net.if.out.bytes': 'netOutBytes',
};

export const vitalMetrics: readonly string[] = Object.keys(fields);

/** Current values of everything on the overview, folded from one subscription. */
export class VitalsTable {
  readonly #byEndpoint = new Map<string, Vitals>();
  #columns: (Column | undefined)[] = [];

  find(endpoint: string): Vitals | undefined {
    return this.#byEndpoint.get(endpoint);
  }

  forgetColumns(): void {
    this.#columns = [];
  }

  /** The last minute, at 1 s, as a start; live ticks that came first stay. */
  fill(answer: QueryRangeAnswer): void {
    const newest = new Map<Vitals, number>();
    for (const series of answer.series) {
      const column = this.#column(series);
      if (!column) continue;
      const before = column.vitals.newestMs ?? 0;
      for (let index = 0; index < series.avg.length; index++) {
        const value = sampleValue(series.avg[index] ?? null);
        if (Number.isNaN(value)) continue;
        const atMs = answer.fromMs + index * answer.stepSeconds * 1000;
        if (column.field === 'cpuPercent') column.vitals.trail.putSample(atMs, value);
        newest.set(column.vitals, Math.max(atMs, newest.get(column.vitals) ?? before));
      }
    }
    this.#takeNewest(answer, newest);
  }

  columns(first: number, series: readonly DescribedSeries[]): void {
    series.forEach((each, offset) => {
      this.#columns[first + offset] = this.#column(each);
    });
  }

  /** One second of one collector: all that it says about an endpoint replaces what was known. */
  tick(second: number, columns: readonly number[], values: readonly number[]): void {
    const atMs = second * 1000;
    const touched = new Set<Vitals>();
    columns.forEach((number, index) => {
      const column = this.#columns[number];
      const value = values[index] ?? Number.NaN;
      if (!column || Number.isNaN(value)) return;
      if (column.field === 'cpuPercent') column.vitals.trail.putSample(atMs, value);
      if (atMs < (column.vitals.newestMs ?? 0)) return; // A late second fills the line, it is not the present.
      if (!touched.has(column.vitals)) {
        touched.add(column.vitals);
        clear(column.vitals, atMs);
      }
      add(column, value);
    });
  }

  #takeNewest(answer: QueryRangeAnswer, newest: ReadonlyMap<Vitals, number>): void {
    const taken = new Set<Vitals>();
    for (const [vitals, atMs] of newest) {
      if (atMs <= (vitals.newestMs ?? 0)) continue;
      clear(vitals, atMs);
      taken.add(vitals);
    }
    for (const series of answer.series) {
      const column = this.#column(series);
      if (!column || !taken.has(column.vitals)) continue;
      const index = Math.round(((column.vitals.newestMs ?? 0) - answer.fromMs) / (answer.stepSeconds * 1000));
      const value = sampleValue(series.avg[index] ?? null);
      if (!Number.isNaN(value)) add(column, value);
    }
  }

  #column(series: Pick<DescribedSeries, 'endpoint' | 'metric' | 'tags'>): Column | undefined {
    const field = fields[series.metric];
    if (field === undefined) return undefined;
    const summed = field === 'netInBytes' || field === 'netOutBytes';
    if (summed && isInnerInterface(series.tags.iface ?? '')) return undefined;
    const vitals = this.#byEndpoint.get(series.endpoint) ?? this.#add(series.endpoint);
    return vitals ? { vitals, field, summed } : undefined;
  }

  #add(endpoint: string): Vitals | undefined {
    if (this.#byEndpoint.size >= VITALS_MAX) return undefined;
    const vitals: Vitals = { ...none, newestMs: null, trail: new BucketRing(TRAIL_SECONDS, 1000) };
    this.#byEndpoint.set(endpoint, vitals);
    return vitals;
  }
}

const none = {
  cpuPercent: Number.NaN,
  cpuCores: Number.NaN,
  cpuLimitCores: Number.NaN,
  memoryBytes: Number.NaN,
  memoryMaxBytes: Number.NaN,
  netInBytes: Number.NaN,
  netOutBytes: Number.NaN,
};

function clear(vitals: Vitals, atMs: number): void {
  Object.assign(vitals, none);
  vitals.newestMs = atMs;
}

function add({ vitals, field, summed }: Column, value: number): void {
  const before = vitals[field];
  vitals[field] = summed && !Number.isNaN(before) ? before + value : value;
}
