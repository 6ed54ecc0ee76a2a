import type { Second, TimestampMs } from '../time/time.ts';

/**
 * All samples that one collector took in one tick. Column `i` of `values` belongs to series `i`
 * of the dictionary of `generation`; a series without a sample in this tick is absent there
 * (`core/series/absent.ts`). Frames are ordered by (`bootEpoch`, `seq`): where two tell of the same
 * second, the higher one holds, whole.
 */
export type Frame = {
  readonly collector: string;
  /** When this run of the collector began, in wall-clock ms: tells one run from the next. */
  readonly bootEpoch: number;
  /** Counts the ticks of this run, from 1, without holes. */
  readonly seq: number;
  /** The wall-clock second that the tick stands for. */
  readonly second: Second;
  /** When the collector handed the frame on, by its own clock. */
  readonly sentAtMs: TimestampMs;
  readonly generation: number;
  readonly values: Float64Array;
  /** Of what was pushed: tells of the series that it has samples of, beside all else that is told of its second. */
  readonly isPart?: true;
};

/** Who pushes is named so where collectors are: no collector's name begins like this. */
export const PUSHED_BY = 'push:';

export const isPushedBy = (collector: string): boolean => collector.startsWith(PUSHED_BY);

/** Negative when `a` comes before `b`. */
export function compareFrames(a: Pick<Frame, 'bootEpoch' | 'seq'>, b: Pick<Frame, 'bootEpoch' | 'seq'>): number {
  return a.bootEpoch - b.bootEpoch || a.seq - b.seq;
}
