/**
 * Frames that the server has not acknowledged, oldest first.
 *
 * A frame leaves when its own acknowledgement comes: acknowledgements come in any order, because
 * after a reconnect live frames overtake the backlog. While a connection lives, a frame that was
 * sent on it is in flight and is not sent again; when it ends, everything here is to be sent anew.
 *
 * With a spool a frame that is still here two ticks later is written there as well, so that a process
 * that is killed loses no more than two, and a disk that takes nothing loses none within a minute.
 *
 * Sketch: 600 frames are ten minutes; 100 containers × 50 series × 8 bytes make 24 MiB of them.
 */
import type { DescribedFrame } from '../sampling/sampler.ts';

export const FRAMES_MAX = 600;
export const BYTES_MAX = 64 * 1024 * 1024;

/** What a frame takes beside its values: the object, its header, its place in the map. */
const FRAME_OVERHEAD_BYTES = 256;

const NO_SPOOL_LIMITS = { framesMax: FRAMES_MAX, bytesMax: BYTES_MAX };

/** With a spool a minute is enough: it is for a server that comes back soon, and for a disk that does not write. */
const SPOOLED_LIMITS = { framesMax: 60, bytesMax: 16 * 1024 * 1024 };

/** The newest frames, which are not written yet: an acknowledgement comes within a second while all is well. */
const UNWRITTEN_FRAMES = 2;

type Limits = { readonly framesMax: number; readonly bytesMax: number };
type Waiting = {
  readonly described: DescribedFrame;
  readonly bytes: number;
  inFlight: boolean;
  /** Where else it lies: nowhere yet, in the spool, or nowhere because the spool did not take it. */
  copy: 'none' | 'spooled' | 'refused';
};

/** Writes a frame to the disk, some time soon; what becomes of it is told by `refused`. */
export type WriteFrame = (described: DescribedFrame) => void;

export class ResendBuffer {
  readonly #limits: Limits;
  /** By sequence number; frames come in ascending order, which a Map keeps. */
  readonly #waiting = new Map<number, Waiting>();
  #bytes = 0;
  readonly #write: WriteFrame | null;
  /** Frames given up because the buffer was full and no file had them: seconds that nobody will ever see. */
  dropped = 0;

  /** Without `write` there is no spool: frames that find no place are given up. */
  constructor(write: WriteFrame | null = null, limits: Limits = write === null ? NO_SPOOL_LIMITS : SPOOLED_LIMITS) {
    this.#limits = limits;
    this.#write = write;
  }

  get size(): number {
    return this.#waiting.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Keeps a frame, newer than all before, until it is acknowledged. The oldest make room. */
  push(described: DescribedFrame): void {
    const bytes = described.frame.values.byteLength + FRAME_OVERHEAD_BYTES;
    this.#waiting.set(described.frame.seq, { described, bytes, inFlight: false, copy: 'none' });
    this.#bytes += bytes;
    this.#writeAllBut(UNWRITTEN_FRAMES);
    while (this.#waiting.size > this.#limits.framesMax || this.#bytes > this.#limits.bytesMax) this.#dropOldest();
  }

  /** The frame of this number is durable. */
  acknowledge(seq: number): void {
    const waiting = this.#waiting.get(seq);
    if (waiting === undefined) return;
    this.#waiting.delete(seq);
    this.#bytes -= waiting.bytes;
  }

  /** All frames up to this number are durable. */
  acknowledgeThrough(seq: number): void {
    for (const waiting of this.#waiting.keys()) {
      if (waiting > seq) return;
      this.acknowledge(waiting);
    }
  }

  /** The connection ended: what was in flight may be lost. */
  connectionLost(): void {
    for (const waiting of this.#waiting.values()) waiting.inFlight = false;
  }

  /** The frame was handed to the connection. */
  sent(seq: number): void {
    const waiting = this.#waiting.get(seq);
    if (waiting !== undefined) waiting.inFlight = true;
  }

  /** The newest frame, if it is not in flight. */
  newestUnsent(): DescribedFrame | null {
    let newest: Waiting | null = null;
    for (const waiting of this.#waiting.values()) newest = waiting;
    return newest === null || newest.inFlight ? null : newest.described;
  }

  /** The oldest frame that is not in flight. */
  oldestUnsent(): DescribedFrame | null {
    for (const waiting of this.#waiting.values()) if (!waiting.inFlight) return waiting.described;
    return null;
  }

  /** The spool did not take this frame. */
  refused(seq: number): void {
    const waiting = this.#waiting.get(seq);
    if (waiting === undefined) this.dropped++;
    else waiting.copy = 'refused';
  }

  /** Hands everything to the spool: this process ends. */
  writeAll(): void {
    this.#writeAllBut(0);
  }

  #writeAllBut(newestCount: number): void {
    let older = this.#waiting.size - newestCount;
    for (const waiting of this.#waiting.values()) {
      if (older-- <= 0) return;
      this.#writeOne(waiting);
    }
  }

  #writeOne(waiting: Waiting): void {
    if (this.#write === null || waiting.copy !== 'none') return;
    waiting.copy = 'spooled';
    this.#write(waiting.described);
  }

  #dropOldest(): void {
    for (const [seq, waiting] of this.#waiting) {
      this.#writeOne(waiting);
      this.acknowledge(seq);
      if (waiting.copy !== 'spooled') this.dropped++;
      return;
    }
  }
}
