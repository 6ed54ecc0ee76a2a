import type { Selection } from '../../../core/index.ts';
import type { Ring } from '../../ring/ring.ts';
import type { Located } from '../located.ts';
import { type Picked, pick, select } from '../select/select.ts';
import { Ranking } from './ranking.ts';
import { type Moment, type Sample, sampleAt } from './sample-at.ts';

/** A series with the sample that speaks for it, or what its samples of a window come to. */
export type SeriesValue = Located & { readonly second: number; readonly value: number };

/** `top`: the largest first; `bottom`: the smallest first. */
export type Order = 'top' | 'bottom';

/** A mark is a store's number times this, and a column. */
const MARK_COLUMNS = 2 ** 20;

export type SeriesValues = { readonly seriesMatched: number; readonly found: SeriesValue[] };

/** The newest sample of every series that has one. Throws as `select` does. */
export function latest(ring: Ring, selection: Selection, moment: Moment, seriesMax: number): SeriesValues {
  const found: SeriesValue[] = [];
  const sample: Sample = { second: 0, value: Number.NaN };
  const located = select(ring, selection, seriesMax);
  for (const { store, series } of located) {
    if (sampleAt(store, series.column, moment, sample)) found.push({ store, series, ...sample });
  }
  return { seriesMatched: located.length, found };
}

export type RankedNow = { readonly seriesMatched: number; readonly ranked: readonly SeriesValue[] };

/**
 * The `limit` series with the largest or smallest newest samples, of any number of them: one look at
 * plain numbers each. A measured NaN has no rank; of equal ones, any may be left out.
 */
export function rankNow(
  ring: Ring,
  selection: Selection,
  moment: Moment,
  rank: { order: Order; limit: number },
): RankedNow {
  const ranking = new Ranking(rank.limit);
  const stores: Picked['store'][] = [];
  let seriesMatched = 0;
  for (const picked of pick(ring, selection)) {
    seriesMatched += picked.count;
    rankStore(picked, moment, { ranking, order: rank.order, mark: stores.length * MARK_COLUMNS });
    stores.push(picked.store);
  }
  const ranked = ranking.marks().flatMap((mark): SeriesValue[] => {
    const [store, column] = [stores[Math.floor(mark / MARK_COLUMNS)], mark % MARK_COLUMNS];
    const series = store?.seriesAt(column);
    if (store === undefined || series === undefined) return [];
    const sample: Sample = { second: 0, value: Number.NaN };
    return sampleAt(store, column, moment, sample) ? [{ store, series, ...sample }] : [];
  });
  return { seriesMatched, ranked };
}

function rankStore(
  { store, columns, count }: Picked,
  moment: Moment,
  { ranking, order, mark }: { readonly ranking: Ranking; readonly order: Order; readonly mark: number },
): void {
  const { seconds, values } = store.newest;
  const end = moment.at + moment.ahead + 1;
  const oldest = moment.at - moment.lookback + 1;
  const sample: Sample = { second: 0, value: Number.NaN };
  const sign = order === 'top' ? 1 : -1;
  for (let index = 0; index < count; index++) {
    const column = columns[index] as number;
    const second = seconds[column] as number;
    let value = values[column] as number;
    const isPlain = second < end && second >= oldest && !Number.isNaN(value);
    if (!isPlain) value = sampleAt(store, column, moment, sample) ? sample.value : Number.NaN;
    const weight = value * sign;
    if (weight > ranking.threshold || weight === Number.NEGATIVE_INFINITY) ranking.add(weight, mark + column);
  }
}
