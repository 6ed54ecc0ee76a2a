import { beforeAll, describe, expect, test } from 'vitest';
import { ByteWriter, type Endpoint } from '../../core/index.ts';
import { encodeBlock } from '../block/block-codec.ts';
import { type LogRecord, scanRecords } from '../log/record.ts';
import { START_SECOND } from '../testing/frames.ts';
import {
  FILE_HEADER_BYTES,
  type FileContent,
  readBlockFile,
  writeBlock,
  writeCheckpoint,
  writeEndpoint,
  writeFileHeader,
  writeLayout,
} from './block-file.ts';

const ENDPOINTS = 8;
const BLOCKS = 5;
const SERIES = 8;

/** A file as the keeper writes it: endpoints, the layouts that they share, and their blocks. */
function fileOfBlocks(): Uint8Array {
  const writer = new ByteWriter();
  writeFileHeader(writer);
  writeCheckpoint(writer, { replayFrom: 7, lanes: [] });
  for (let index = 0; index < ENDPOINTS; index++) {
    const layout = index % 3;
    if (index < 3) {
      const metrics = Array.from({ length: SERIES }, (_, column) => `m${layout}.${column}`);
      writeLayout(writer, { layout, series: metrics.map((metric) => [metric, {}, 1]) });
    }
    const endpoint: Endpoint = { name: `h${index}`, kind: 'host', host: `h${index}`, state: 'running', labels: {} };
    writeEndpoint(writer, { index, layout, endpoint, collector: 'c', newestSecond: START_SECOND, heardAtMs: 5 });
    for (let block = 0; block < BLOCKS; block++) {
      const start = START_SECOND + block * 300;
      const after = { segment: 3, offset: 16 + block };
      writeBlock(writer, {
        index,
        block: { start, seconds: 300, bytes: bytesOf(index, block), after, file: null },
      });
    }
  }
  return writer.written().slice();
}

const samples = new Float64Array(300);
const bytesOf = (index: number, block: number): Uint8Array =>
  encodeBlock(SERIES, 300, (column) => {
    for (let at = 0; at < 300; at++) samples[at] = ((at * at * (column + 3) + block * 17 + index) % 37) / 10;
    return samples;
  });

let file: Uint8Array = new Uint8Array(0);
let records: readonly LogRecord[] = [];
beforeAll(() => {
  file = fileOfBlocks();
  records = scanRecords(file, FILE_HEADER_BYTES).records;
});

function flipped(at: number): Uint8Array {
  const damaged = new Uint8Array(file);
  damaged[at] = (damaged[at] ?? 0) ^ (1 << (at % 8));
  return damaged;
}

/** Everything that a file says, in one list. */
const saidBy = ({ layouts, endpoints, blocks, checkpoint }: FileContent): unknown[] => [
  ...(checkpoint === null ? [] : [checkpoint]),
  ...layouts.values(),
  ...endpoints.values(),
  ...blocks,
];

describe('a file of blocks', () => {
  test('is large enough to be about something', () => {
    expect(file.length, 'bytes').toBeGreaterThan(64 * 1024);
    expect(saidBy(readBlockFile(file))).toHaveLength(1 + 3 + ENDPOINTS + ENDPOINTS * BLOCKS);
    expect(readBlockFile(file).damagedBytes).toBe(0);
  });

  test('cut at every byte: says what the whole records before the cut say', () => {
    let whole = 0;
    for (let cut = 0; cut <= file.length; cut++) {
      while ((records[whole]?.end ?? Number.POSITIVE_INFINITY) <= cut) whole++;
      const from = whole > 0 ? (records[whole - 1]?.offset ?? 0) : FILE_HEADER_BYTES;
      const { records: left } = scanRecords(file.subarray(0, cut), from);
      if (left.length !== Math.min(whole, 1)) throw new Error(`cut at ${cut}: other records`);
      if (cut % 499 === 0 || cut < 40) expect(saidBy(readBlockFile(file.subarray(0, cut)))).toHaveLength(whole);
    }
  });

  test('with a bit flipped in any byte: loses the record that it is in, and says how much that was', () => {
    for (let at = FILE_HEADER_BYTES; at < file.length; at++) {
      const hit = records.findIndex(({ end }) => at < end);
      const { offset = 0, end = 0 } = records[hit] ?? {};
      const bit = 1 << (at % 8);
      file[at] = (file[at] ?? 0) ^ bit;
      // A scan remembers nothing: records before this one are found as they were.
      const left = scanRecords(file, offset).records.map((record) => record.offset);
      file[at] = (file[at] ?? 0) ^ bit;
      const isRight = left.length === records.length - hit - 1 && left[0] === records[hit + 1]?.offset;
      if (!isRight) throw new Error(`a bit of byte ${at}: records at ${left.slice(0, 5)}`);
      if (at % 499 === 0) expect(readBlockFile(flipped(at)).damagedBytes).toBe(end - offset);
    }
  });

  test('says of every other record what it said, bit for bit', () => {
    const said = saidBy(readBlockFile(file)).map(asText);
    for (const { offset } of records) {
      const left = new Set(saidBy(readBlockFile(flipped(offset + 17))).map(asText));
      expect([left.size, said.filter((one) => !left.has(one)).length]).toStrictEqual([said.length - 1, 1]);
    }
  });

  test('with a bit flipped in its header: loses nothing, and says so', () => {
    for (let at = 0; at < FILE_HEADER_BYTES; at++) {
      const content = readBlockFile(flipped(at));
      expect(saidBy(content)).toHaveLength(records.length);
      expect(content.damagedBytes).toBe(at < 12 ? FILE_HEADER_BYTES : 0);
    }
  });
});

const asText = (one: unknown): string =>
  JSON.stringify(one, (_, value) => (value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value));
