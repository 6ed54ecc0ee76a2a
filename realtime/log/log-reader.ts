/**
 * Reads the segment log from any process, while it is being written. Positions are durable
 * cursors: a reader that comes back with one goes on exactly there.
 */
import { Dictionaries } from './dictionary/dictionaries.ts';
import type { LogFrame } from './dictionary/patchy-dictionary.ts';
import type { LogPosition } from './position.ts';
import { recordTypes, SEGMENT_HEADER_BYTES, scanRecords } from './record.ts';
import { listSegments, readSegment, statSegment } from './segment-files.ts';

export type LogBatch = {
  readonly frames: readonly LogFrame[];
  readonly next: LogPosition;
  readonly bytes: number;
  /** Bytes that were no record: damage, or a tail that a crash tore. */
  readonly damagedBytes: number;
};

export type ReadOptions = {
  /** About how much log goes into one batch; at least one frame always does. */
  readonly bytesMax: number;
  /** Stop exactly here, at the end of a batch that was read before. */
  readonly until?: LogPosition;
};

export type LogReader = {
  /** Frames after `from` (null: all that there are). No frames: nothing new. */
  read(from: LogPosition | null, options: ReadOptions): Promise<LogBatch>;
  /** Bytes of log after `from`. */
  pendingBytes(from: LogPosition | null): Promise<number>;
};

export function openLogReader(directory: string): LogReader {
  const state: ReaderState = { directory, segment: null };
  return {
    read: (from, options) => read(state, from, options),
    pendingBytes: (from) => pendingBytes(directory, from),
  };
}

/** Dictionaries of the segment that is being read, up to `offset`. */
type SegmentState = { readonly number: number; readonly dictionaries: Dictionaries; offset: number };
type ReaderState = { readonly directory: string; segment: SegmentState | null };

async function read(state: ReaderState, from: LogPosition | null, options: ReadOptions): Promise<LogBatch> {
  const segments = (await listSegments(state.directory)).filter((segment) => segment >= (from?.segment ?? 0));
  let last = emptyBatch(from ?? { segment: 0, offset: 0 });
  // What is left of a segment that is never written again may be nothing; then the next one is read.
  for (const number of segments) {
    const offset = number === from?.segment ? Math.max(from.offset, SEGMENT_HEADER_BYTES) : SEGMENT_HEADER_BYTES;
    const segment = await segmentState(state, { segment: number, offset });
    const end = options.until?.segment === number ? options.until.offset : undefined;
    last = readOn(segment, await readSegment(state.directory, number, offset, end), options.bytesMax);
    if (last.frames.length > 0 || end !== undefined) return last;
  }
  return last;
}

const emptyBatch = (next: LogPosition): LogBatch => ({ frames: [], next, bytes: 0, damagedBytes: 0 });

/** The dictionaries as they were at `position`: as we left them there, or read anew. */
async function segmentState(state: ReaderState, position: LogPosition): Promise<SegmentState> {
  const known = state.segment;
  if (known !== null && known.number === position.segment && known.offset === position.offset) return known;
  const segment = { number: position.segment, dictionaries: new Dictionaries(), offset: position.offset };
  const bytes = await readSegment(state.directory, position.segment, 0, position.offset);
  for (const record of scanRecords(bytes, SEGMENT_HEADER_BYTES).records) {
    if (record.type === recordTypes.dictionary) segment.dictionaries.apply(record);
  }
  state.segment = segment;
  return segment;
}

/** Reads records from `bytes`, which begin where the segment's state stands. */
function readOn(segment: SegmentState, bytes: Uint8Array, bytesMax: number): LogBatch {
  const frames: LogFrame[] = [];
  let [passed, read] = [0, 0];
  for (const record of scanRecords(bytes, 0).records) {
    if (record.type === recordTypes.dictionary) segment.dictionaries.apply(record);
    const frame = segment.dictionaries.read(record);
    if (frame !== null) frames.push(frame);
    passed = record.end;
    read += record.end - record.offset;
    if (frames.length > 0 && read >= bytesMax) break;
  }
  segment.offset += passed;
  const next = { segment: segment.number, offset: segment.offset };
  return { frames, next, bytes: passed, damagedBytes: passed - read };
}

async function pendingBytes(directory: string, from: LogPosition | null): Promise<number> {
  let total = 0;
  for (const segment of await listSegments(directory)) {
    if (segment < (from?.segment ?? 0)) continue;
    // A segment that was freed since the listing is read already, or gone.
    const { bytes } = await statSegment(directory, segment).catch(() => ({ bytes: 0 }));
    total += Math.max(0, bytes - (segment === from?.segment ? from.offset : SEGMENT_HEADER_BYTES));
  }
  return total;
}
