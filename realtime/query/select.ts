import { matchesTags, type Selector } from '../../core/index.ts';
import type { EndpointStore } from '../ring/endpoint-store.ts';
import type { Ring } from '../ring/ring.ts';
import type { Located } from './located.ts';
import { tooMany } from './range.ts';

const QUERY_SERIES_MAX = 1000;

/** Series that a selector picks, in a stable order. Throws `QUERY_LIMIT` beyond `limit`. */
export function select(ring: Ring, selector: Selector, limit = QUERY_SERIES_MAX): Located[] {
  const metrics = new Set(selector.metrics);
  const found: Located[] = [];
  for (const store of candidates(ring, selector)) {
    for (const series of store.series()) {
      if (!metrics.has(series.metric) || !matchesTags(series.tags, selector.tags ?? {})) continue;
      if (found.length === limit) throw tooMany('series', limit + 1, limit, 'name endpoints or fewer metrics');
      found.push({ store, series });
    }
  }
  return found;
}

function candidates(ring: Ring, selector: Selector): Iterable<EndpointStore> {
  if (selector.endpoints === undefined) return ring.endpoints();
  return selector.endpoints.map((name) => ring.find(name)).filter((store) => store !== undefined);
}
