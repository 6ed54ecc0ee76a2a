import type { Logger } from '../../../core/index.ts';
import { type Disk, realDisk } from '../disk.ts';
import { listSegments, removeSegment, statSegment } from '../segment-files.ts';
import { recordGap } from './gaps.ts';

export type RetentionOptions = {
  readonly directory: string;
  readonly logger: Logger;
  /** The first segment that a start would have to read: it and later ones stay in any case. */
  readonly neededFrom: number;
  readonly nowMs: number;
  /** When the log is larger, its oldest segments go, read by history or not. */
  readonly bytesMax: number;
  /** The segment that history reads next; null when it has read nothing yet. */
  readonly historySegment: () => Promise<number | null>;
  readonly disk?: Disk;
};

export type Freed = { readonly segments: number; readonly lostToHistory: number };

/**
 * Frees segments whose samples rest in blocks and that history has read. Those that it has not read
 * go when the cap asks for it, and then what it loses is written down.
 */
export async function freeSegments(options: RetentionOptions): Promise<Freed> {
  const { directory, neededFrom, bytesMax, disk = realDisk } = options;
  const segments = await listSegments(directory);
  const sizes = await Promise.all(segments.map((segment) => statSegment(directory, segment)));
  const history = (await options.historySegment()) ?? 0;
  let total = sizes.reduce((sum, { bytes }) => sum + bytes, 0);
  let [freed, lost] = [0, 0];
  for (const [index, segment] of segments.slice(0, -1).entries()) {
    const isRead = segment < history;
    if (segment >= neededFrom || (!isRead && total <= bytesMax)) break;
    if (!isRead) {
      await recordGap(directory, segment, options.nowMs);
      lost++;
    }
    await removeSegment(directory, segment);
    disk.reached('segment-removed');
    total -= sizes[index]?.bytes ?? 0;
    freed++;
  }
  if (lost > 0) {
    options.logger.warn(
      { segments: lost, bytesMax },
      'the segment log reached its cap: history will have a gap where these segments were',
    );
  }
  return { segments: freed, lostToHistory: lost };
}
