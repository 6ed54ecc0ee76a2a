/**
 * The means of a group in one metric, second by second, for the conditions of the rule language.
 *
 * A second without a mean is not there: it counts for neither direction and interrupts neither
 * (Open-Falcon and Xiaomi Ocean, `autoscaling.md` A5). A second in which some instance was missing
 * is there for what asks for more, and not among the `whole` ones, which what asks for fewer needs.
 */
import { type Points, pointsNeeded, testsOf } from '../../core/index.ts';
import type { Plan } from '../groups/policies/policy.ts';

/** After a hole of more intervals, what was seen before it says nothing about now. */
const HOLE_INTERVALS_MAX = 30;

/** A second this much older than the newest means that the wall clock was set back. */
const STEP_BACK_SECONDS = 60;

/** The newest points of a ring, as judge functions see them. */
class PointRing implements Points {
  count = 0;
  readonly #seconds: Float64Array;
  readonly #values: Float64Array;
  #newest = 0;

  constructor(capacity: number) {
    this.#seconds = new Float64Array(capacity);
    this.#values = new Float64Array(capacity);
  }

  push(second: number, value: number): void {
    this.#newest = (this.#newest + 1) % this.#values.length;
    this.#seconds[this.#newest] = second;
    this.#values[this.#newest] = value;
    if (this.count < this.#values.length) this.count++;
  }

  value(back: number): number {
    return this.#values[this.#at(back)] ?? Number.NaN;
  }

  second(back: number): number {
    return this.#seconds[this.#at(back)] ?? 0;
  }

  #at(back: number): number {
    return (this.#newest - back + this.#values.length) % this.#values.length;
  }
}

/** A ring without what is not newer than `since`. */
class PointsSince implements Points {
  readonly count: number;
  readonly #ring: PointRing;

  constructor(ring: PointRing, since: number) {
    this.#ring = ring;
    let count = 0;
    while (count < ring.count && ring.second(count) > since) count++;
    this.count = count;
  }

  value(back: number): number {
    return this.#ring.value(back);
  }

  second(back: number): number {
    return this.#ring.second(back);
  }
}

export class MeanWindow {
  readonly #all: PointRing;
  readonly #whole: PointRing;
  readonly #holeSeconds: number;
  #newestSecond = 0;

  /** Keeps `capacity` points; `intervalSeconds` is the time from one to the next. */
  constructor(capacity: number, intervalSeconds = 1) {
    this.#all = new PointRing(capacity);
    this.#whole = new PointRing(capacity);
    this.#holeSeconds = HOLE_INTERVALS_MAX * intervalSeconds;
  }

  /** Takes a second's mean. A second that is not newer is passed over, unless the clock was set back far. */
  push(second: number, mean: number, isWhole: boolean): void {
    const steppedBack = second < this.#newestSecond - STEP_BACK_SECONDS;
    if (second <= this.#newestSecond && !steppedBack) return;
    if (steppedBack || second - this.#newestSecond > this.#holeSeconds) {
      this.#all.count = 0;
      this.#whole.count = 0;
    }
    this.#newestSecond = second;
    this.#all.push(second, mean);
    if (isWhole) this.#whole.push(second, mean);
  }

  /** Points newer than the second `since`. */
  since(since: number): Points {
    return this.#all.count === 0 || this.#all.second(this.#all.count - 1) > since
      ? this.#all
      : new PointsSince(this.#all, since);
  }

  /** Points newer than `since` in which no instance was missing. */
  wholeSince(since: number): Points {
    return new PointsSince(this.#whole, since);
  }

  /** The mean of the points of the last `seconds` before `second`, this one included; null where there is none. */
  meanOver(seconds: number, second: number): number | null {
    let sum = 0;
    let count = 0;
    while (count < this.#all.count && this.#all.second(count) > second - seconds) sum += this.#all.value(count++);
    return count === 0 ? null : sum / count;
  }
}

/** Points that the policies of a plan look back on, at one a second. */
export function windowPoints({ policies }: Plan): number {
  const wanted = policies.flatMap((policy) => {
    switch (policy.kind) {
      case 'threshold':
        return [policy.add, policy.remove].flatMap((side) =>
          side === null ? [] : testsOf(side.when).map(({ condition }) => pointsNeeded(condition)),
        );
      case 'bands':
        return [policy.consecutive];
      case 'target':
      case 'work':
      case 'occupancy':
        return [policy.overSeconds, policy.panic?.longSeconds ?? 0];
      default:
        return [];
    }
  });
  return Math.max(2, ...wanted);
}
