/** Corners of the line of a small chart, in px; a break (`null`) for each stretch without samples. */
export type SparkPoint = { readonly x: number; readonly y: number } | null;

/**
 * `points` is time and value by turns. The line fills `width` from its first to its last time; the top
 * is `highest` or the greatest value, whatever is more.
 */
export function sparkPoints(
  points: Float64Array,
  size: { readonly width: number; readonly height: number },
  highest: number,
): SparkPoint[] {
  const count = points.length / 2;
  let top = highest;
  for (let index = 1; index < points.length; index += 2) top = Math.max(top, points[index] || 0);
  const line: SparkPoint[] = [];
  for (let index = 0; index < count; index++) {
    const value = points[2 * index + 1] ?? Number.NaN;
    const x = count === 1 ? size.width : (index / (count - 1)) * size.width;
    line.push(Number.isNaN(value) ? null : { x, y: size.height - (Math.max(0, value) / top) * size.height });
  }
  return line;
}
