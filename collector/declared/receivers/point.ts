/** What an application says of itself, whichever protocol it speaks. */
import type { Tags } from '../../../core/index.ts';

type Named = { readonly metric: string; readonly tags: Tags };

/** `isDelta`: since the point before; else since the application started. */
export type Point =
  | (Named & { readonly kind: 'gauge'; readonly value: number })
  | (Named & { readonly kind: 'counter'; readonly value: number; readonly isDelta: boolean })
  | (Named & {
      readonly kind: 'histogram';
      readonly isDelta: boolean;
      readonly count: number;
      /** NaN where it is not told. */
      readonly sum: number;
      /** Upper bounds, ascending; the last bucket has none. */
      readonly bounds: readonly number[];
      /** How many fell into each bucket; one more than there are bounds. */
      readonly counts: readonly number[];
    })
  | (Named & {
      readonly kind: 'summary';
      readonly count: number;
      readonly sum: number;
      readonly quantiles: readonly { readonly q: number; readonly value: number }[];
    });

/** Suffixes that are put on names need this much room. */
export const METRIC_LENGTH_MAX = 128 - '.quantile'.length;

/** A name in the letters that a metric may have; null when none are left. */
export function metricName(written: string): string | null {
  const clean = written.replace(/[^A-Za-z0-9_.:-]/g, '_').slice(0, METRIC_LENGTH_MAX);
  if (/^[A-Za-z_]/.test(clean)) return clean;
  return clean === '' ? null : `_${clean}`.slice(0, METRIC_LENGTH_MAX);
}
