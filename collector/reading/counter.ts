/** Elapsed times below this give rates that are mostly rounding: a tick right after another. */
const ELAPSED_MS_MIN = 100;

/** The time between two reads of a file whose counters are all read at once. */
export class Interval {
  #atMs = Number.NaN;

  /** Seconds since the call before; NaN with the first one, and where too little passed for a rate. */
  next(atMs: number): number {
    const elapsedMs = atMs - this.#atMs;
    this.#atMs = atMs;
    return elapsedMs >= ELAPSED_MS_MIN ? elapsedMs / 1000 : Number.NaN;
  }
}

/**
 * The growth of a kernel counter between two reads of the same file.
 *
 * NaN stands for "no sample": on the first read, after a read that failed, and when the counter
 * went backwards (a new container behind the same name, a device that came back, a wrap).
 */
export class Counter {
  #value = Number.NaN;
  #atMs = Number.NaN;

  /** There is a value that the next one is compared with. */
  get isKnown(): boolean {
    return !Number.isNaN(this.#value);
  }

  /** How much was added since the last call, or NaN. */
  delta(value: number): number {
    const delta = value - this.#value;
    this.#value = value;
    return delta >= 0 ? delta : Number.NaN;
  }

  /** How much was added per second of true elapsed time, or NaN. */
  perSecond(value: number, atMs: number): number {
    const elapsedMs = atMs - this.#atMs;
    this.#atMs = atMs;
    const delta = this.delta(value);
    return elapsedMs >= ELAPSED_MS_MIN ? (delta * 1000) / elapsedMs : Number.NaN;
  }

  /** Nothing was added until `atMs`, which is known without a read. */
  pass(atMs: number): void {
    this.#atMs = atMs;
  }

  /** The next value is a first one again. */
  forget(): void {
    this.#value = Number.NaN;
    this.#atMs = Number.NaN;
  }
}
