/** Histograms with fixed buckets, as Prometheus and OpenTelemetry have them. Pure. */

/** What fell into each bucket since the point before; null at first, and after a restart or other buckets. */
export function bucketDeltas(before: readonly number[] | null, now: readonly number[]): readonly number[] | null {
  if (before === null || before.length !== now.length) return null;
  const deltas = now.map((count, index) => count - (before[index] ?? 0));
  return deltas.some((delta) => delta < 0) ? null : deltas;
}

/**
 * Quantile by linear interpolation within its bucket, as Prometheus' `histogram_quantile`: the first
 * bucket begins at 0 where its bound is positive, and what lies in the last one is told as its lower
 * bound. NaN of no counts.
 */
export function bucketQuantile(q: number, bounds: readonly number[], counts: readonly number[]): number {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total <= 0 || bounds.length === 0) return Number.NaN;
  const rank = q * total;
  let seen = 0;
  for (const [index, count] of counts.entries()) {
    seen += count;
    if (seen < rank || count === 0) continue;
    const upper = bounds[index];
    if (upper === undefined) return bounds.at(-1) ?? Number.NaN;
    const lower = index === 0 ? Math.min(0, upper) : (bounds[index - 1] ?? 0);
    if (index === 0 && upper <= 0) return upper;
    return lower + (upper - lower) * ((rank - (seen - count)) / count);
  }
  return bounds.at(-1) ?? Number.NaN;
}
