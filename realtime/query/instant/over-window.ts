import type { Reduction, Selection } from '../../../core/index.ts';
import type { Ring } from '../../ring/ring.ts';
import { reduce } from '../across.ts';
import { BucketReader } from '../buckets.ts';
import { checkRange } from '../range.ts';
import type { Work } from '../run/slices.ts';
import { select } from '../select/select.ts';
import type { SeriesValue, SeriesValues } from './latest.ts';

/** Series whose windows are read for one answer; their samples are bounded as well. */
const SERIES_MAX = 100_000;

/** Series between two turns of others: a few summaries each. */
const SERIES_PER_STEP = 16;

/** What the samples of each series come to over the `seconds` that end with second `at`; series without one are left out. */
export function* overWindow(
  ring: Ring,
  selection: Selection,
  { at, seconds, of }: { readonly at: number; readonly seconds: number; readonly of: Reduction },
): Work<SeriesValues> {
  const located = select(ring, selection, SERIES_MAX);
  const range = { from: at + 1 - seconds, to: at + 1, step: seconds };
  checkRange(range, { seriesRead: located.length, seriesAnswered: 1 });
  const reader = new BucketReader(range);
  const found: SeriesValue[] = [];
  for (const [index, one] of located.entries()) {
    if (one.store.seriesAt(one.series.column) === one.series) {
      const buckets = reader.read(one);
      if ((buckets.count[0] as number) > 0) found.push({ ...one, second: at, value: reduce(buckets, 0, of) });
    }
    if (index % SERIES_PER_STEP === 0) yield;
  }
  return { seriesMatched: located.length, found };
}
