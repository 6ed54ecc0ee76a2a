import type { StoredSeries } from '../ring/columns.ts';
import type { EndpointStore } from '../ring/endpoint-store.ts';

/** A series and where it lies. */
export type Located = { readonly store: EndpointStore; readonly series: StoredSeries };
