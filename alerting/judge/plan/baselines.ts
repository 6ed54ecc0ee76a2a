/**
 * What is usual for a series at this time of day, for `seasonal(7d)`: mean and spread of the same
 * minutes on the days before, asked of history ahead of time, so that judging never waits. Days are
 * 24 h: where clocks are changed, the hour is off by one until the new time fills the range.
 *
 * Sketch: a slot of ten minutes asks for 30 minutes of each day and metric; 7 days × 1,000 series are
 * 210,000 buckets every ten minutes. One slot is kept: 32 bytes and a name a series.
 */
import {
  type Clock,
  describeError,
  formatSeries,
  type Logger,
  type QueryRange,
  type QueryRangeAnswer,
} from '../../../core/index.ts';

export type Usual = { readonly mean: number; readonly sigma: number };

export type Wanted = { readonly metric: string; readonly days: number };

/** What is usual for a series, in Open-Falcon's form, at a second; undefined where it is not known. */
export type UsualOf = (wanted: Wanted & { readonly series: string; readonly second: number }) => Usual | undefined;

export type BaselinesOptions = {
  readonly query: (query: QueryRange) => Promise<QueryRangeAnswer>;
  readonly clock: Clock;
  readonly logger: Logger;
};

const SLOT_SECONDS = 600;
/** So much before and after the slot counts as the same time of day. */
const MARGIN_SECONDS = 600;
const DAY_SECONDS = 86_400;
const LOOK_EVERY_MS = 30_000;
/** Fewer days are no season. */
const DAYS_MIN = 2;
/** A series that never moves must not be alarming at its first wobble: a hundredth of its mean. */
const SIGMA_SHARE_MIN = 0.01;
/** Of 60 samples that scatter as a bell does, highest less lowest is about so many sigma. */
const RANGE_SIGMAS = 4.6;

type Slot = { readonly slot: number; readonly usual: ReadonlyMap<string, Usual> };

export class Baselines {
  readonly counts = { slots: 0, failures: 0 };
  readonly #options: BaselinesOptions;
  /** By metric and days. */
  readonly #slots = new Map<string, Slot>();
  #wanted: readonly Wanted[] = [];
  #cancel = () => {};
  #closed = false;
  #running: Promise<void> = Promise.resolve();

  constructor(options: BaselinesOptions) {
    this.#options = options;
  }

  /** What to keep from now on. */
  watch(wanted: readonly Wanted[]): void {
    const keys = new Set(wanted.map(keyOf));
    for (const key of this.#slots.keys()) if (!keys.has(key)) this.#slots.delete(key);
    this.#wanted = [...new Map(wanted.map((one) => [keyOf(one), one])).values()];
    this.#cancel();
    if (this.#wanted.length > 0) this.#look();
  }

  readonly usualOf: UsualOf = ({ metric, days, series, second }) => {
    const known = this.#slots.get(keyOf({ metric, days }));
    return known?.slot === slotOf(second) ? known.usual.get(series) : undefined;
  };

  async close(): Promise<void> {
    this.#closed = true;
    this.#cancel();
    await this.#running;
  }

  #look(): void {
    if (this.#closed) return;
    this.#running = this.#fill().finally(() => {
      if (!this.#closed) this.#cancel = this.#options.clock.after(LOOK_EVERY_MS, () => this.#look());
    });
  }

  async #fill(): Promise<void> {
    const { clock, logger } = this.#options;
    const slot = slotOf(Math.floor(clock.nowMs() / 1000));
    for (const wanted of this.#wanted) {
      if (this.#closed || this.#slots.get(keyOf(wanted))?.slot === slot) continue;
      try {
        this.#slots.set(keyOf(wanted), { slot, usual: await this.#ask(wanted, slot) });
        this.counts.slots++;
      } catch (error) {
        this.counts.failures++;
        logger.warn(
          { metric: wanted.metric, error: describeError(error) },
          'what is usual could not be asked of history',
        );
      }
    }
  }

  async #ask({ metric, days }: Wanted, slot: number): Promise<ReadonlyMap<string, Usual>> {
    const gathered = new Map<string, Gathered>();
    for (let day = 1; day <= days; day++) {
      const from = slot * SLOT_SECONDS - day * DAY_SECONDS - MARGIN_SECONDS;
      const { series } = await this.#options.query({
        select: { metrics: [metric] },
        fromMs: from * 1000,
        toMs: (from + SLOT_SECONDS + 2 * MARGIN_SECONDS) * 1000,
        stepSeconds: 60,
      });
      for (const one of series) {
        const name = formatSeries(one);
        const found = gathered.get(name) ?? new Gathered();
        gathered.set(name, found);
        found.add(one);
      }
    }
    const usual = new Map<string, Usual>();
    for (const [name, found] of gathered) if (found.days >= DAYS_MIN) usual.set(name, found.usual());
    return usual;
  }
}

const keyOf = ({ metric, days }: Wanted): string => `${days}d ${metric}`;
const slotOf = (second: number): number => Math.floor(second / SLOT_SECONDS);

/** Minutes of several days: their scatter is that of their averages and that within each of them. */
class Gathered {
  days = 0;
  #count = 0;
  #sum = 0;
  #squares = 0;
  #within = 0;

  add({ avg, min, max }: Pick<QueryRangeAnswer['series'][number], 'avg' | 'min' | 'max'>): void {
    let isEmpty = true;
    for (const [minute, value] of avg.entries()) {
      const [low, high] = [min[minute], max[minute]];
      if (typeof value !== 'number' || typeof low !== 'number' || typeof high !== 'number') continue;
      isEmpty = false;
      this.#count++;
      this.#sum += value;
      this.#squares += value * value;
      this.#within += ((high - low) / RANGE_SIGMAS) ** 2;
    }
    if (!isEmpty) this.days++;
  }

  usual(): Usual {
    const mean = this.#sum / this.#count;
    const between = Math.max(0, this.#squares / this.#count - mean * mean);
    const sigma = Math.sqrt(between + this.#within / this.#count);
    return { mean, sigma: Math.max(sigma, Math.abs(mean) * SIGMA_SHARE_MIN, Number.EPSILON) };
  }
}
