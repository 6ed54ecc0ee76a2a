/** Sizes are rounded up to an eighth of their magnitude, so that endpoints of like size share memory. */
const FINENESS_BITS = 3;
const SLOTS_MIN = 256;

/**
 * Memory of windows that were sealed, for those that begin. Without it, megabytes a second would
 * wait for the collector of garbage, and the process would be a third larger.
 */
export class SlotPool {
  readonly #bytesMax: number;
  readonly #free = new Map<number, Float64Array[]>();
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** At least `slots` numbers, whatever they were before. */
  take(slots: number): Float64Array {
    const size = classOf(slots);
    const found = this.#free.get(size)?.pop();
    if (found === undefined) return new Float64Array(size);
    this.#bytes -= found.byteLength;
    return found;
  }

  give(array: Float64Array): void {
    // What is full of sizes that nobody asks for begins anew.
    if (this.#bytes + array.byteLength > this.#bytesMax) this.#clear();
    if (array.byteLength > this.#bytesMax) return;
    const list = this.#free.get(array.length) ?? [];
    list.push(array);
    this.#free.set(array.length, list);
    this.#bytes += array.byteLength;
  }

  #clear(): void {
    this.#free.clear();
    this.#bytes = 0;
  }
}

function classOf(slots: number): number {
  const unit = 2 ** Math.max(0, 31 - Math.clz32(Math.max(slots, SLOTS_MIN)) - FINENESS_BITS);
  return Math.ceil(Math.max(slots, SLOTS_MIN) / unit) * unit;
}
