import { describeError, type Logger } from '../../core/index.ts';
import type { LaneState } from '../intake/lane.ts';
import { type Disk, realDisk } from '../log/disk.ts';
import type { LogPosition } from '../log/position.ts';
import { type EndpointStore, HOUR_SECONDS } from '../ring/endpoint-store.ts';
import type { Ring } from '../ring/ring.ts';
import type { BlockFile, SealedBlock } from '../ring/sealed-block.ts';
import { type FileKind, type FileName, removeFile, writeFileWhole } from './block-folder.ts';
import { FilePieces, type StoredBlock } from './file-pieces.ts';

export type BlockKeeperOptions = {
  readonly directory: string;
  readonly ring: Ring;
  readonly logger: Logger;
  readonly logPosition: () => LogPosition;
  /** What is known of the collectors now; resolves when the log has all of it. */
  readonly lanes: () => Promise<LaneState[]>;
  readonly nextNumber: number;
  readonly disk?: Disk;
};

export type BlockKeeperStatus = {
  readonly files: number;
  readonly writtenBytes: number;
  readonly failures: number;
  readonly pendingBlocks: number;
};

type Kept = FileName & BlockFile;

/**
 * Brings sealed blocks to disk, so that a start reads them instead of encoding the log again, and
 * says from where on the log is needed. A file whose blocks are all newer elsewhere, or too old,
 * is removed once what is newer is durable.
 */
export class BlockKeeper {
  readonly #options: BlockKeeperOptions;
  readonly #disk: Disk;
  #pending: StoredBlock[] = [];
  #files: Kept[] = [];
  #nextNumber: number;
  #neededFrom = 0;
  #writtenBytes = 0;
  #failures = 0;

  constructor(options: BlockKeeperOptions) {
    this.#options = options;
    this.#disk = options.disk ?? realDisk;
    this.#nextNumber = options.nextNumber;
  }

  /** The first segment of the log that a start would have to read. */
  get neededFrom(): number {
    return this.#neededFrom;
  }

  sealed(store: EndpointStore, block: SealedBlock): void {
    this.#pending.push({ store, block });
  }

  /** Takes over a file that was there at the start. */
  loaded(file: FileName): BlockFile {
    const kept = { ...file, live: 0 };
    this.#files.push(kept);
    return kept;
  }

  /** Writes what was sealed since the last time. A disk that refuses is asked again the next time. */
  async keep(): Promise<void> {
    // While blocks are loaded, those of the file that is being read are not counted yet.
    if (this.#options.ring.loadedFrom > 0) return;
    // What is written is settled together with `replayFrom`: a window that is merged or sealed anew while a file is
    // being written is in a block of which only the next file will tell.
    const pending = this.#pending.filter(({ store, block }) => !store.isDropped && store.holds(block));
    const useless = this.#useless();
    this.#pending = [];
    try {
      const replayFrom = this.#firstNeeded();
      await this.#write('hours', pending, null);
      await this.#write('windows', pending, replayFrom);
      this.#neededFrom = replayFrom;
      for (const file of useless) {
        await removeFile(this.#options.directory, file);
        this.#disk.reached('file-removed');
      }
      this.#files = this.#files.filter((file) => !useless.includes(file));
    } catch (error) {
      this.#failures++;
      this.#pending = [...pending, ...this.#pending];
      this.#options.logger.error(
        { error: describeError(error), blocks: this.#pending.length },
        'sealed blocks can not be written; trying again in a minute, and the log is kept until then',
      );
    }
  }

  #useless(): Kept[] {
    const { oldestSecond } = this.#options.ring;
    return this.#files.filter((file) => file.live === 0 || file.end <= oldestSecond);
  }

  /** Of what is open now, and of what was sealed while the last file was being written. */
  #firstNeeded(): number {
    let first = this.#options.logPosition().segment;
    for (const store of this.#options.ring.endpoints()) first = Math.min(first, store.firstOpenSegment ?? first);
    return first;
  }

  async #write(kind: FileKind, pending: readonly StoredBlock[], replayFrom: number | null): Promise<void> {
    const blocks = pending.filter(({ block }) => (block.seconds === HOUR_SECONDS) === (kind === 'hours'));
    if (blocks.length === 0 && replayFrom === null) return;
    // A file of nothing but a checkpoint is needed until there is a newer one.
    const newest = this.#options.ring.newestSecond;
    const end = blocks.reduce(
      (latest, { block }) => Math.max(latest, block.start + block.seconds),
      blocks.length > 0 ? 0 : newest,
    );
    const file: Kept = { number: this.#nextNumber++, kind, end, live: 0 };
    const checkpoint = replayFrom === null ? null : { replayFrom, lanes: await this.#options.lanes() };
    const pieces = new FilePieces(blocks, checkpoint);
    await writeFileWhole(this.#options.directory, file, pieces, this.#disk);
    this.#writtenBytes += pieces.bytes;
    this.#files.push(file);
    for (const { store, block } of blocks) if (!store.isDropped && store.holds(block)) store.rests(block, file);
  }

  status(): BlockKeeperStatus {
    return {
      files: this.#files.length,
      writtenBytes: this.#writtenBytes,
      failures: this.#failures,
      pendingBlocks: this.#pending.length,
    };
  }
}
