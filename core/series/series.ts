/** Tag keys and values of a series. Sorted by key wherever they are written down. */
export type Tags = Readonly<Record<string, string>>;

/**
 * A series is a metric with tags on an endpoint (a host or a container). Its written form is
 * Open-Falcon's primary key, `endpoint/metric` or `endpoint/metric/k=v,k=v`.
 */
export type SeriesIdentity = {
  readonly endpoint: string;
  readonly metric: string;
  readonly tags: Tags;
};

export const noTags: Tags = Object.freeze({});

/** `k=v,k=v`, keys in byte order; empty when there are none (Open-Falcon's `SortedTags`). */
export function formatTags(tags: Tags): string {
  const keys = Object.keys(tags);
  if (keys.length === 0) return '';
  return keys
    .sort((a, b) => (a < b ? -1 : 1))
    .map((key) => `${key}=${tags[key]}`)
    .join(',');
}

export function formatSeries(series: SeriesIdentity): string {
  const tags = formatTags(series.tags);
  const name = `${series.endpoint}/${series.metric}`;
  return tags === '' ? name : `${name}/${tags}`;
}

/** True when every wanted tag is there with the wanted value; other tags do not matter. */
export function matchesTags(tags: Tags, wanted: Tags): boolean {
  for (const key in wanted) if (tags[key] !== wanted[key]) return false;
  return true;
}
