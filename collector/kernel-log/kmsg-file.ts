/**
 * /dev/kmsg (Documentation/ABI/testing/dev-kmsg): each read gives one record,
 *
 *     6,1234,5678901,-;the text\n KEY=value\n
 *
 * facility and level, number, microseconds since boot, flags. Opened without blocking: a read that
 * finds nothing fails with EAGAIN, and with EPIPE when records were overwritten before they were
 * read; the next read then gives the oldest that is left.
 */
import { closeSync, constants, openSync, readSync } from 'node:fs';

/** A record is at most 8 KiB (CONSOLE_EXT_LOG_MAX). */
const RECORD_BYTES_MAX = 8192;

const FACILITY_KERNEL = 0;

export type KernelRecord = { readonly seq: number; readonly bootUs: number; readonly text: string };

export class KmsgFile {
  readonly #path: string;
  readonly #buffer = Buffer.allocUnsafeSlow(RECORD_BYTES_MAX);
  #fd = -1;
  /** Times that records were overwritten before they were read. */
  overruns = 0;

  constructor(path: string) {
    this.#path = path;
  }

  /** False where there is no kernel log, or it is not ours to read. */
  open(): boolean {
    try {
      this.#fd = openSync(this.#path, constants.O_RDONLY | constants.O_NONBLOCK);
      return true;
    } catch {
      // A container without the device, or no privilege: then nobody is told, and says so once.
      return false;
    }
  }

  /** The next record of the kernel itself; `skipped` for one of somebody else; null when there is none yet. */
  next(): KernelRecord | 'skipped' | null {
    if (this.#fd === -1) return null;
    try {
      const length = readSync(this.#fd, this.#buffer, 0, RECORD_BYTES_MAX, null);
      return length === 0 ? null : (parseRecord(this.#buffer.toString('utf8', 0, length)) ?? 'skipped');
    } catch (error) {
      if (codeOf(error) === 'EAGAIN') return null;
      if (codeOf(error) === 'EPIPE') {
        this.overruns++;
        return 'skipped';
      }
      this.close();
      return null;
    }
  }

  close(): void {
    if (this.#fd === -1) return;
    closeSync(this.#fd);
    this.#fd = -1;
  }
}

/** Null for what is no record, and for lines that programs wrote: they may say anything. */
export function parseRecord(record: string): KernelRecord | null {
  const [, priority, seq, bootUs, text] = /^(\d+),(\d+),(\d+),[^;]*;(.*)/.exec(record) ?? [];
  if (text === undefined || Number(priority) >> 3 !== FACILITY_KERNEL) return null;
  return { seq: Number(seq), bootUs: Number(bootUs), text: unescapeHex(text) };
}

/** Bytes that are not printable are written as `\x0a`. They stay what they are called: no control characters here. */
function unescapeHex(text: string): string {
  return text.replaceAll('\\x5c', '\\');
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
