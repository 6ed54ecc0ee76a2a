import { AppError, BUCKETS_MAX } from '../../core/index.ts';

/** Buckets of all series in one answer: about 15 MB of JSON. */
const QUERY_POINTS_MAX = 300_000;

/** About half a second of decoding: 800 series over 24 h are 69 million. */
const QUERY_SAMPLES_MAX = 100_000_000;

/** Seconds; `from` inclusive, `to` exclusive, both whole multiples of `step`. */
export type Range = { readonly from: number; readonly to: number; readonly step: number };

export const bucketCountOf = ({ from, to, step }: Range): number => (to - from) / step;

/** How much a query reads and answers: series that are read, rows of buckets that are answered. */
export type QuerySize = { readonly seriesRead: number; readonly seriesAnswered: number };

/** Throws `QUERY_LIMIT` when a query reads or answers too much. */
export function checkRange(range: Range, { seriesRead, seriesAnswered }: QuerySize): void {
  const bucketCount = bucketCountOf(range);
  if (bucketCount > BUCKETS_MAX) throw tooMany('buckets', bucketCount, BUCKETS_MAX, 'take a larger step');
  const points = bucketCount * seriesAnswered;
  if (points > QUERY_POINTS_MAX)
    throw tooMany('points', points, QUERY_POINTS_MAX, 'take a larger step, a shorter range or fewer series');
  const samples = (range.to - range.from) * seriesRead;
  if (samples > QUERY_SAMPLES_MAX)
    throw tooMany('samples', samples, QUERY_SAMPLES_MAX, 'take a shorter range or fewer series');
}

export function tooMany(what: string, figure: number | string, limit: number, hint: string): AppError {
  return new AppError('QUERY_LIMIT', `the query asks for too many ${what}: ${figure} of at most ${limit}`, {
    where: what,
    hint,
  });
}
