import type { Clock, Logger } from '../../core/index.ts';
import { listSegments, removeSegment, statSegment } from './segment-files.ts';

export type RetentionOptions = {
  readonly directory: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly keepMs: number;
  /** When the log is larger, its oldest segments go, read by history or not. */
  readonly bytesMax: number;
  /** The segment that history reads next; null when it has read nothing yet. */
  readonly historySegment: () => Promise<number | null>;
};

export type Freed = { readonly segments: number; readonly lostToHistory: number };

/**
 * Frees segments that are both old and read by history. A segment's age is that of its last
 * write, which no frame in it is newer than. Never touches the newest segment.
 */
export async function freeSegments(options: RetentionOptions): Promise<Freed> {
  const segments = (await listSegments(options.directory)).slice(0, -1);
  const facts = await Promise.all(segments.map((segment) => statSegment(options.directory, segment)));
  const history = await options.historySegment();
  let total = facts.reduce((sum, { bytes }) => sum + bytes, 0);
  let [freed, lost] = [0, 0];
  for (const [index, segment] of segments.entries()) {
    const fact = facts[index];
    if (fact === undefined) break;
    const isOld = options.clock.nowMs() - fact.writtenAtMs > options.keepMs;
    const isRead = history !== null && segment < history;
    const isForced = total > options.bytesMax;
    if (!(isOld && isRead) && !isForced) break;
    if (!isRead) lost++;
    await removeSegment(options.directory, segment);
    total -= fact.bytes;
    freed++;
  }
  if (lost > 0) {
    options.logger.warn(
      { segments: lost, bytesMax: options.bytesMax },
      'the segment log reached its cap: history will have a gap where these segments were',
    );
  }
  return { segments: freed, lostToHistory: lost };
}
