import type { Logger } from '../../core/index.ts';
import { permuteBlock } from '../block/block-codec.ts';
import type { EndpointStore } from '../ring/endpoint-store.ts';
import type { Ring } from '../ring/ring.ts';
import type { BlockFile } from '../ring/sealed-block.ts';
import { type BlockRecord, type Checkpoint, type FileContent, readBlockFile } from './block-file.ts';
import { type FileName, readFileBytes } from './block-folder.ts';

/** Blocks are taken over in slices of this length; between them others get a turn. */
const SLICE_MS = 5;

export type BlockLoaderOptions = {
  readonly directory: string;
  readonly ring: Ring;
  readonly logger: Logger;
  /** Milliseconds of a clock that is never set. */
  readonly elapsedMs: () => number;
  /** A file is about to be read: who keeps count of its blocks. */
  readonly fileOf: (file: FileName) => BlockFile;
};

export type Loaded = { readonly blocks: number; readonly damagedBytes: number; readonly checkpoint: Checkpoint | null };

/** Reads a file's blocks into the ring. Files come newest first, each into what newer ones left free. */
export async function loadFile(options: BlockLoaderOptions, file: FileName): Promise<Loaded> {
  const content = readBlockFile(await readFileBytes(options.directory, file));
  const taker = new BlockTaker(options.ring, content, options.fileOf(file));
  let sliceEnd = options.elapsedMs() + SLICE_MS;
  for (const record of content.blocks) {
    taker.take(record);
    if (options.elapsedMs() < sliceEnd) continue;
    await new Promise((resolve) => setImmediate(resolve));
    sliceEnd = options.elapsedMs() + SLICE_MS;
  }
  const damagedBytes = content.damagedBytes + taker.strayBytes;
  if (damagedBytes > 0)
    options.logger.warn(
      { file: file.number, damagedBytes },
      'parts of a file of blocks are damaged and were passed over',
    );
  return { blocks: content.blocks.length, damagedBytes, checkpoint: content.checkpoint };
}

/** Which column of a store each column of a block is; null where they are the same. */
type Mapped = { readonly store: EndpointStore; readonly columns: readonly number[] | null };

class BlockTaker {
  /** Bytes of blocks that say nothing, because what they belong to is damaged. */
  strayBytes = 0;
  readonly #ring: Ring;
  readonly #content: FileContent;
  readonly #file: BlockFile;
  readonly #mapped = new Map<number, Mapped | null>();

  constructor(ring: Ring, content: FileContent, file: BlockFile) {
    this.#ring = ring;
    this.#content = content;
    this.#file = file;
  }

  take({ index, block }: BlockRecord): void {
    let mapped = this.#mapped.get(index);
    if (mapped === undefined) {
      mapped = this.#map(index);
      this.#mapped.set(index, mapped);
    }
    if (mapped === null) {
      this.strayBytes += block.bytes.length;
      return;
    }
    const { store, columns } = mapped;
    const bytes = columns === null ? block.bytes : permuteBlock(block.bytes, columns, store.columns.width);
    this.#ring.adopt(store, { ...block, bytes, file: this.#file });
  }

  #map(index: number): Mapped | null {
    const record = this.#content.endpoints.get(index);
    const layout = record === undefined ? undefined : this.#content.layouts.get(record.layout);
    if (record === undefined || layout === undefined) return null;
    const { store, columns } = this.#ring.restore(record, layout.series);
    return { store, columns: columns.every((column, at) => column === at) ? null : columns };
  }
}
