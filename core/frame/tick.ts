import type { TimestampMs } from '../time/time.ts';
import type { Dictionary } from './dictionary.ts';
import type { Frame } from './frame.ts';

/**
 * A frame as realtime hands it on: decoded, in place, not yet necessarily durable. Listeners run
 * inside the intake and must return at once; they may keep the frame but never change it.
 */
export type Tick = {
  readonly frame: Frame;
  /** Describes the columns of the frame; may have grown beyond them since. */
  readonly dictionary: Dictionary;
  readonly receivedAtMs: TimestampMs;
  /**
   * `live` is newer than everything the collector sent before; `late` fills a hole in the past,
   * is stored and shown, and never judged.
   */
  readonly kind: 'live' | 'late';
};

export type TickListener = (tick: Tick) => void;
