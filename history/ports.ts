import type { Dictionary, Frame } from '../core/index.ts';

/** A durable cursor into the segment log: the end of a record, or of a segment's header. */
export type LogPosition = { readonly segment: number; readonly offset: number };

/** A frame and what its columns mean. */
export type LogFrame = { readonly frame: Frame; readonly dictionary: Dictionary };

export type LogBatch = {
  readonly frames: readonly LogFrame[];
  /** Where the next read goes on. Equal to where this one began when there is nothing new. */
  readonly next: LogPosition;
  /** Bytes of log that were passed. */
  readonly bytes: number;
  /** Bytes among them that were no record: damage, or a tail that a crash tore. */
  readonly damagedBytes?: number;
};

export type ReadOptions = {
  /** About how much log goes into one batch; at least one frame always does. */
  readonly bytesMax: number;
  /** Stop exactly here: the end of a batch that was read before. */
  readonly until?: LogPosition;
};

/**
 * The segment log as the follower needs it, readable while another process writes it.
 *
 * The same position over the same log gives the same frames in the same order, and each frame
 * (collector, boot epoch, seq) occurs in the log once. Where segments have been freed, reading
 * goes on with the oldest one that is left.
 */
export interface LogReader {
  /** Frames after `from` (null: all that there are). */
  read(from: LogPosition | null, options: ReadOptions): Promise<LogBatch>;
  /** Bytes of log after `from`. */
  pendingBytes(from: LogPosition | null): Promise<number>;
}

/** Negative when `a` comes before `b`. */
export function comparePositions(a: LogPosition, b: LogPosition): number {
  return a.segment - b.segment || a.offset - b.offset;
}
