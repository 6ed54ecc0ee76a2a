/**
 * Appends frames and makes them durable in groups: whatever arrives while one `fdatasync` runs
 * goes into the next. A frame's promise resolves once the disk has it.
 *
 * When the disk fails, the segment is cut back to what is known to be durable and closed, and the
 * frames that nobody was told are safe are written to a new one. An `fdatasync` that failed is
 * never called again in hope: the kernel may have dropped the pages already.
 */
import type { FileHandle } from 'node:fs/promises';
import {
  AppError,
  ByteWriter,
  type Clock,
  type Dictionary,
  describeError,
  encodeFrame,
  type Frame,
  type Logger,
  sleep,
} from '../../core/index.ts';
import { WrittenDictionaries } from './dictionary/dictionaries.ts';
import { type Disk, realDisk } from './disk.ts';
import type { LogPosition } from './position.ts';
import { recordTypes, SEGMENT_HEADER_BYTES, writeRecord, writeSegmentHeader } from './record.ts';
import { removeSegment, segmentPath, syncDirectory } from './segment-files.ts';

const RETRY_DELAY_MS = 1000;

/** Frames that wait for the disk. Ten minutes of a hundred collectors; beyond it frames are refused. */
const PENDING_FRAMES_MAX = 60_000;

/** One write call holds at most about this much, so that memory stays bounded after an outage. */
const GROUP_BYTES_MAX = 4 * 1024 * 1024;

export type LogWriterOptions = {
  readonly directory: string;
  readonly nextSegment: number;
  readonly segmentBytesMax: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly disk?: Disk;
};

type Pending = {
  readonly frame: Frame;
  readonly dictionary: Dictionary;
  readonly resolve: () => void;
  readonly reject: (error: AppError) => void;
};

type OpenSegment = {
  readonly handle: FileHandle;
  readonly number: number;
  readonly dictionaries: WrittenDictionaries;
  durableBytes: number;
};

export type LogWriterStatus = {
  readonly segment: number;
  readonly writtenBytes: number;
  readonly groups: number;
  readonly failures: number;
  readonly pendingFrames: number;
  readonly healthy: boolean;
};

export class LogWriter {
  readonly #options: LogWriterOptions;
  readonly #disk: Disk;
  readonly #buffer = new ByteWriter(64 * 1024);
  #pending: Pending[] = [];
  #last: Promise<void> = Promise.resolve();
  #segment: OpenSegment | null = null;
  #nextSegment: number;
  #running: Promise<void> | null = null;
  readonly #closing = new AbortController();
  #writtenBytes = 0;
  #groups = 0;
  #failures = 0;
  #healthy = true;

  constructor(options: LogWriterOptions) {
    this.#options = options;
    this.#disk = options.disk ?? realDisk;
    this.#nextSegment = options.nextSegment;
  }

  /** Resolves when the frame is durable. Rejects with `LOG_WRITE_FAILED` when the queue is full or closed. */
  append(frame: Frame, dictionary: Dictionary): Promise<void> {
    if (this.#closing.signal.aborted) return Promise.reject(new AppError('SHUTTING_DOWN', 'the segment log is closed'));
    if (this.#pending.length >= PENDING_FRAMES_MAX) {
      return Promise.reject(new AppError('LOG_WRITE_FAILED', `${PENDING_FRAMES_MAX} frames wait for the disk already`));
    }
    this.#last = new Promise((resolve, reject) => {
      this.#pending.push({ frame, dictionary, resolve, reject });
      this.#running ??= this.#run();
    });
    return this.#last;
  }

  async #run(): Promise<void> {
    // One turn later: frames of the same packet burst share the group.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#pending.length > 0) {
      try {
        await this.#writeGroup();
        this.#healthy = true;
      } catch (error) {
        await this.#recover(error);
        if (this.#closing.signal.aborted) break;
      }
    }
    this.#running = null;
  }

  async #writeGroup(): Promise<void> {
    const segment = await this.#openSegment();
    const group = this.#encodeGroup(segment);
    await writeAll(segment.handle, this.#buffer.written(), segment.durableBytes);
    this.#disk.reached('group-written');
    await segment.handle.datasync();
    this.#disk.reached('group-synced');
    segment.durableBytes += this.#buffer.length;
    this.#writtenBytes += this.#buffer.length;
    this.#groups++;
    for (const { resolve } of this.#pending.splice(0, group)) resolve();
  }

  /** Fills the buffer with the records of as many frames as go into one group; returns how many. */
  #encodeGroup(segment: OpenSegment): number {
    this.#buffer.reset();
    let count = 0;
    for (const pending of this.#pending) {
      segment.dictionaries.write(this.#buffer, pending.frame, pending.dictionary);
      writeRecord(this.#buffer, pending.frame.isPart ? recordTypes.part : recordTypes.frame, (writer) =>
        encodeFrame(writer, pending.frame, pending.dictionary, null),
      );
      count++;
      if (this.#buffer.length >= GROUP_BYTES_MAX) break;
    }
    return count;
  }

  async #openSegment(): Promise<OpenSegment> {
    if (this.#segment !== null && this.#segment.durableBytes >= this.#options.segmentBytesMax)
      await this.#closeSegment();
    if (this.#segment !== null) return this.#segment;
    // Counted before it is made: a number that is taken already is passed over by the next attempt.
    const number = this.#nextSegment++;
    const handle = await this.#disk.open(segmentPath(this.#options.directory, number), 'wx', 0o640);
    const header = new ByteWriter(SEGMENT_HEADER_BYTES);
    writeSegmentHeader(header, number);
    this.#segment = { handle, number, dictionaries: new WrittenDictionaries(), durableBytes: 0 };
    await writeAll(handle, header.written(), 0);
    await handle.datasync();
    await syncDirectory(this.#options.directory);
    this.#disk.reached('segment-made');
    this.#segment.durableBytes = SEGMENT_HEADER_BYTES;
    return this.#segment;
  }

  async #recover(error: unknown): Promise<void> {
    this.#failures++;
    this.#healthy = false;
    this.#options.logger.error(
      { error: describeError(error), pendingFrames: this.#pending.length },
      'the segment log can not be written; nothing is acknowledged until it can',
    );
    const segment = this.#segment;
    this.#segment = null;
    if (segment !== null) {
      // Best effort on a disk that fails. What stays behind is a frame twice: once in memory, but twice in history.
      await segment.handle.truncate(segment.durableBytes).catch(() => {});
      await segment.handle.close().catch(() => {});
      if (segment.durableBytes === 0) await this.#takeBack(segment.number);
    }
    await sleep(this.#options.clock, RETRY_DELAY_MS, this.#closing.signal).catch(() => {});
  }

  /** A segment that nothing became durable in leaves no file behind: a full disk would collect one a second. */
  async #takeBack(number: number): Promise<void> {
    await removeSegment(this.#options.directory, number).catch(() => {});
    this.#nextSegment = number;
  }

  async #closeSegment(): Promise<void> {
    const segment = this.#segment;
    this.#segment = null;
    await segment?.handle.close();
  }

  /** Resolves when all that was appended until now is durable; rejects when some of it will not be. */
  settled(): Promise<void> {
    return this.#last;
  }

  /** Frames that were appended until now and are durable lie before this place, all others behind it. */
  position(): LogPosition {
    return { segment: this.#segment?.number ?? this.#nextSegment, offset: this.#segment?.durableBytes ?? 0 };
  }

  status(): LogWriterStatus {
    return {
      segment: this.#segment?.number ?? this.#nextSegment - 1,
      writtenBytes: this.#writtenBytes,
      groups: this.#groups,
      failures: this.#failures,
      pendingFrames: this.#pending.length,
      healthy: this.#healthy,
    };
  }

  /** Waits for what is pending, then closes. Frames that can not be written any more are rejected. */
  async close(): Promise<void> {
    if (!this.#healthy) this.#closing.abort(new AppError('SHUTTING_DOWN', 'the segment log is closed'));
    await this.#running;
    this.#closing.abort(new AppError('SHUTTING_DOWN', 'the segment log is closed'));
    for (const { reject } of this.#pending.splice(0))
      reject(new AppError('SHUTTING_DOWN', 'the segment log is closed'));
    await this.#closeSegment();
  }
}

async function writeAll(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    const { bytesWritten } = await handle.write(bytes, written, bytes.length - written, position + written);
    written += bytesWritten;
  }
}
