/**
 * What the lines of one interval add up to: counts, and sum, extremes and quantiles of the captured
 * numbers.
 *
 * Quantiles come from a histogram with logarithmic buckets (DDSketch, Masson et al. 2019, without its
 * collapsing): each bucket spans 2 %, so that an answer is at most 1 % off, whatever the numbers are.
 */
const GAMMA = 1.02;
const LOG_GAMMA = Math.log(GAMMA);
/** Numbers nearer to zero than this count as zero: a nanosecond, in seconds. */
const ZERO = 1e-9;
/** Buckets of one interval: from a nanosecond to 10^15 there are 2,800 of each sign. */
const BUCKETS_MAX = 6000;

export class LineSummary {
  lines = 0;
  matches = 0;
  values = 0;
  /** Matches whose captured text is no number. */
  notNumbers = 0;
  sum = 0;
  min = Number.POSITIVE_INFINITY;
  max = Number.NEGATIVE_INFINITY;
  /** Index of a bucket, in the order of the numbers that it stands for → how many fell into it. */
  readonly #buckets = new Map<number, number>();

  add(value: number): void {
    this.values++;
    this.sum += value;
    this.min = Math.min(this.min, value);
    this.max = Math.max(this.max, value);
    const bucket = bucketOf(value);
    if (this.#buckets.size < BUCKETS_MAX || this.#buckets.has(bucket)) {
      this.#buckets.set(bucket, (this.#buckets.get(bucket) ?? 0) + 1);
    }
  }

  /** The number below which the share `q` of all lies; NaN of none. */
  quantile(q: number): number {
    if (this.values === 0) return Number.NaN;
    const rank = Math.max(1, Math.ceil(q * this.values));
    let seen = 0;
    for (const [bucket, count] of [...this.#buckets].sort(([a], [b]) => a - b)) {
      seen += count;
      if (seen >= rank) return Math.min(this.max, Math.max(this.min, middleOf(bucket)));
    }
    return this.max;
  }
}

/** Far enough from zero that positive and negative buckets do not meet. */
const OFFSET = 100_000;

function bucketOf(value: number): number {
  if (Math.abs(value) < ZERO) return 0;
  const index = OFFSET + Math.ceil(Math.log(Math.abs(value)) / LOG_GAMMA);
  return value > 0 ? index : -index;
}

function middleOf(bucket: number): number {
  if (bucket === 0) return 0;
  const size = GAMMA ** (Math.abs(bucket) - OFFSET) * (2 / (1 + GAMMA));
  return bucket > 0 ? size : -size;
}
