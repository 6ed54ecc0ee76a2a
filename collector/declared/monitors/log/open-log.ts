/**
 * One open log file, read line by line as it grows.
 *
 * Rotation by renaming changes nothing here: the file keeps its inode. Truncation shows as a size
 * below the offset, or as other first bytes, and reading begins anew.
 */
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { AppError } from '../../../../core/index.ts';
import type { FileGate } from './file-gate.ts';
import { headHash, type LogRecord } from './offset-store.ts';

const CHUNK_BYTES = 64 * 1024;
const HEAD_BYTES = 1024;
/** Bytes of one log in one check: more wait for the next one, and are shown as lag. */
const CHECK_BYTES_MAX = 8 * 1024 * 1024;
/** A longer line counts as one and is matched by its first part. */
export const LINE_BYTES_MAX = 16 * 1024;
const NEWLINE = 0x0a;

export type TakeLine = (line: string) => void;

export class OpenLog {
  readonly id: string;
  /** Under which it was found last. */
  path: string;
  readonly #handle: FileHandle;
  readonly #gate: FileGate;
  #offset: number;
  #head: { length: number; hash: string };
  /** Inside of a line whose first part was taken already. */
  #isInLongLine = false;
  /** Written and not read when it was looked at last. */
  lagBytes = 0;
  /** Times that it began anew. */
  truncations = 0;

  private constructor(parts: {
    id: string;
    path: string;
    handle: FileHandle;
    gate: FileGate;
    offset: number;
    head: { length: number; hash: string };
  }) {
    this.id = parts.id;
    this.path = parts.path;
    this.#handle = parts.handle;
    this.#gate = parts.gate;
    this.#offset = parts.offset;
    this.#head = parts.head;
  }

  /**
   * Opens a log. `startOf` is told its identity, size and a function that hashes its head, and says
   * where to begin. Rejects as `open(2)` does, and with `CONFIG_INVALID` for what is no file.
   */
  static async open(path: string, gate: FileGate, startOf: (log: FoundLog) => number): Promise<OpenLog> {
    // Without O_NONBLOCK the opening of a named pipe waits for a writer.
    const flags = constants.O_RDONLY | constants.O_NONBLOCK;
    const handle = await gate.pass(path, () => open(path, flags));
    try {
      const stats = await gate.pass(path, () => handle.stat({ bigint: true }));
      if (!stats.isFile()) throw new AppError('CONFIG_INVALID', `${path} is no file`);
      const id = `${stats.dev}:${stats.ino}`;
      const size = Number(stats.size);
      const bytes = await gate.pass(path, () => readAt(handle, 0, Math.min(size, HEAD_BYTES)));
      const start = startOf({
        id,
        size,
        hashOf: (length) => (length > bytes.length ? '' : headHash(bytes.subarray(0, length))),
      });
      const offset = start >= size && size > 0 ? await lineStart(handle, size) : Math.max(0, start);
      const head = { length: bytes.length, hash: headHash(bytes) };
      return new OpenLog({ id, path, handle, gate, offset, head });
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  get record(): Omit<LogRecord, 'seenMs'> {
    const { id, path } = this;
    return { id, path, offset: this.#offset, headHash: this.#head.hash, headLength: this.#head.length };
  }

  /** Hands on the whole lines that came since the last call. Returns how many bytes they took. */
  async read(take: TakeLine): Promise<number> {
    const { size } = await this.#gate.pass(this.path, () => this.#handle.stat());
    if (size < this.#offset || (size > this.#offset && !(await this.#isSameFile()))) this.#beginAnew();
    await this.#growHead(size);
    const startedAt = this.#offset;
    while (this.#offset < size && this.#offset - startedAt < CHECK_BYTES_MAX) {
      const chunk = await this.#gate.pass(this.path, () => readAt(this.#handle, this.#offset, CHUNK_BYTES));
      const taken = this.#takeLines(chunk, take);
      if (taken === 0) break;
      this.#offset += taken;
      // Others get a turn: a chunk is up to a millisecond of matching.
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.lagBytes = Math.max(0, size - this.#offset);
    return this.#offset - startedAt;
  }

  close(): Promise<void> {
    // A handle on a dead file system may not close either; nobody waits for it.
    return this.#handle.close().catch(() => {});
  }

  /** Bytes that were dealt with: whole lines, or the start of one that is too long. */
  #takeLines(chunk: Buffer, take: TakeLine): number {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      if (this.#isInLongLine) this.#isInLongLine = false;
      else take(textOf(chunk, start, end));
      start = end + 1;
    }
    const isLong = chunk.length - start >= CHUNK_BYTES || (this.#isInLongLine && start < chunk.length);
    if (!isLong) return start;
    if (!this.#isInLongLine) take(textOf(chunk, start, chunk.length));
    this.#isInLongLine = true;
    return chunk.length;
  }

  async #isSameFile(): Promise<boolean> {
    const { length, hash } = this.#head;
    const bytes = await this.#gate.pass(this.path, () => readAt(this.#handle, 0, length));
    return headHash(bytes) === hash;
  }

  #beginAnew(): void {
    this.#offset = 0;
    this.#isInLongLine = false;
    this.#head = { length: 0, hash: headHash(Buffer.alloc(0)) };
    this.truncations++;
  }

  /** A log that was short when it was opened is known by more bytes as it grows. */
  async #growHead(size: number): Promise<void> {
    if (this.#head.length >= HEAD_BYTES || size <= this.#head.length) return;
    const bytes = await this.#gate.pass(this.path, () => readAt(this.#handle, 0, Math.min(size, HEAD_BYTES)));
    this.#head = { length: bytes.length, hash: headHash(bytes) };
  }
}

export type FoundLog = {
  readonly id: string;
  readonly size: number;
  /** Hash of the first `length` bytes; empty when there are fewer. */
  readonly hashOf: (length: number) => string;
};

async function readAt(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await handle.read(buffer, filled, length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}

/** Start of the line that the end of the file is in: one that is being written is read whole later. */
async function lineStart(handle: FileHandle, size: number): Promise<number> {
  const length = Math.min(size, LINE_BYTES_MAX);
  const tail = await readAt(handle, size - length, length);
  const newline = tail.lastIndexOf(NEWLINE);
  return newline < 0 ? size : size - tail.length + newline + 1;
}

function textOf(chunk: Buffer, start: number, end: number): string {
  const cut = Math.min(end, start + LINE_BYTES_MAX);
  const isCrLf = cut === end && chunk[end - 1] === 0x0d;
  return chunk.toString('utf8', start, isCrLf ? cut - 1 : cut);
}
