/**
 * OTLP metrics (opentelemetry-proto, metrics.proto v1) in their JSON form, turned into points. What
 * comes as protobuf is brought into this form first.
 */
import type { Tags } from '../../../../core/index.ts';
import { metricName, type Point } from '../point.ts';
import type { Refusals } from '../refusals.ts';

export const POINTS_MAX = 20_000;
const BUCKETS_MAX = 200;
const DELTA = 1;

/** Points of one resource: one application, mostly. */
export type ResourcePoints = {
  /** `container.id` of the resource, where it tells one. */
  readonly containerId: string | null;
  readonly points: readonly Point[];
};

type Fields = Readonly<Record<string, unknown>>;

/** Never throws: what is not as it should be is counted and left out. */
export function pointsOf(request: unknown, refusals: Refusals): readonly ResourcePoints[] {
  let room = POINTS_MAX;
  return listOf(fieldsOf(request).resourceMetrics).map((entry) => {
    const resource = fieldsOf(entry);
    const attributes = tagsOf(listOf(fieldsOf(resource.resource).attributes));
    const shared = sharedTags(attributes);
    const metrics = listOf(resource.scopeMetrics).flatMap((scope) => listOf(fieldsOf(scope).metrics));
    const points: Point[] = [];
    for (const metric of metrics) {
      for (const point of metricPoints(fieldsOf(metric), shared, refusals)) {
        if (room-- > 0) points.push(point);
        else refusals.add(`points beyond ${POINTS_MAX} of one request`);
      }
    }
    return { containerId: attributes['container.id'] ?? null, points };
  });
}

/** Who it is, on every series: a host runs several of a kind. */
function sharedTags(attributes: Tags): Tags {
  const kept = ['service.name', 'service.namespace', 'service.instance.id'].filter(
    (key) => attributes[key] !== undefined,
  );
  return Object.fromEntries(kept.map((key) => [key, attributes[key] ?? '']));
}

function* metricPoints(metric: Fields, shared: Tags, refusals: Refusals): Iterable<Point> {
  const name = typeof metric.name === 'string' ? metricName(metric.name) : null;
  if (name === null) return refusals.add('a metric without a name');
  const tagsFor = (point: Fields): Tags => ({ ...shared, ...tagsOf(listOf(point.attributes)) });
  const pointsIn = (kind: string): readonly Fields[] => listOf(fieldsOf(metric[kind]).dataPoints).map(fieldsOf);
  if (metric.exponentialHistogram !== undefined) {
    refusals.add('exponential histograms; use explicit buckets', pointsIn('exponentialHistogram').length);
  }
  for (const point of pointsIn('gauge'))
    yield* numberPoint(point, { kind: 'gauge', metric: name, tags: tagsFor(point) }, refusals);
  const sum = fieldsOf(metric.sum);
  const isDelta = isDeltaOf(sum);
  for (const point of pointsIn('sum')) {
    const named = { metric: name, tags: tagsFor(point) };
    // A sum that may fall is a gauge, unless it only tells changes.
    if (sum.isMonotonic === true || isDelta)
      yield* numberPoint(point, { kind: 'counter', ...named, isDelta }, refusals);
    else yield* numberPoint(point, { kind: 'gauge', ...named }, refusals);
  }
  const isDeltaHistogram = isDeltaOf(fieldsOf(metric.histogram));
  for (const point of pointsIn('histogram')) {
    const read = histogramPoint(point);
    if (read === null) refusals.add('a histogram whose buckets do not fit its bounds');
    else yield { kind: 'histogram', metric: name, tags: tagsFor(point), isDelta: isDeltaHistogram, ...read };
  }
  for (const point of pointsIn('summary')) {
    const quantiles = listOf(point.quantileValues).slice(0, BUCKETS_MAX).map(fieldsOf);
    yield {
      kind: 'summary',
      metric: name,
      tags: tagsFor(point),
      count: numberOf(point.count),
      sum: numberOf(point.sum),
      quantiles: quantiles.map(({ quantile, value }) => ({ q: numberOf(quantile ?? 0), value: numberOf(value ?? 0) })),
    };
  }
}

const isDeltaOf = ({ aggregationTemporality: temporality }: Fields): boolean =>
  temporality === DELTA || temporality === 'AGGREGATION_TEMPORALITY_DELTA';

type NumberPoint =
  | { readonly kind: 'gauge'; readonly metric: string; readonly tags: Tags }
  | { readonly kind: 'counter'; readonly metric: string; readonly tags: Tags; readonly isDelta: boolean };

function* numberPoint(point: Fields, named: NumberPoint, refusals: Refusals): Iterable<Point> {
  const value = numberOf(point.asDouble ?? point.asInt);
  if (Number.isFinite(value)) yield { ...named, value };
  else refusals.add('a point without a finite number');
}

function histogramPoint(
  point: Fields,
): Pick<Extract<Point, { kind: 'histogram' }>, 'count' | 'sum' | 'bounds' | 'counts'> | null {
  const bounds = listOf(point.explicitBounds).map(numberOf);
  const counts = listOf(point.bucketCounts).map(numberOf);
  const isFit = counts.length === 0 ? bounds.length === 0 : counts.length === bounds.length + 1;
  if (!isFit || counts.length > BUCKETS_MAX || [...bounds, ...counts].some(Number.isNaN)) return null;
  return { count: numberOf(point.count), sum: numberOf(point.sum), bounds, counts };
}

function tagsOf(attributes: readonly unknown[]): Record<string, string> {
  const tags: Record<string, string> = {};
  for (const attribute of attributes.slice(0, 128).map(fieldsOf)) {
    const { key, value } = attribute;
    const text = textOf(fieldsOf(value));
    if (typeof key === 'string' && text !== null) tags[key.replace(/[,=\s]/g, '_').slice(0, 64)] = text.slice(0, 255);
  }
  return tags;
}

/** Lists and maps are no tags. */
function textOf({ stringValue, boolValue, intValue, doubleValue }: Fields): string | null {
  const value = stringValue ?? boolValue ?? intValue ?? doubleValue;
  return ['string', 'boolean', 'number'].includes(typeof value) ? String(value) : null;
}

/** 64-bit numbers are texts in JSON. */
function numberOf(value: unknown): number {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && /^[+-]?\d{1,20}(\.\d+)?(e[+-]?\d+)?$/i.test(value) ? Number(value) : Number.NaN;
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const fieldsOf = (value: unknown): Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
