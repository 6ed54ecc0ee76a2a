import { formatTags, type SeriesIdentity, type Tags } from '../../core/index.ts';

/** A metric with its tags: the part of a series' name that many endpoints share. */
export type SeriesName = Pick<SeriesIdentity, 'metric' | 'tags'> & {
  /** A small number, its own while any series is called so. */
  readonly id: number;
};

/** Each name once, however many endpoints have a series of it. */
export class SeriesNames {
  readonly #byKey = new Map<string, SeriesName>();
  readonly #byMetric = new Map<string, SeriesName[]>();
  readonly #freeIds: number[] = [];
  #idsEnd = 0;

  get size(): number {
    return this.#byKey.size;
  }

  /** All ids are below this. */
  get idsEnd(): number {
    return this.#idsEnd;
  }

  metrics(): Iterable<string> {
    return this.#byMetric.keys();
  }

  ofMetric(metric: string): readonly SeriesName[] {
    return this.#byMetric.get(metric) ?? [];
  }

  find(metric: string, tags: Tags): SeriesName | undefined {
    return this.#byKey.get(keyOf(metric, tags));
  }

  /** The one object for this name. */
  intern(metric: string, tags: Tags): SeriesName {
    const key = keyOf(metric, tags);
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    const name = { metric, tags, id: this.#freeIds.pop() ?? this.#idsEnd++ };
    this.#keep(key, name);
    return name;
  }

  /** Forgets all names but these. */
  retain(names: Iterable<SeriesName>): void {
    this.#byKey.clear();
    this.#byMetric.clear();
    const used = new Set<number>();
    for (const name of names) {
      if (used.has(name.id)) continue;
      used.add(name.id);
      this.#keep(keyOf(name.metric, name.tags), name);
    }
    this.#freeIds.length = 0;
    for (let id = 0; id < this.#idsEnd; id++) if (!used.has(id)) this.#freeIds.push(id);
  }

  #keep(key: string, name: SeriesName): void {
    this.#byKey.set(key, name);
    const ofMetric = this.#byMetric.get(name.metric);
    if (ofMetric === undefined) this.#byMetric.set(name.metric, [name]);
    else ofMetric.push(name);
  }
}

const keyOf = (metric: string, tags: Tags): string => `${metric}/${formatTags(tags)}`;
