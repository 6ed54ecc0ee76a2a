import { mkdir } from 'node:fs/promises';
import type { Clock, Logger } from '../../core/index.ts';
import type { Intake } from '../intake/intake.ts';
import type { LogFrame } from '../log/dictionary/patchy-dictionary.ts';
import { type Disk, realDisk } from '../log/disk.ts';
import { LogWriter } from '../log/log-writer.ts';
import type { LogPosition } from '../log/position.ts';
import { type Recovered, recover } from '../log/recovery.ts';
import { listSegments } from '../log/segment-files.ts';
import { Ring } from '../ring/ring.ts';
import { type FileName, listFiles } from './block-folder.ts';
import { BlockKeeper } from './block-keeper.ts';
import { loadFile } from './block-loader.ts';

const SEGMENT_BYTES_MAX = 32 * 1024 * 1024;

export type StorageOptions = {
  /** Folder of the segment log. */
  readonly directory: string;
  readonly blocksDirectory: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly seriesMax: number;
  readonly segmentBytesMax?: number;
  readonly disk?: Disk;
};

/** The ring with its image on disk: blocks of what is sealed, the log of what is not. */
export class Storage {
  readonly ring: Ring;
  readonly log: LogWriter;
  readonly keeper: BlockKeeper;
  recovered: Recovered = { segments: 0, frames: 0, damagedBytes: 0, tornBytes: 0 };
  /** Resolves when all blocks are in memory. */
  loaded: Promise<void> = Promise.resolve();
  readonly #options: StorageOptions;
  readonly #files: readonly FileName[];
  #intake: Intake | null = null;
  #replayedTo: LogPosition | null = null;
  /** A few minutes of log hold no more of them. */
  readonly #late: { readonly frame: LogFrame; readonly position: LogPosition }[] = [];
  #closing = false;

  private constructor(options: StorageOptions, files: readonly FileName[], nextSegment: number) {
    const { directory, blocksDirectory, clock, logger, seriesMax, disk = realDisk } = options;
    this.#options = options;
    this.#files = files;
    const segmentBytesMax = options.segmentBytesMax ?? SEGMENT_BYTES_MAX;
    this.log = new LogWriter({ directory, clock, logger, nextSegment, segmentBytesMax, disk });
    this.ring = new Ring({
      seriesMax,
      logPosition: () => this.#position(),
      logEnd: () => this.log.position(),
      onSealed: (store, block) => this.keeper.sealed(store, block),
    });
    this.keeper = new BlockKeeper({
      directory: blocksDirectory,
      ring: this.ring,
      logger,
      logPosition: () => this.#position(),
      lanes: () => this.#lanes(),
      nextNumber: (files[0]?.number ?? 0) + 1,
      disk,
    });
  }

  static async open(options: StorageOptions): Promise<Storage> {
    for (const directory of [options.directory, options.blocksDirectory])
      await mkdir(directory, { recursive: true, mode: 0o750 });
    const segments = await listSegments(options.directory);
    return new Storage(options, await listFiles(options.blocksDirectory), (segments.at(-1) ?? 0) + 1);
  }

  async #lanes() {
    const lanes = [...(this.#intake?.lanes() ?? [])].map((lane) => lane.state());
    // A lane knows frames that the log does not have yet. Were they lost, nobody would take them again.
    await this.log.settled();
    return lanes;
  }

  /** Fills the ring: windows and the log before this resolves, hours afterwards, the newest first. */
  async restore(intake: Intake): Promise<void> {
    this.#intake = intake;
    const windows = this.#files.filter(({ kind }) => kind === 'windows');
    const hours = this.#files.filter(({ kind }) => kind === 'hours');
    let fromSegment: number | null = null;
    for (const file of windows) {
      const { checkpoint } = await this.#load(file);
      if (checkpoint === null || fromSegment !== null) continue;
      fromSegment = checkpoint.replayFrom;
      for (const state of checkpoint.lanes) intake.lane(state.collector).restore(state);
    }
    this.ring.loadedFrom = Math.max(0, ...hours.map(({ end }) => end));
    const { directory, logger } = this.#options;
    this.recovered = await recover({
      directory,
      logger,
      fromSegment: fromSegment ?? 0,
      restore: (frame, position) => this.#replay(frame, position),
    });
    this.loaded = this.#loadHours(hours);
  }

  async #loadHours(hours: readonly FileName[]): Promise<void> {
    for (const [index, file] of hours.entries()) {
      if (this.#closing) return;
      await this.#load(file);
      this.ring.loadedFrom = Math.max(0, ...hours.slice(index + 1).map(({ end }) => end));
    }
    for (const { frame, position } of this.#late.splice(0)) this.#replay(frame, position);
  }

  /** What belongs to a time whose blocks are still on disk waits for them. */
  #replay(frame: LogFrame, position: LogPosition): void {
    const isLate = frame.frame.second < this.ring.loadedFrom;
    if (isLate) {
      this.#late.push({ frame, position });
      this.ring.own(frame.frame, frame.dictionary, position);
    }
    this.#replayedTo = position;
    this.#intake?.restore(frame, isLate ? null : position);
    this.#replayedTo = null;
  }

  /**
   * Where the log stands: while it is read after a start, there. A window that is sealed while frames of its time wait
   * for blocks does not have them, and must not say so.
   */
  #position(): LogPosition {
    return this.#late[0]?.position ?? this.#replayedTo ?? this.log.position();
  }

  /** A file that can not be read costs what is in it. */
  async #load(file: FileName) {
    const { blocksDirectory: directory, logger, clock } = this.#options;
    const elapsedMs = () => clock.monotonicMs();
    try {
      return await loadFile(
        { directory, ring: this.ring, logger, elapsedMs, fileOf: (one) => this.keeper.loaded(one) },
        file,
      );
    } catch (error) {
      logger.error({ file: file.number, error: String(error) }, 'a file of blocks can not be read, and is passed over');
      return { blocks: 0, damagedBytes: 0, checkpoint: null };
    }
  }

  /** Writes what is sealed and not on disk yet, so that the next start is short, and closes the log. */
  async close(): Promise<void> {
    this.#closing = true;
    await this.loaded;
    await this.keeper.keep();
    await this.log.close();
  }
}
