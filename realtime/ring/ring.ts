import type { Dictionary, Endpoint, Frame, Second } from '../../core/index.ts';
import { assert } from '../../core/index.ts';
import { BlockCache } from './block-cache.ts';
import { EndpointStore, type StoredSeries, WINDOW_SECONDS, windowStartOf } from './endpoint-store.ts';

export const RING_SECONDS = 24 * 3600;

/** An endpoint that another collector fed this recently is not given away. */
const OWNER_HOLDS_SECONDS = 30;

export type RingOptions = {
  /** Series of all endpoints together; more are refused and counted. */
  readonly seriesMax: number;
  /** Blocks that queries have inflated may keep this much memory. */
  readonly cacheBytesMax?: number;
};

const CACHE_BYTES_MAX = 64 * 1024 * 1024;

/** Which columns of a collector's frames go to which columns of which endpoint. */
type Route = { readonly store: EndpointStore; readonly from: number[]; readonly to: number[] };
type Mapping = { readonly routes: Map<number, Route | null>; mapped: number };

export type RingStatus = {
  readonly seriesCount: number;
  readonly endpointCount: number;
  readonly blockCount: number;
  readonly sealedBytes: number;
  readonly seriesRefused: number;
  readonly cacheBytes: number;
};

/**
 * The last 24 h of every series, by the second, in memory. The state of a second is that of the
 * frame that holds for it, whatever the order in which frames came.
 */
export class Ring {
  readonly #options: RingOptions;
  readonly #endpoints = new Map<string, EndpointStore>();
  readonly #mappings = new WeakMap<Dictionary, Mapping>();
  readonly #cache: BlockCache;
  #endpointsMade = 0;
  #seriesCount = 0;
  #seriesRefused = 0;
  #newestSecond = 0;
  #sweptSecond = 0;

  constructor(options: RingOptions) {
    this.#options = options;
    this.#cache = new BlockCache(options.cacheBytesMax ?? CACHE_BYTES_MAX);
  }

  get newestSecond(): Second {
    return this.#newestSecond as Second;
  }

  /** Start of the oldest second that is kept. */
  get oldestSecond(): Second {
    return (windowStartOf(this.#newestSecond) - RING_SECONDS + WINDOW_SECONDS) as Second;
  }

  endpoints(): Iterable<EndpointStore> {
    return this.#endpoints.values();
  }

  find(name: string): EndpointStore | undefined {
    return this.#endpoints.get(name);
  }

  /** Stores a frame. The caller has made sure that it holds for its second. */
  put(frame: Frame, dictionary: Dictionary): void {
    for (const route of this.#routesOf(frame, dictionary).values()) {
      route?.store.put(frame.second, frame.values, route.from, route.to);
    }
    if (frame.second > this.#newestSecond) this.#newestSecond = frame.second;
    this.#sweep();
  }

  /** Takes back all that a collector said of a second, because a later frame tells it anew. */
  clear(collector: string, second: Second): void {
    for (const store of this.#endpoints.values()) if (store.collector === collector) store.clear(second);
  }

  #routesOf(frame: Frame, dictionary: Dictionary): Map<number, Route | null> {
    let mapping = this.#mappings.get(dictionary);
    if (mapping === undefined) {
      mapping = { routes: new Map(), mapped: 0 };
      this.#mappings.set(dictionary, mapping);
    }
    for (; mapping.mapped < frame.values.length; mapping.mapped++) {
      this.#mapSeries(mapping, dictionary, mapping.mapped, frame);
    }
    return mapping.routes;
  }

  #mapSeries(mapping: Mapping, dictionary: Dictionary, index: number, frame: Frame): void {
    const entry = dictionary.series[index];
    assert(entry, 'a dictionary that covers the frame');
    if (!mapping.routes.has(entry.endpoint)) {
      const store = this.#storeFor(dictionary.endpointOf(index), frame);
      mapping.routes.set(entry.endpoint, store === null ? null : { store, from: [], to: [] });
    }
    const route = mapping.routes.get(entry.endpoint);
    if (!route || !this.#admit(route.store, entry.metric, entry.tags)) {
      this.#seriesRefused++;
      return;
    }
    route.from.push(index);
    route.to.push(route.store.columnFor(entry.metric, entry.tags));
  }

  /** Null when another collector holds the endpoint. */
  #storeFor(endpoint: Endpoint, frame: Frame): EndpointStore | null {
    let store = this.#endpoints.get(endpoint.name);
    if (store === undefined) {
      store = new EndpointStore(endpoint, frame.collector, { cache: this.#cache, turn: this.#endpointsMade++ });
      this.#endpoints.set(endpoint.name, store);
    }
    if (store.collector !== frame.collector) {
      if (frame.second - store.newestSecond < OWNER_HOLDS_SECONDS) return null;
      store.collector = frame.collector;
    }
    return store;
  }

  #admit(store: EndpointStore, metric: string, tags: StoredSeries['tags']): boolean {
    if (store.has(metric, tags)) return true;
    if (this.#seriesCount >= this.#options.seriesMax) return false;
    this.#seriesCount++;
    return true;
  }

  /** Takes over what a collector newly says of its endpoints. */
  describe(collector: string, endpoint: Endpoint): void {
    const store = this.#endpoints.get(endpoint.name);
    if (store !== undefined && store.collector === collector) store.endpoint = endpoint;
  }

  /** Once a second of data: seal what is full. Once a window: evict what is old. */
  #sweep(): void {
    if (this.#newestSecond <= this.#sweptSecond) return;
    for (const store of this.#endpoints.values()) store.sealBefore(this.#newestSecond);
    if (windowStartOf(this.#newestSecond) > windowStartOf(this.#sweptSecond)) this.#evict();
    this.#sweptSecond = this.#newestSecond;
  }

  #evict(): void {
    for (const [name, store] of this.#endpoints) {
      store.evictBefore(this.oldestSecond);
      if (!store.isEmpty) continue;
      this.#endpoints.delete(name);
      this.#seriesCount -= store.series.length;
    }
  }

  status(): RingStatus {
    let [blockCount, sealedBytes] = [0, 0];
    for (const store of this.#endpoints.values()) {
      blockCount += store.blockCount;
      sealedBytes += store.sealedBytes;
    }
    return {
      seriesCount: this.#seriesCount,
      endpointCount: this.#endpoints.size,
      blockCount,
      sealedBytes,
      seriesRefused: this.#seriesRefused,
      cacheBytes: this.#cache.bytes,
    };
  }
}
