import { createHash } from 'node:crypto';
import type { Dictionary, SeriesIdentity } from '../../core/index.ts';
import type { SeriesKey, SeriesRef } from '../store/store.ts';

/**
 * The stable id of a series: the first 8 bytes of SHA-1 over its identity, as a decimal. Two of a
 * million series share one with a probability of 3 in 10^8. The identity is hashed as JSON: in its written
 * form (`k=v,k=v`) a value with a comma could spell another series.
 */
export function seriesKey({ endpoint, metric, tags }: SeriesIdentity): SeriesKey {
  const sorted = Object.keys(tags)
    .sort((a, b) => (a < b ? -1 : 1))
    .map((key) => [key, tags[key]]);
  const hash = createHash('sha1')
    .update(JSON.stringify([endpoint, metric, sorted]), 'utf8')
    .digest();
  return hash.readBigUInt64BE(0).toString();
}

/** Series that are remembered as announced; beyond it they are announced again, which costs rows only. */
const ANNOUNCED_MAX = 1_000_000;

/**
 * What the columns of frames are called in the store, and which series the store was told of today.
 * Announcing one anew each day is what keeps it from expiring.
 */
export class SeriesNames {
  readonly #byDictionary = new WeakMap<Dictionary, SeriesRef[]>();
  #announced = new Set<SeriesKey>();
  #day = -1;

  of(dictionary: Dictionary): readonly SeriesRef[] {
    let refs = this.#byDictionary.get(dictionary);
    if (refs === undefined) {
      refs = [];
      this.#byDictionary.set(dictionary, refs);
    }
    for (let index = refs.length; index < dictionary.series.length; index++) {
      const identity = dictionary.identityOf(index);
      refs.push({ key: seriesKey(identity), identity });
    }
    return refs;
  }

  /** Those of `series` that the store has not been told of on `day` (days since the epoch). */
  unannounced(series: Iterable<SeriesRef>, day: number): readonly SeriesRef[] {
    if (day !== this.#day || this.#announced.size > ANNOUNCED_MAX) {
      this.#announced = new Set();
      this.#day = day;
    }
    const missing = new Map<SeriesKey, SeriesRef>();
    for (const ref of series) if (!this.#announced.has(ref.key)) missing.set(ref.key, ref);
    return [...missing.values()];
  }

  announced(series: readonly SeriesRef[]): void {
    for (const { key } of series) this.#announced.add(key);
  }
}
