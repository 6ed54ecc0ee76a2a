import { ByteWriter } from '../../core/index.ts';
import type { EndpointStore } from '../ring/endpoint-store.ts';
import type { SealedBlock } from '../ring/sealed-block.ts';
import {
  type Checkpoint,
  type Layout,
  writeBlock,
  writeCheckpoint,
  writeEndpoint,
  writeFileHeader,
  writeLayout,
} from './block-file.ts';

/** A file is written in pieces of about this size; between them others get a turn. */
const PIECE_BYTES = 1024 * 1024;

export type StoredBlock = { readonly store: EndpointStore; readonly block: SealedBlock };

/** The bytes of a file of blocks, piece by piece. A piece is valid until the next is asked for. */
export class FilePieces {
  readonly #blocks: readonly StoredBlock[];
  readonly #checkpoint: Checkpoint | null;
  readonly #writer = new ByteWriter(PIECE_BYTES);
  readonly #layouts = new Map<string, number>();
  readonly #indexes = new Map<EndpointStore, number>();
  bytes = 0;

  constructor(blocks: readonly StoredBlock[], checkpoint: Checkpoint | null) {
    this.#blocks = blocks;
    this.#checkpoint = checkpoint;
  }

  async *[Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    writeFileHeader(this.#writer);
    if (this.#checkpoint !== null) writeCheckpoint(this.#writer, this.#checkpoint);
    for (const { store, block } of this.#blocks) {
      writeBlock(this.#writer, { index: this.#indexOf(store), block });
      if (this.#writer.length >= PIECE_BYTES) yield this.#piece();
    }
    yield this.#piece();
  }

  #piece(): Uint8Array {
    const piece = this.#writer.written().slice();
    this.#writer.reset();
    this.bytes += piece.length;
    return piece;
  }

  /** The number by which blocks name an endpoint, which is described when it comes first. */
  #indexOf(store: EndpointStore): number {
    const known = this.#indexes.get(store);
    if (known !== undefined) return known;
    const index = this.#indexes.size;
    this.#indexes.set(store, index);
    const { endpoint, collector, newestSecond, heardAtMs } = store;
    const moved = store.former.length === 0 ? {} : { former: [...store.former] };
    const layout = this.#layoutOf(store);
    writeEndpoint(this.#writer, { index, layout, endpoint, collector, newestSecond, heardAtMs, ...moved });
    return index;
  }

  #layoutOf({ columns }: EndpointStore): number {
    const series = Array.from({ length: columns.width }, (_, column): Layout['series'][number] => {
      const one = columns.at(column);
      if (one === undefined) return null;
      return one.isPushed ? [one.metric, one.tags, one.step, 'pushed'] : [one.metric, one.tags, one.step];
    });
    const key = JSON.stringify(series);
    const known = this.#layouts.get(key);
    if (known !== undefined) return known;
    const layout = this.#layouts.size;
    this.#layouts.set(key, layout);
    writeLayout(this.#writer, { layout, series });
    return layout;
  }
}
