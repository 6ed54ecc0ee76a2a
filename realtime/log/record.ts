/** The bytes of segments and records (`FORMAT.md`). */
import { crc32 } from 'node:zlib';
import { assert, ByteReader, type ByteWriter } from '../../core/index.ts';

export const SEGMENT_HEADER_BYTES = 16;
const SEGMENT_MAGIC = Buffer.from('SAKERLOG', 'ascii');
const SEGMENT_VERSION = 1;

const RECORD_MAGIC = 0x3152_4b53;
const RECORD_HEADER_BYTES = 16;

/** No record is longer: an hour of the most series that an endpoint may have, each a double, is a part of it. */
const RECORD_BODY_MAX = 1024 * 1024 * 1024;

/** The first two and the last are those of the log, the others those of block files. */
export const recordTypes = {
  dictionary: 1,
  frame: 2,
  layout: 3,
  endpoint: 4,
  block: 5,
  checkpoint: 6,
  part: 7,
} as const;

export function writeSegmentHeader(writer: ByteWriter, segment: number): void {
  writer.bytes(SEGMENT_MAGIC);
  writer.u32(SEGMENT_VERSION);
  writer.u32(segment);
}

/** Appends one record; `writeBody` appends its body. */
export function writeRecord(writer: ByteWriter, type: number, writeBody: (writer: ByteWriter) => void): void {
  const start = writer.length;
  writer.u32(RECORD_MAGIC);
  writer.u32(0);
  writer.u32(type);
  writer.u32(0);
  writeBody(writer);
  const length = writer.length - start - RECORD_HEADER_BYTES;
  assert(length <= RECORD_BODY_MAX, `a record of at most ${RECORD_BODY_MAX} bytes, not ${length}`);
  writer.patchU32(start + 4, length);
  const record = writer.written().subarray(start);
  writer.patchU32(start + 12, checksum(record));
}

function checksum(record: Uint8Array): number {
  return crc32(record.subarray(RECORD_HEADER_BYTES), crc32(record.subarray(0, 12)));
}

export type LogRecord = {
  readonly type: number;
  readonly body: Uint8Array;
  readonly offset: number;
  readonly end: number;
};

/** What was passed over: `torn` at the very end of the bytes, `damaged` before a later record. */
export type Scan = { readonly records: readonly LogRecord[]; readonly damagedBytes: number; readonly end: number };

export function isSegment(bytes: Uint8Array): boolean {
  if (bytes.length < SEGMENT_HEADER_BYTES) return false;
  const reader = new ByteReader(bytes);
  return SEGMENT_MAGIC.equals(reader.bytes(SEGMENT_MAGIC.length)) && reader.u32() === SEGMENT_VERSION;
}

/**
 * All whole records from `from` on. `end` is where the last one ended: bytes after it are a torn
 * tail, or records that are still being written. Never throws, whatever the bytes.
 */
export function scanRecords(bytes: Uint8Array, from: number): Scan {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const records: LogRecord[] = [];
  let [offset, end, damagedBytes] = [from, from, 0];
  while (offset + RECORD_HEADER_BYTES <= bytes.length) {
    const record = recordAt(bytes, view, offset);
    if (record === null) {
      offset = nextMagic(bytes, view, offset + 1);
      continue;
    }
    damagedBytes += offset - end;
    records.push(record);
    offset = end = record.end;
  }
  return { records, damagedBytes, end };
}

function recordAt(bytes: Uint8Array, view: DataView, offset: number): LogRecord | null {
  if (view.getUint32(offset, true) !== RECORD_MAGIC) return null;
  const length = view.getUint32(offset + 4, true);
  const end = offset + RECORD_HEADER_BYTES + length;
  if (length > RECORD_BODY_MAX || end > bytes.length) return null;
  const record = bytes.subarray(offset, end);
  if (view.getUint32(offset + 12, true) !== checksum(record)) return null;
  return { type: view.getUint32(offset + 8, true), body: record.subarray(RECORD_HEADER_BYTES), offset, end };
}

function nextMagic(bytes: Uint8Array, view: DataView, from: number): number {
  const firstByte = RECORD_MAGIC & 0xff;
  for (let at = bytes.indexOf(firstByte, from); at !== -1; at = bytes.indexOf(firstByte, at + 1)) {
    if (at + RECORD_HEADER_BYTES > bytes.length) break;
    if (view.getUint32(at, true) === RECORD_MAGIC) return at;
  }
  return bytes.length;
}
