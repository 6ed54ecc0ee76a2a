import type { Tags } from '../../../core/index.ts';
import type { EndpointEntry } from '../../sampling/series-register.ts';

/** One value, to stand in the next tick. */
export type Reading = {
  /** Whose series it is; null: the host's. */
  readonly endpoint: EndpointEntry | null;
  readonly metric: string;
  readonly tags: Tags;
  readonly value: number;
};

/** What a check found. */
export type Checked = {
  readonly readings: readonly Reading[];
  /** What is wrong with the thing that is watched, or with a part of the monitor that could not be read. */
  readonly problem: string | null;
};

/**
 * One thing that is watched beside the ticks. A check may take as long as it likes: nobody waits for
 * it, and the next one begins only after it. It rejects when nothing could be measured at all.
 */
export interface Monitor {
  check(signal: AbortSignal): Promise<Checked>;
  /** Lets go of files and processes. Called once, after the last check was aborted. */
  close(): void;
}

/** The value of a series of the host. */
export const reading = (metric: string, tags: Tags, value: number): Reading => ({
  endpoint: null,
  metric,
  tags,
  value,
});
