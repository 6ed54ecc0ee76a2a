import { type EndpointStore, HOUR_SECONDS } from './endpoint-store.ts';

/** An hour is merged this long after its end at the earliest: samples may be ten minutes late. */
const MERGE_DELAY_SECONDS = 900;

/** What is due is done within about this time. */
const MERGE_SPREAD_SECONDS = 1200;

/** Hours of endpoints whose windows wait to become one block. */
export class MergeQueue {
  readonly #waiting = new Map<number, Set<EndpointStore>>();
  #perSecond = 1;

  add(store: EndpointStore, hour: number): void {
    const stores = this.#waiting.get(hour) ?? new Set();
    stores.add(store);
    this.#waiting.set(hour, stores);
  }

  /** Merges a few of the hours that are due. */
  run(now: number): void {
    let left = this.#perSecond;
    for (const [hour, stores] of this.#waiting) {
      if (hour + HOUR_SECONDS + MERGE_DELAY_SECONDS > now) continue;
      this.#perSecond = Math.max(this.#perSecond, Math.ceil(stores.size / MERGE_SPREAD_SECONDS));
      for (const store of stores) {
        if (left-- <= 0) return;
        stores.delete(store);
        if (!store.isDropped) store.mergeHour(hour);
      }
      this.#waiting.delete(hour);
    }
    this.#perSecond = 1;
  }
}
