/** How the UI and messages write a value. `percent` is 0–100. */
export type Unit =
  | 'percent'
  | 'cores'
  | 'bytes'
  | 'bytes/s'
  | 'packets/s'
  | 'requests/s'
  | 'events/s'
  | 'count'
  | 'ms'
  | 's'
  | 'load'
  | 'bool';

/**
 * One entry of the metric catalogue.
 *
 * `decimals` is how many decimal places are measured: values travel and rest as integers scaled by
 * 10^decimals, which is lossless for what was measured, and small. Rates are computed by the
 * collector over the true elapsed time, so every metric here is a GAUGE in Open-Falcon's sense.
 */
export type MetricDefinition = {
  readonly name: string;
  readonly unit: Unit;
  readonly kind: 'GAUGE' | 'COUNTER';
  readonly decimals: number;
  readonly on: 'host' | 'container' | 'both';
  readonly tags: readonly string[];
  readonly help: string;
};

type Options = Partial<Pick<MetricDefinition, 'decimals' | 'tags' | 'on'>>;

/** A gauge, on hosts and containers with no tags and no decimals unless told otherwise. */
export function gauge(name: string, unit: Unit, help: string, options: Options = {}): MetricDefinition {
  return { name, unit, kind: 'GAUGE', decimals: 0, on: 'both', tags: [], help, ...options };
}
