import { OpenBlock } from '../block/block-codec.ts';

/** An opened block costs this beside its bytes: offsets, reader, the map's entry. */
const OVERHEAD_BYTES = 600;

/**
 * Blocks that somebody looks at stay inflated for a while: a day of one series is 288 blocks, and
 * inflating them again for each query would be most of its time. The least recently used go first.
 */
export class BlockCache {
  readonly #bytesMax: number;
  readonly #opened = new Map<Uint8Array, OpenBlock>();
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get bytes(): number {
    return this.#bytes;
  }

  open(block: Uint8Array): OpenBlock {
    const known = this.#opened.get(block);
    if (known !== undefined) {
      // A map keeps the order of insertion, so that its first entry is the least recently used.
      this.#opened.delete(block);
      this.#opened.set(block, known);
      return known;
    }
    const opened = new OpenBlock(block);
    this.#opened.set(block, opened);
    this.#bytes += opened.bytes + OVERHEAD_BYTES;
    this.#shrink();
    return opened;
  }

  forget(block: Uint8Array): void {
    const opened = this.#opened.get(block);
    if (opened === undefined) return;
    this.#opened.delete(block);
    this.#bytes -= opened.bytes + OVERHEAD_BYTES;
  }

  #shrink(): void {
    for (const block of this.#opened.keys()) {
      if (this.#bytes <= this.#bytesMax || this.#opened.size === 1) return;
      this.forget(block);
    }
  }
}
