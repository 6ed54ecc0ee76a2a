/** Elapsed times below this give rates that are mostly rounding: a tick right after another. */
const ELAPSED_MS_MIN = 100;

/**
 * The growth of a kernel counter between two reads of the same file.
 *
 * NaN stands for "no sample": on the first read, after a read that failed, and when the counter
 * went backwards (a new container behind the same name, a device that came back, a wrap).
 */
export class Counter {
  #value = Number.NaN;
  #atMs = Number.NaN;

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

  /** The next value is a first one again. */
  forget(): void {
    this.#value = Number.NaN;
    this.#atMs = Number.NaN;
  }
}
