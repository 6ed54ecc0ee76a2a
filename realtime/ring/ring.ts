import type { Dictionary, DictionarySeries, Endpoint, Frame, Second } from '../../core/index.ts';
import { assert, isAbsent } from '../../core/index.ts';
import type { LogPosition } from '../log/position.ts';
import type { StoredSeries } from './columns.ts';
import { EndpointStore, type FormerOwner, REFUSED, WINDOW_SECONDS } from './endpoint-store.ts';
import { MergeQueue } from './merge-queue.ts';
import type { SealedBlock } from './sealed-block.ts';
import { SeriesNames } from './series-names.ts';
import { SlotPool } from './slot-pool.ts';

/**
 * A day, and two windows more: a chart of 24 h whose edge is rounded down to a bucket of five
 * minutes finds all of it here, and needs no history.
 */
export const RING_SECONDS = 24 * 3600 + 2 * WINDOW_SECONDS;

/** Memory of sealed windows that waits for the next ones: endpoints take turns, so that it is little. */
const POOL_BYTES_MAX = 16 * 1024 * 1024;

/** An endpoint that another collector fed this recently, by our clock, is not given away. */
const OWNER_HOLDS_MS = 30_000;

const LOG_START: LogPosition = { segment: 0, offset: 0 };

const SERIES_PER_COLLECTOR_MAX = 100_000;

export type RingOptions = {
  /** Series of all endpoints together; more are refused and counted. */
  readonly seriesMax: number;
  /** Series of all endpoints that one collector feeds. */
  readonly seriesPerCollectorMax?: number;
  /** Told of every window that is sealed, and of every block of an hour. */
  readonly onSealed?: (store: EndpointStore, block: SealedBlock) => void;
  /** Where the log stands: all frames that were put lie before it, or are on their way there. */
  readonly logPosition?: () => LogPosition;
  /** Frames that are put from now on will lie behind this place. */
  readonly logEnd?: () => LogPosition;
};

/** What is known of an endpoint beside its samples. */
export type RestoredEndpoint = Pick<EndpointStore, 'endpoint' | 'collector' | 'newestSecond' | 'heardAtMs'> & {
  readonly former?: readonly FormerOwner[];
};

/** A series as `columnFor` takes it; null for a column that had none. */
export type RestoredSeries =
  | readonly [metric: string, tags: StoredSeries['tags'], step: number, pushed?: 'pushed']
  | null;

/** Which columns of a collector's frames belong to an endpoint, and where they go in its store. */
type Route = {
  readonly indexes: number[];
  /** Column for each index; `REFUSED` where the budget has none left. As long as what is mapped. */
  readonly columns: number[];
  store: EndpointStore | null;
  columnsEpoch: number;
};
type Mapped = { readonly store: EndpointStore; readonly frame: Frame; readonly dictionary: Dictionary };
type Arrival = { readonly atMs: number; readonly replayedFrom: LogPosition | undefined };
type Mapping = { readonly routes: Map<number, Route>; mapped: number };

export type RingStatus = {
  readonly seriesCount: number;
  readonly endpointCount: number;
  readonly blockCount: number;
  readonly sealedBytes: number;
  readonly seriesRefused: number;
};

/**
 * The last 24 h of every series, by the second, in memory. The state of a second is that of the
 * frame that holds for it, whatever the order in which frames came.
 */
export class Ring {
  /** What is older is still on disk. */
  loadedFrom = 0;
  readonly #options: RingOptions;
  readonly #endpoints = new Map<string, EndpointStore>();
  readonly #mappings = new WeakMap<Dictionary, Mapping>();
  readonly #names = new SeriesNames();
  readonly #pool = new SlotPool(POOL_BYTES_MAX);
  readonly #merges = new MergeQueue();
  #seriesCount = 0;
  #seriesRefused = 0;
  /** One entry a collector in each; their number is bounded where they enrol. */
  readonly #storesOf = new Map<string, Set<EndpointStore>>();
  /** Those that had another owner before. */
  readonly #moved = new Set<EndpointStore>();
  readonly #seriesOf = new Map<string, number>();
  readonly #refusedBy = new Map<string, number>();
  #newestSecond = 0;
  #sweptSecond = 0;

  constructor(options: RingOptions) {
    this.#options = options;
  }

  get newestSecond(): Second {
    return this.#newestSecond as Second;
  }

  /** Start of the oldest second that can be asked for; later than it should be while blocks are loaded. */
  get oldestSecond(): Second {
    return Math.max(this.#keptFrom, this.loadedFrom) as Second;
  }

  get #keptFrom(): Second {
    return (this.#newestSecond - (this.#newestSecond % WINDOW_SECONDS) - RING_SECONDS + WINDOW_SECONDS) as Second;
  }

  get names(): Pick<SeriesNames, 'idsEnd' | 'metrics' | 'ofMetric'> {
    return this.#names;
  }

  /** Series that there is room for. */
  get seriesLeft(): number {
    return this.#options.seriesMax - this.#seriesCount;
  }

  endpoints(): Iterable<EndpointStore> {
    return this.#endpoints.values();
  }

  find(name: string): EndpointStore | undefined {
    return this.#endpoints.get(name);
  }

  /**
   * Stores a frame that came at `atMs`. The caller has made sure that it holds for its second, and
   * has cleared the second where another frame held for it before.
   */
  put(frame: Frame, dictionary: Dictionary, atMs: number, replayedFrom?: LogPosition): void {
    if (frame.second > this.#newestSecond) this.#newestSecond = frame.second;
    const came = { atMs, replayedFrom };
    const put = { second: frame.second, values: frame.values, now: this.#newestSecond, replayedFrom };
    for (const [endpoint, route] of this.#routesOf(frame, dictionary)) {
      const store = frame.isPart
        ? this.#sharedStore(route, dictionary.endpoints[endpoint], frame)
        : this.#ownedStore(route, dictionary.endpoints[endpoint], frame, came);
      if (store === null) continue;
      this.#mapColumns(route, { store, frame, dictionary });
      const isHeard = store.put(put, route.indexes, route.columns) && !frame.isPart;
      if (isHeard && store.collector === frame.collector) store.heardAtMs = atMs;
    }
    this.#sweep();
  }

  /** Notes of a frame that will be put later whose endpoints are whose: who owned what goes by the order of the log. */
  own(frame: Frame, dictionary: Dictionary, replayedFrom: LogPosition): void {
    if (frame.isPart) return;
    const came = { atMs: frame.sentAtMs, replayedFrom };
    for (const [endpoint, route] of this.#routesOf(frame, dictionary)) {
      if (!hasSample(route, frame)) continue;
      const store = this.#ownedStore(route, dictionary.endpoints[endpoint], frame, came);
      if (store?.collector === frame.collector) store.heardAtMs = came.atMs;
    }
  }

  /** Takes back all that a collector said of a second, because another frame tells it anew. */
  clear(collector: string, second: Second, replayedFrom?: LogPosition): void {
    for (const stores of [this.#storesOf.get(collector) ?? [], replayedFrom === undefined ? [] : this.#moved]) {
      // What a frame told of an endpoint that was another's then was not taken, and clears nothing.
      for (const store of stores)
        if (store.ownerAt(replayedFrom) === collector) store.clear(second, this.#newestSecond, replayedFrom);
    }
  }

  /**
   * The store of an endpoint that a file tells of, made when it is new, and which of its columns
   * each of the file's is. A new store takes the columns as they were, free ones too.
   */
  restore(known: RestoredEndpoint, series: readonly RestoredSeries[]): { store: EndpointStore; columns: number[] } {
    const { endpoint, collector, newestSecond, heardAtMs } = known;
    const store = this.#endpoints.get(endpoint.name) ?? this.#adopt(endpoint, collector);
    const before = store.seriesCount;
    store.newestSecond = Math.max(store.newestSecond, newestSecond);
    store.heardAtMs = Math.max(store.heardAtMs, heardAtMs);
    if (known.former !== undefined && store.former.length === 0) {
      store.former = known.former;
      this.#moved.add(store);
    }
    this.#newestSecond = Math.max(this.#newestSecond, newestSecond);
    const columns = series.map((one, column) => {
      if (one !== null) {
        const [metric, tags, step, pushed] = one;
        return store.columnFor({ metric, tags, step, isPushed: pushed !== undefined });
      }
      if (store.columns.width === column) store.columns.skip();
      return column;
    });
    this.#count(store.collector, store.seriesCount - before);
    return { store, columns };
  }

  /** Takes a block from disk. Blocks come newest first. */
  adopt(store: EndpointStore, block: SealedBlock): void {
    if (block.start + block.seconds <= this.#keptFrom) return;
    store.adopt(block);
    if (block.seconds === WINDOW_SECONDS) this.#merges.add(store, store.hourStartOf(block.start));
  }

  #routesOf(frame: Frame, dictionary: Dictionary): Map<number, Route> {
    let mapping = this.#mappings.get(dictionary);
    if (mapping === undefined) {
      mapping = { routes: new Map(), mapped: 0 };
      this.#mappings.set(dictionary, mapping);
    }
    for (; mapping.mapped < frame.values.length; mapping.mapped++) {
      const entry = dictionary.series[mapping.mapped];
      assert(entry, 'a dictionary that covers the frame');
      const route = mapping.routes.get(entry.endpoint) ?? { indexes: [], columns: [], store: null, columnsEpoch: 0 };
      route.indexes.push(mapping.mapped);
      mapping.routes.set(entry.endpoint, route);
    }
    return mapping.routes;
  }

  /**
   * The store that the frame's collector may write, or null. Asked for each frame: an endpoint
   * moves between hosts, leaves after a day of silence, and comes back.
   */
  #ownedStore(route: Route, endpoint: Endpoint | undefined, frame: Frame, came: Arrival): EndpointStore | null {
    const known = route.store;
    if (known !== null && !known.isDropped && known.ownerAt(came.replayedFrom) === frame.collector) {
      // Replaced in place when a container is recreated or ends.
      if (endpoint !== undefined && known.collector === frame.collector) known.endpoint = endpoint;
      return known;
    }
    route.store = null;
    // Only who has something to tell takes an endpoint: the old host goes on sending empty columns.
    if (endpoint === undefined || !hasSample(route, frame)) return null;
    route.store = this.#claim(endpoint, frame.collector, came);
    if (route.store === null) this.#refuse(frame.collector, 1);
    route.columns.length = 0;
    return route.store;
  }

  /** The store that a part goes to: what is pushed lies beside what the endpoint's collector tells, whoever that is. */
  #sharedStore(route: Route, endpoint: Endpoint | undefined, frame: Frame): EndpointStore | null {
    if (route.store !== null && !route.store.isDropped) return route.store;
    if (endpoint === undefined || !hasSample(route, frame)) return null;
    route.store = this.#endpoints.get(endpoint.name) ?? this.#adopt(endpoint, frame.collector);
    route.columns.length = 0;
    return route.store;
  }

  /** Null when another collector holds the endpoint. */
  #claim(endpoint: Endpoint, collector: string, { atMs, replayedFrom }: Arrival): EndpointStore | null {
    let store = this.#endpoints.get(endpoint.name);
    const former = store?.formerOwnerAt(replayedFrom);
    // It stays with whom it went to since.
    if (store !== undefined && former !== undefined) return former === collector ? store : null;
    if (store === undefined) {
      store = this.#adopt(endpoint, collector);
    } else if (store.collector !== collector) {
      if (atMs - store.heardAtMs < OWNER_HOLDS_MS) return null;
      this.#count(store.collector, -store.seriesCount);
      this.#storesOf.get(store.collector)?.delete(store);
      store.passTo(collector, replayedFrom ?? this.#options.logEnd?.() ?? LOG_START);
      this.#moved.add(store);
      this.#count(collector, store.seriesCount);
      this.#own(store);
    }
    store.endpoint = endpoint;
    store.heardAtMs = atMs;
    return store;
  }

  #adopt(endpoint: Endpoint, collector: string): EndpointStore {
    const store = new EndpointStore(endpoint, collector, {
      names: this.#names,
      pool: this.#pool,
      logPosition: this.#options.logPosition ?? (() => LOG_START),
      onSealed: (sealed, block) => this.#onSealed(sealed, block),
    });
    this.#endpoints.set(endpoint.name, store);
    this.#own(store);
    return store;
  }

  #own(store: EndpointStore): void {
    const stores = this.#storesOf.get(store.collector) ?? new Set();
    stores.add(store);
    this.#storesOf.set(store.collector, stores);
  }

  /** Gives columns to series of a route that have none yet. */
  #mapColumns(route: Route, { store, frame, dictionary }: Mapped): void {
    if (route.columnsEpoch !== store.columns.epoch) {
      route.columns.length = 0;
      route.columnsEpoch = store.columns.epoch;
    }
    const isPushed = frame.isPart === true;
    for (let at = route.columns.length; at < route.indexes.length; at++) {
      const entry = dictionary.series[route.indexes[at] as number];
      assert(entry, 'a dictionary that covers the frame');
      const { metric, tags, step = 1 } = entry;
      const isAdmitted = this.#admit(store, entry, isPushed);
      if (!isAdmitted) this.#refuse(frame.collector, 1);
      route.columns.push(isAdmitted ? store.columnFor({ metric, tags, step, isPushed }) : REFUSED);
    }
    // One of them may have been pushed until now.
    route.columnsEpoch = store.columns.epoch;
  }

  #refuse(collector: string, count: number): void {
    this.#seriesRefused += count;
    this.#refusedBy.set(collector, this.refusedOf(collector) + count);
  }

  /** Times that series of a collector found no place, since the start. */
  refusedOf(collector: string): number {
    return this.#refusedBy.get(collector) ?? 0;
  }

  #admit(store: EndpointStore, { metric, tags }: DictionarySeries, isPushed: boolean): boolean {
    const known = store.find(metric, tags);
    if (known !== undefined) return known.isPushed || !isPushed;
    const ofCollector = this.#seriesOf.get(store.collector) ?? 0;
    if (this.#seriesCount >= this.#options.seriesMax) return false;
    if (ofCollector >= (this.#options.seriesPerCollectorMax ?? SERIES_PER_COLLECTOR_MAX)) return false;
    this.#count(store.collector, 1);
    return true;
  }

  #count(collector: string, change: number): void {
    this.#seriesCount += change;
    this.#seriesOf.set(collector, (this.#seriesOf.get(collector) ?? 0) + change);
  }

  /** Takes over what a collector newly says of its endpoints. */
  describe(collector: string, endpoint: Endpoint): void {
    const store = this.#endpoints.get(endpoint.name);
    if (store !== undefined && store.collector === collector) store.endpoint = endpoint;
  }

  /** Once a second of data: seal what is full, merge a few hours. Once a window: evict what is old. */
  #sweep(): void {
    if (this.#newestSecond <= this.#sweptSecond) return;
    for (const store of this.#endpoints.values()) store.sealIdle(this.#newestSecond);
    // Not before all parts of an hour are here.
    if (this.loadedFrom === 0) this.#merges.run(this.#newestSecond);
    if (Math.floor(this.#newestSecond / WINDOW_SECONDS) > Math.floor(this.#sweptSecond / WINDOW_SECONDS)) this.#evict();
    this.#sweptSecond = this.#newestSecond;
  }

  #onSealed(store: EndpointStore, block: SealedBlock): void {
    if (block.seconds === WINDOW_SECONDS) this.#merges.add(store, store.hourStartOf(block.start));
    this.#options.onSealed?.(store, block);
  }

  #evict(): void {
    for (const [name, store] of this.#endpoints) {
      const seriesCount = store.seriesCount;
      store.evictBefore(this.#keptFrom);
      if (store.isEmpty) {
        store.isDropped = true;
        this.#endpoints.delete(name);
        this.#storesOf.get(store.collector)?.delete(store);
        this.#moved.delete(store);
        this.#count(store.collector, -seriesCount);
      } else {
        this.#count(store.collector, store.seriesCount - seriesCount);
      }
    }
    if (this.#names.size > 2 * this.#seriesCount) this.#names.retain(this.#namesInUse());
  }

  *#namesInUse() {
    for (const store of this.#endpoints.values()) yield* store.names();
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
    };
  }
}

const hasSample = ({ indexes }: Route, { values }: Frame): boolean =>
  indexes.some((index) => index < values.length && !isAbsent(values, index));
