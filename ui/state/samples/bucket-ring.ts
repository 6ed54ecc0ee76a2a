/** What a stretch of one series came to. Values are NaN where there was no sample. */
export type Summary = {
  readonly min: number;
  readonly max: number;
  readonly avg: number;
  readonly last: number;
};

type Bucket = { readonly avg: number; readonly min: number; readonly max: number };

/**
 * The newest `capacity` buckets of one series, by time. A bucket without a sample is NaN, which a chart
 * draws as a gap. Order of arrival does not matter: a late bucket lands in its place, and one that is
 * older than the ring is counted and dropped. Memory: 24 bytes a bucket, 900 buckets at most.
 */
export class BucketRing {
  readonly stepMs: number;
  readonly #avg: Float64Array;
  readonly #min: Float64Array;
  readonly #max: Float64Array;
  /** Number of the newest bucket since the epoch; -1 while empty. */
  #newest = -1;
  tooOldCount = 0;

  constructor(capacity: number, stepMs: number) {
    this.stepMs = stepMs;
    this.#avg = new Float64Array(capacity).fill(Number.NaN);
    this.#min = new Float64Array(capacity).fill(Number.NaN);
    this.#max = new Float64Array(capacity).fill(Number.NaN);
  }

  get capacity(): number {
    return this.#avg.length;
  }

  /** Start of the newest bucket with a sample, or null. */
  get newestMs(): number | null {
    return this.#newest < 0 ? null : this.#newest * this.stepMs;
  }

  /** Sets the bucket that holds `atMs`. A NaN changes nothing: what is missing never hides what was measured. */
  put(atMs: number, bucket: Bucket): void {
    if (Number.isNaN(bucket.avg)) return;
    const number = Math.floor(atMs / this.stepMs);
    if (this.#newest >= 0 && number <= this.#newest - this.capacity) {
      this.tooOldCount++;
      return;
    }
    if (number > this.#newest) this.#advance(number);
    const index = number % this.capacity;
    this.#avg[index] = bucket.avg;
    this.#min[index] = bucket.min;
    this.#max[index] = bucket.max;
  }

  putSample(atMs: number, value: number): void {
    this.put(atMs, { avg: value, min: value, max: value });
  }

  /** The mean of the bucket that holds `atMs`, or NaN. */
  at(atMs: number): number {
    const number = Math.floor(atMs / this.stepMs);
    return this.#holds(number) ? (this.#avg[number % this.capacity] ?? Number.NaN) : Number.NaN;
  }

  /** Time and value by turns (ms, mean or peak), a NaN value for each bucket without a sample. */
  points(fromMs: number, toMs: number, of: 'avg' | 'max' = 'avg'): Float64Array {
    const first = Math.ceil(fromMs / this.stepMs);
    const last = Math.floor(toMs / this.stepMs);
    const count = Math.max(0, last - first + 1);
    const source = of === 'avg' ? this.#avg : this.#max;
    const points = new Float64Array(2 * count);
    for (let offset = 0; offset < count; offset++) {
      const number = first + offset;
      points[2 * offset] = number * this.stepMs;
      points[2 * offset + 1] = this.#holds(number) ? (source[number % this.capacity] ?? Number.NaN) : Number.NaN;
    }
    return points;
  }

  summary(fromMs: number, toMs: number): Summary {
    const last = Math.min(this.#newest, Math.floor(toMs / this.stepMs));
    let [min, max, sum, count, newest] = [Number.NaN, Number.NaN, 0, 0, Number.NaN];
    for (let number = Math.ceil(fromMs / this.stepMs); number <= last; number++) {
      if (!this.#holds(number)) continue;
      const index = number % this.capacity;
      const avg = this.#avg[index] ?? Number.NaN;
      if (Number.isNaN(avg)) continue;
      const [low, high] = [this.#min[index] ?? avg, this.#max[index] ?? avg];
      if (!(min <= low)) min = low;
      if (!(max >= high)) max = high;
      sum += avg;
      count++;
      newest = avg;
    }
    return { min, max, avg: count === 0 ? Number.NaN : sum / count, last: newest };
  }

  #holds(number: number): boolean {
    return number >= 0 && number <= this.#newest && number > this.#newest - this.capacity;
  }

  #advance(to: number): void {
    const from = Math.max(this.#newest + 1, to - this.capacity + 1);
    for (let number = from; number <= to; number++) {
      const index = number % this.capacity;
      this.#avg[index] = Number.NaN;
      this.#min[index] = Number.NaN;
      this.#max[index] = Number.NaN;
    }
    this.#newest = to;
  }
}
