import { fillAbsent } from '../../core/index.ts';
import { BlockReader, encodeBlock } from '../block/block-codec.ts';
import type { Summary } from '../block/column-codec.ts';
import type { LogPosition } from '../log/position.ts';

/** A file that holds blocks. `live` counts those that memory would read from it again. */
export type BlockFile = { readonly number: number; live: number };

/** A window, or an hour, that is encoded. */
export type SealedBlock = {
  readonly start: number;
  readonly seconds: number;
  readonly bytes: Uint8Array;
  /** All frames of the log before this place are in it. */
  readonly after: LogPosition;
  /** Where it rests on disk; null when it does not yet. */
  file: BlockFile | null;
};

/** Receives a column piece by piece, oldest first. */
export type ColumnVisitor = {
  /** True where one summary says enough of so many seconds. */
  takesSummary(start: number, seconds: number): boolean;
  summary(start: number, summary: Summary): void;
  /** The same sample in each of so many seconds. */
  constant(start: number, seconds: number, value: number): void;
  /** Samples by the second from `start` on, absent ones marked; valid until the visitor returns. */
  samples(start: number, samples: Float64Array): void;
};

/** Shows a column of a block; `scratch` is as long as its window. */
export function visitBlock(
  { bytes, start, seconds }: SealedBlock,
  column: number,
  scratch: Float64Array,
  visitor: ColumnVisitor,
): void {
  const reader = new BlockReader(bytes);
  if (visitor.takesSummary(start, seconds)) {
    const summary = reader.summary(column);
    if (summary !== null) visitor.summary(start, summary);
    return;
  }
  const found = reader.readOrConstant(column, scratch);
  if (found === true) visitor.samples(start, scratch);
  else if (found !== false) visitor.constant(start, seconds, found);
}

/** Makes one block of blocks within its time. They are ascending. */
export function mergeBlocks(
  parts: readonly SealedBlock[],
  { start, seconds, width }: { start: number; seconds: number; width: number },
): Uint8Array {
  const readers = parts.map(({ bytes }) => new BlockReader(bytes));
  const whole = new Float64Array(seconds);
  const places = parts.map((part) => whole.subarray(part.start - start, part.start - start + part.seconds));
  const isWhole = parts.reduce((sum, part) => sum + part.seconds, 0) === seconds;
  return encodeBlock(width, seconds, (column) => {
    let found = false;
    if (!isWhole) fillAbsent(whole);
    readers.forEach((reader, index) => {
      found = reader.read(column, places[index] as Float64Array) || found;
    });
    return found ? whole : undefined;
  });
}

/** The windows of `seconds` that a block consists of, encoded one by one. */
export function splitBlock(block: SealedBlock, seconds: number): SealedBlock[] {
  const reader = new BlockReader(block.bytes);
  const columns = Array.from({ length: reader.columnCount }, (_, column) => {
    const samples = new Float64Array(block.seconds);
    return reader.read(column, samples) ? samples : undefined;
  });
  return Array.from({ length: block.seconds / seconds }, (_, index) => ({
    start: block.start + index * seconds,
    seconds,
    bytes: encodeBlock(columns.length, seconds, (column) =>
      columns[column]?.subarray(index * seconds, (index + 1) * seconds),
    ),
    after: block.after,
    file: null,
  }));
}
