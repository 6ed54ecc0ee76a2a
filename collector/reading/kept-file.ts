/**
 * A file of /proc or of a cgroup that is opened once and read from its beginning each second.
 *
 * Opening costs more than reading, so the descriptor is kept. When the thing behind it goes away
 * (the container ends) the kernel answers ENODEV or ESRCH; the descriptor is closed then and the
 * next read tries to open the path again, which finds the new thing of the same name, or nothing.
 *
 * A descriptor of `/proc/<pid>/net/*` keeps that network namespace alive: close what you stop using.
 */
import { closeSync, openSync, readSync } from 'node:fs';
import type { Clock } from '../../core/index.ts';
import { ByteScanner } from './byte-scanner.ts';

/** Enough for every file of a small host; it grows where one is longer. */
const BUFFER_BYTES = 16 * 1024;

/** A file that is longer is cut there: /proc/stat of 1,024 cores is 120 KiB. */
const FILE_BYTES_MAX = 1024 * 1024;

/**
 * `seq_file` hands out whole records of at most a page at a time, so a short answer below half a
 * page ends the file; anything longer is read on until nothing comes (fs/seq_file.c).
 */
const SHORT_READ_BYTES = 2048;

const NO_BYTES = Buffer.alloc(0);

/** What all reads of a collector share: the buffer, the scanner over it, and the time of the read. */
export class ReadingDesk {
  readonly clock: Clock;
  readonly scanner = new ByteScanner();
  #buffer: Buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  #length = 0;
  /** Monotonic time of the last read: rates are counted between these. */
  readAtMs = 0;
  /** Reads that succeeded, since the start. */
  reads = 0;
  /** Reads that failed, since the start. A container that ends makes a few. */
  failures = 0;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** Fills the scanner from the beginning of `fd`. Throws what the kernel answers. */
  fill(fd: number): void {
    this.readAtMs = this.clock.monotonicMs();
    let length = 0;
    for (;;) {
      const count = readSync(fd, this.#buffer, length, this.#buffer.length - length, length);
      length += count;
      if (count < SHORT_READ_BYTES) break;
      if (length < this.#buffer.length) continue;
      if (length >= FILE_BYTES_MAX) break;
      const larger = Buffer.allocUnsafeSlow(length * 2);
      this.#buffer.copy(larger, 0, 0, length);
      this.#buffer = larger;
    }
    this.#length = length;
    this.scanner.load(this.#buffer, length);
    this.reads++;
  }

  /** True when what was read last is what `known` holds. */
  isSameAs(known: Content): boolean {
    const length = this.#length;
    return known.length === length && this.#buffer.compare(known.bytes, 0, length, 0, length) === 0;
  }

  /** Keeps what was read last in `into`. */
  copyTo(into: Content): void {
    if (into.bytes.length < this.#length) into.bytes = Buffer.allocUnsafe(this.#length);
    this.#buffer.copy(into.bytes, 0, 0, this.#length);
    into.length = this.#length;
  }
}

/** What a file held; a buffer that may be longer than that. */
type Content = { bytes: Buffer; length: number };

export class KeptFile {
  readonly path: string;
  readonly #desk: ReadingDesk;
  #fd = -1;
  #last: Content | null = null;

  constructor(desk: ReadingDesk, path: string) {
    this.#desk = desk;
    this.path = path;
  }

  /** Loads the desk's scanner with the file as it is now. False, with nothing loaded, where it can not be read. */
  read(): boolean {
    try {
      if (this.#fd === -1) this.#fd = openSync(this.path, 'r');
      this.#desk.fill(this.#fd);
      return true;
    } catch {
      // Gone, not there on this kernel, or not ours to read: a missing sample in every case.
      this.#desk.failures++;
      this.close();
      return false;
    }
  }

  /**
   * As `read`, and tells whether the file is, byte for byte, what the call before found: what is
   * idle shows the same counters each second, and comparing costs a tenth of parsing.
   */
  readChange(): 'none' | 'same' | 'changed' {
    if (!this.read()) {
      this.#last = null;
      return 'none';
    }
    if (this.#last !== null && this.#desk.isSameAs(this.#last)) return 'same';
    this.#last ??= { bytes: NO_BYTES, length: 0 };
    this.#desk.copyTo(this.#last);
    return 'changed';
  }

  close(): void {
    if (this.#fd === -1) return;
    closeSync(this.#fd);
    this.#fd = -1;
  }
}
