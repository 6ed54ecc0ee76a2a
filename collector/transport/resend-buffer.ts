/**
 * Frames that the server has not acknowledged, oldest first.
 *
 * A frame leaves when its own acknowledgement comes: acknowledgements come in any order, because
 * after a reconnect live frames overtake the backlog. While a connection lives, a frame that was
 * sent on it is in flight and is not sent again; when it ends, everything here is to be sent anew.
 *
 * Sketch: 600 frames are ten minutes; 100 containers × 50 series × 8 bytes make 24 MiB of them.
 */
import type { DescribedFrame } from '../sampling/sampler.ts';

export const FRAMES_MAX = 600;
export const BYTES_MAX = 64 * 1024 * 1024;

/** What a frame takes beside its values: the object, its header, its place in the map. */
const FRAME_OVERHEAD_BYTES = 256;

const NO_SPOOL_LIMITS = { framesMax: FRAMES_MAX, bytesMax: BYTES_MAX };

/** With a spool a minute is enough: what is in memory is lost when the process is killed. */
export const SPOOLED_LIMITS = { framesMax: 60, bytesMax: 16 * 1024 * 1024 };

type Limits = { readonly framesMax: number; readonly bytesMax: number };
type Waiting = { readonly described: DescribedFrame; readonly bytes: number; inFlight: boolean };

export class ResendBuffer {
  readonly #limits: Limits;
  /** By sequence number; frames come in ascending order, which a Map keeps. */
  readonly #waiting = new Map<number, Waiting>();
  #bytes = 0;
  readonly #spill: ((described: DescribedFrame) => void) | null;
  /** Frames given up because the buffer was full and there was no spool: seconds that nobody will ever see. */
  dropped = 0;

  /** `spill` takes the frames that find no place; without it they are given up. */
  constructor(limits: Limits = NO_SPOOL_LIMITS, spill: ((described: DescribedFrame) => void) | null = null) {
    this.#limits = limits;
    this.#spill = spill;
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
    this.#waiting.set(described.frame.seq, { described, bytes, inFlight: false });
    this.#bytes += bytes;
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

  /** Hands everything to the spool: this process ends. */
  spillAll(): void {
    while (this.#spill !== null && this.#waiting.size > 0) this.#dropOldest();
  }

  #dropOldest(): void {
    for (const [seq, { described }] of this.#waiting) {
      this.acknowledge(seq);
      if (this.#spill === null) this.dropped++;
      else this.#spill(described);
      return;
    }
  }
}
