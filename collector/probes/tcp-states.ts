/**
 * TCP sockets by state, counted from `net/tcp` and `net/tcp6` (net/ipv4/tcp_ipv4.c).
 *
 * The kernel walks its whole hash table for each of these files, whosever namespace it is: 0.4 ms
 * for 262,144 buckets, on every read. So the tables are rationed over all of a collector, left
 * alone where `sockstat` tells that there is no socket, and never read where there are so many that
 * the lines would cost more than they tell.
 */
import type { ByteScanner } from '../reading/byte-scanner.ts';
import type { KeptFile } from '../reading/kept-file.ts';

/** A line is 150 bytes: 600 KiB of them. */
export const SOCKETS_MAX = 4096;

const COLON = 58;
const NINE = 57;

/** Numbers of the kernel (include/net/tcp_states.h). */
const tcpState = { synReceived: 3, closeWait: 8, listen: 10 } as const;
export type CountedState = keyof typeof tcpState;

export class TcpStates {
  readonly #files: readonly KeptFile[];
  readonly #counts = new Uint32Array(256);

  constructor(files: readonly KeptFile[]) {
    this.#files = files;
  }

  /** Reads the tables; false where there is none. A kernel without IPv6 has one. */
  read(scanner: ByteScanner): boolean {
    this.#counts.fill(0);
    let readCount = 0;
    for (const file of this.#files) {
      if (!file.read()) continue;
      readCount++;
      scanner.skipLine();
      for (; !scanner.atEnd; scanner.skipLine()) this.#countLine(scanner);
    }
    return readCount > 0;
  }

  /** There is no socket at all. */
  clear(): void {
    this.#counts.fill(0);
  }

  count(state: CountedState): number {
    return this.#counts[tcpState[state]] as number;
  }

  close(): void {
    for (const file of this.#files) file.close();
  }

  /** `0: 0100007F:0CEA 00000000:0000 0A …`: slot, local, remote, state in hexadecimal. */
  #countLine(scanner: ByteScanner): void {
    if (!scanner.skipPast(COLON)) return;
    scanner.skipWord();
    scanner.skipWord();
    const from = scanner.skipWord();
    if (scanner.offset - from !== 2) return;
    scanner.offset = from;
    const high = hexDigit(scanner.peek());
    scanner.offset = from + 1;
    const state = high * 16 + hexDigit(scanner.peek());
    if (state >= 0) this.#counts[state] = (this.#counts[state] as number) + 1;
  }
}

/** The kernel writes capitals; something else makes the sum negative. */
function hexDigit(byte: number): number {
  const value = byte <= NINE ? byte - 48 : byte - 55;
  return value >= 0 && value < 16 ? value : Number.NEGATIVE_INFINITY;
}
