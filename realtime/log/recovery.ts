import type { Logger } from '../../core/index.ts';
import { Dictionaries } from './dictionary/dictionaries.ts';
import type { LogFrame } from './dictionary/patchy-dictionary.ts';
import type { LogPosition } from './position.ts';
import { isSegment, type LogRecord, recordTypes, SEGMENT_HEADER_BYTES, scanRecords } from './record.ts';
import { listSegments, readSegment } from './segment-files.ts';

export type Recovered = {
  readonly segments: number;
  readonly frames: number;
  readonly damagedBytes: number;
  /** Bytes after the last whole record of a segment: frames that nobody was told are safe. */
  readonly tornBytes: number;
};

export type RecoveryOptions = {
  readonly directory: string;
  readonly logger: Logger;
  /** The first segment that is read: what lies before rests in blocks. */
  readonly fromSegment: number;
  readonly restore: (frame: LogFrame, position: LogPosition) => void;
};

/** A frame, and where in its segment it lies. */
export type FrameAt = LogFrame & { readonly offset: number };
export type SegmentContent = Pick<Recovered, 'damagedBytes' | 'tornBytes'> & { readonly frames: Iterable<FrameAt> };

/**
 * What a segment holds. A damaged record costs itself: of a dictionary the columns that it
 * described, of the segment's header nothing, for records say themselves what they are. Never throws.
 */
export function readSegmentContent(bytes: Uint8Array): SegmentContent {
  const { records, damagedBytes, end } = scanRecords(bytes, SEGMENT_HEADER_BYTES);
  const isDamaged = bytes.length >= SEGMENT_HEADER_BYTES && !isSegment(bytes);
  return {
    frames: framesOf(records),
    damagedBytes: damagedBytes + (isDamaged ? SEGMENT_HEADER_BYTES : 0),
    // A crash between creating a segment and writing its header leaves less than a header.
    tornBytes: Math.max(0, bytes.length - end),
  };
}

function* framesOf(records: readonly LogRecord[]): Iterable<FrameAt> {
  const dictionaries = new Dictionaries();
  for (const record of records) {
    if (record.type === recordTypes.dictionary) dictionaries.apply(record);
    const read = dictionaries.read(record);
    if (read !== null) yield { ...read, offset: record.offset };
  }
}

/** Reads the log, oldest first, handing each frame to `restore`. */
export async function recover({ directory, logger, fromSegment, restore }: RecoveryOptions): Promise<Recovered> {
  const segments = (await listSegments(directory)).filter((segment) => segment >= fromSegment);
  let [frames, damagedBytes, tornBytes] = [0, 0, 0];
  for (const segment of segments) {
    const content = readSegmentContent(await readSegment(directory, segment));
    for (const { offset, ...frame } of content.frames) {
      restore(frame, { segment, offset });
      frames++;
    }
    damagedBytes += content.damagedBytes;
    tornBytes += content.tornBytes;
  }
  if (damagedBytes > 0) logger.warn({ damagedBytes }, 'parts of the segment log are damaged and were passed over');
  return { segments: segments.length, frames, damagedBytes, tornBytes };
}
