import type { Logger } from '../../core/index.ts';
import { Dictionaries } from './dictionaries.ts';
import { applyDictionary, type LogFrame, readFrame } from './log-reader.ts';
import type { LogPosition } from './position.ts';
import { isSegment, recordTypes, SEGMENT_HEADER_BYTES, scanRecords } from './record.ts';
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

/** Reads the log, oldest first, handing each frame to `restore`. */
export async function recover({ directory, logger, fromSegment, restore }: RecoveryOptions): Promise<Recovered> {
  const segments = (await listSegments(directory)).filter((segment) => segment >= fromSegment);
  let [frames, damagedBytes, tornBytes] = [0, 0, 0];
  for (const segment of segments) {
    const bytes = await readSegment(directory, segment);
    if (!isSegment(bytes)) {
      // A crash between creating a segment and writing its header leaves an empty file.
      damagedBytes += bytes.length;
      continue;
    }
    const scan = scanRecords(bytes, SEGMENT_HEADER_BYTES);
    const dictionaries = new Dictionaries();
    for (const record of scan.records) {
      if (record.type === recordTypes.dictionary) applyDictionary(dictionaries, record);
      const read = record.type === recordTypes.frame ? readFrame(dictionaries, record) : null;
      if (read === null) continue;
      restore(read, { segment, offset: record.offset });
      frames++;
    }
    damagedBytes += scan.damagedBytes;
    tornBytes += bytes.length - scan.end;
  }
  if (damagedBytes > 0) logger.warn({ damagedBytes }, 'parts of the segment log are damaged and were passed over');
  return { segments: segments.length, frames, damagedBytes, tornBytes };
}
