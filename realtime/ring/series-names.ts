import { formatTags, type SeriesIdentity, type Tags } from '../../core/index.ts';

/** A metric with its tags: the part of a series' name that many endpoints share. */
export type SeriesName = Pick<SeriesIdentity, 'metric' | 'tags'>;

/** Each name once, however many endpoints have a series of it. */
export class SeriesNames {
  readonly #byKey = new Map<string, SeriesName>();

  get size(): number {
    return this.#byKey.size;
  }

  find(metric: string, tags: Tags): SeriesName | undefined {
    return this.#byKey.get(keyOf(metric, tags));
  }

  /** The one object for this name. */
  intern(metric: string, tags: Tags): SeriesName {
    const key = keyOf(metric, tags);
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    const name = { metric, tags };
    this.#byKey.set(key, name);
    return name;
  }

  /** Forgets all names but these. */
  retain(names: Iterable<SeriesName>): void {
    this.#byKey.clear();
    for (const name of names) this.#byKey.set(keyOf(name.metric, name.tags), name);
  }
}

const keyOf = (metric: string, tags: Tags): string => `${metric}/${formatTags(tags)}`;
