import type { Dictionary, Frame, Logger } from '../../core/index.ts';
import { Dictionaries } from './dictionaries.ts';
import { applyDictionary, readFrame } from './log-reader.ts';
import { isSegment, recordTypes, SEGMENT_HEADER_BYTES, scanRecords } from './record.ts';
import { listSegments, readSegment } from './segment-files.ts';

export type Recovered = {
  readonly segments: number;
  readonly frames: number;
  readonly damagedBytes: number;
  /** Bytes after the last whole record of a segment: frames that nobody was told are safe. */
  readonly tornBytes: number;
};

/** Reads the whole log, oldest first, handing each frame to `restore`. */
export async function recover(
  directory: string,
  logger: Logger,
  restore: (frame: Frame, dictionary: Dictionary) => void,
): Promise<Recovered> {
  const segments = await listSegments(directory);
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
      restore(read.frame, read.dictionary);
      frames++;
    }
    damagedBytes += scan.damagedBytes;
    tornBytes += bytes.length - scan.end;
  }
  if (damagedBytes > 0) logger.warn({ damagedBytes }, 'parts of the segment log are damaged and were passed over');
  return { segments: segments.length, frames, damagedBytes, tornBytes };
}
