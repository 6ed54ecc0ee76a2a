import { isAbsent } from '../../../core/index.ts';
import type { EndpointStore } from '../../ring/endpoint-store.ts';
import type { ColumnVisitor } from '../../ring/sealed-block.ts';

/** An instant is answered by the newest sample that is this many steps of its series old, whatever was asked for. */
const STEPS_BACK = 3;

/** A moment in seconds: a sample speaks for it that is at most `lookback` older, and at most `ahead` newer. */
export type Moment = {
  readonly at: number;
  readonly lookback: number;
  /** More than 0 where "now" is meant: a collector's clock may be ahead of ours. */
  readonly ahead: number;
};

/** The oldest second that speaks for a column: a slow series is not taken for a dead one. */
function oldestOf(store: EndpointStore, column: number, { at, lookback }: Moment): number {
  return at - Math.max(lookback, STEPS_BACK * (store.seriesAt(column)?.step ?? 1)) + 1;
}

/** Filled by `sampleAt`, one object for many questions. */
export type Sample = { second: number; value: number };

/** Finds the sample that speaks for a column at a moment. False when there is none. */
export function sampleAt(store: EndpointStore, column: number, moment: Moment, into: Sample): boolean {
  const end = moment.at + moment.ahead + 1;
  const second = store.newest.seconds[column] as number;
  const oldest = oldestOf(store, column, moment);
  if (second < oldest) return false;
  const value = store.newest.values[column] as number;
  if (second < end && !Number.isNaN(value)) {
    into.second = second;
    into.value = value;
    return true;
  }
  into.second = 0;
  store.visit(column, oldest, end, new LastSample(into, oldest, end));
  return into.second > 0;
}

class LastSample implements ColumnVisitor {
  readonly #into: Sample;
  readonly #from: number;
  readonly #to: number;

  constructor(into: Sample, from: number, to: number) {
    this.#into = into;
    this.#from = from;
    this.#to = to;
  }

  takesSummary(): boolean {
    return false;
  }

  summary(): void {}

  constant(start: number, seconds: number, value: number): void {
    const second = Math.min(start + seconds, this.#to) - 1;
    if (second < this.#from) return;
    this.#into.second = second;
    this.#into.value = value;
  }

  samples(start: number, samples: Float64Array): void {
    const first = Math.max(0, this.#from - start);
    for (let row = Math.min(samples.length, this.#to - start) - 1; row >= first; row--) {
      const value = samples[row] as number;
      if (Number.isNaN(value) && isAbsent(samples, row)) continue;
      this.#into.second = start + row;
      this.#into.value = value;
      return;
    }
  }
}
