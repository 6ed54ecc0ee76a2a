import type { Selection } from '../../../core/index.ts';
import type { EndpointStore } from '../../ring/endpoint-store.ts';
import { NO_NAME } from '../../ring/newest-samples.ts';
import type { Ring } from '../../ring/ring.ts';
import type { Located } from '../located.ts';
import { tooMany } from '../range.ts';
import { REFUSED_ENDPOINT, REFUSED_NAME, SeriesTest } from './series-test.ts';

const QUERY_SERIES_MAX = 1000;

const COLUMNS_AT_FIRST = 256;

/** The columns of one store that a selection picks: the first `count` of `columns`, valid until the next. */
export type Picked = { readonly store: EndpointStore; readonly columns: Uint32Array; readonly count: number };

/**
 * Series that a selection picks, in a stable order. Throws `QUERY_LIMIT` beyond `limit`,
 * `BAD_REQUEST` for a selection that can not be understood.
 */
export function select(ring: Ring, selection: Selection, limit = QUERY_SERIES_MAX): Located[] {
  const found: Located[] = [];
  for (const { store, columns, count } of pick(ring, selection)) {
    for (let at = 0; at < count; at++) {
      const series = store.seriesAt(columns[at] as number);
      if (series === undefined) continue;
      if (found.length === limit)
        throw tooMany('series', `more than ${limit}`, limit, 'name endpoints, fewer metrics, or narrower matchers');
      found.push({ store, series });
    }
  }
  return found;
}

/** Picks columns, a store at a time; what they are called is looked at once a name. */
export function* pick(ring: Ring, selection: Selection): Generator<Picked> {
  const test = new SeriesTest(selection);
  const verdicts = nameVerdicts(ring, test);
  let columns = new Uint32Array(COLUMNS_AT_FIRST);
  for (const store of candidates(ring, test)) {
    const failing = test.endpointVerdict(store.endpoint);
    if (failing === REFUSED_ENDPOINT) continue;
    const { nameIds, length } = store.newest;
    if (columns.length < length) columns = new Uint32Array(2 * length);
    let count = 0;
    for (let column = 0; column < length; column++) {
      const nameId = nameIds[column] as number;
      if (nameId === NO_NAME) continue;
      const verdict = verdicts[nameId] as number;
      if (verdict !== REFUSED_NAME && (verdict & failing) === 0) columns[count++] = column;
    }
    if (count > 0) yield { store, columns, count };
  }
}

function nameVerdicts(ring: Ring, test: SeriesTest): Int32Array {
  const verdicts = new Int32Array(ring.names.idsEnd);
  for (const metric of test.metricNames ?? ring.names.metrics()) {
    if (!test.takesMetric(metric)) continue;
    for (const { id, tags } of ring.names.ofMetric(metric)) verdicts[id] = test.nameVerdict(tags);
  }
  return verdicts;
}

function candidates(ring: Ring, { endpointNames }: SeriesTest): Iterable<EndpointStore> {
  if (endpointNames === null) return ring.endpoints();
  return [...endpointNames].map((name) => ring.find(name)).filter((store) => store !== undefined);
}
