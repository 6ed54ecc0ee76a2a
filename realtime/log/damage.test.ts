import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Dictionary, type Frame, formatSeries, isAbsent, silentLogger, systemClock } from '../../core/index.ts';
import { frameOf } from '../testing/frames.ts';
import type { LogFrame } from './dictionary/patchy-dictionary.ts';
import { openLogReader } from './log-reader.ts';
import { LogWriter } from './log-writer.ts';
import { type LogRecord, recordTypes, SEGMENT_HEADER_BYTES, scanRecords } from './record.ts';
import { readSegmentContent, recover } from './recovery.ts';
import { segmentPath } from './segment-files.ts';

const SEGMENT_BYTES = 64 * 1024;
const COLLECTORS = ['alpha', 'beta', 'gamma'];

/** A host with containers; containers come one after the other, so the dictionary grows as frames are written. */
class Host {
  readonly dictionary = new Dictionary(1);
  readonly #name: string;

  constructor(name: string) {
    this.#name = name;
    this.add(name, 90);
  }

  add(name: string, seriesCount: number): void {
    const { generation, endpoints, series } = this.dictionary;
    const index = endpoints.length;
    const kind = index === 0 ? 'host' : 'container';
    const endpoint = { name, kind, host: this.#name, state: 'running', labels: { tier: `t${index}` } } as const;
    this.dictionary.apply({
      generation,
      endpoints: [{ index, endpoint }],
      firstSeries: series.length,
      series: Array.from({ length: seriesCount }, (_, at) => ({
        endpoint: index,
        metric: `m${at}`,
        tags: at % 3 === 0 ? {} : { part: String(at) },
        decimals: at % 4 === 3 ? (255 as const) : (2 as const),
      })),
    });
  }

  frame(seq: number): Frame {
    const samples = this.dictionary.series.map((_, column) => sampleOf(seq, column));
    return frameOf({ seq, samples, collector: this.#name });
  }
}

function sampleOf(seq: number, column: number): number | undefined {
  if ((seq + column) % 7 === 0) return undefined;
  if (column % 4 === 3) return [Number.NaN, -0, Math.PI * seq, Infinity][seq % 4];
  return ((seq * 37 + column * 11) % 5000) / 100;
}

let folder = '';
let segment: Uint8Array = new Uint8Array(0);
let records: readonly LogRecord[] = [];
let whole: readonly Told[] = [];

/** A frame as text: what it says of each series, bit for bit. */
type Told = { readonly name: string; readonly offset: number; readonly samples: ReadonlyMap<string, string> };

function told({ frame, dictionary, offset }: LogFrame & { readonly offset: number }): Told {
  const bits = new BigUint64Array(frame.values.buffer, frame.values.byteOffset, frame.values.length);
  const present = [...frame.values.keys()].filter((column) => !isAbsent(frame.values, column));
  const samples = present.map((column) => [formatSeries(dictionary.identityOf(column)), String(bits[column])] as const);
  return { name: `${frame.collector}/${frame.seq}/${frame.second}`, offset, samples: new Map(samples) };
}

const readAll = (bytes: Uint8Array): Told[] => Array.from(readSegmentContent(bytes).frames, told);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'saker-damage-'));
  const writer = new LogWriter({
    directory: folder,
    nextSegment: 1,
    segmentBytesMax: 1024 * 1024,
    clock: systemClock,
    logger: silentLogger,
  });
  const hosts = COLLECTORS.map((name) => ({ name, host: new Host(name) }));
  for (let seq = 1; writer.status().writtenBytes < SEGMENT_BYTES; seq++) {
    for (const { name, host } of hosts) if (seq % 15 === 0) host.add(`${name}/c${seq / 15}`, 9);
    await Promise.all(hosts.map(({ host }) => writer.append(host.frame(seq), host.dictionary)));
  }
  await writer.close();
  const bytes = await readFile(segmentPath(folder, 1));
  const all = scanRecords(bytes, SEGMENT_HEADER_BYTES).records;
  // Whole records, as near to 64 KiB as they come; what follows is the cut's business.
  records = all.filter(({ end }) => end <= SEGMENT_BYTES);
  segment = new Uint8Array(bytes.subarray(0, records.at(-1)?.end ?? 0));
  whole = readAll(segment);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Offsets of the records that a scan finds; what lies between is the bytes as they are. */
const offsetsOf = (bytes: Uint8Array, from: number): number[] =>
  scanRecords(bytes, from).records.map(({ offset }) => offset);

function flipped(at: number, bit: number): Uint8Array {
  const damaged = new Uint8Array(segment);
  damaged[at] = (damaged[at] ?? 0) ^ (1 << bit);
  return damaged;
}

describe('a segment of 64 KiB', () => {
  test('holds what the other tests are about', () => {
    expect(segment.length).toBeGreaterThan(SEGMENT_BYTES - 1024);
    expect(whole.length).toBe(records.filter(({ type }) => type === recordTypes.frame).length);
    expect(records.filter(({ type }) => type === recordTypes.dictionary).length).toBeGreaterThanOrEqual(12);
  });

  test('cut at every byte: gives back exactly the frames that end before the cut', () => {
    const frameEnds = records.filter(({ type }) => type === recordTypes.frame).map(({ end }) => end);
    let next = 0;
    let expected: number[] = [];
    for (let cut = 0; cut <= segment.length; cut++) {
      while ((records[next]?.end ?? Number.POSITIVE_INFINITY) <= cut)
        expected = [...expected, records[next++]?.offset ?? 0];
      const part = segment.subarray(0, cut);
      // A scan remembers nothing: what it finds from the last whole record on tells the rest.
      const from = next > 0 ? (records[next - 1]?.offset ?? 0) : SEGMENT_HEADER_BYTES;
      if (offsetsOf(part, from).length !== Math.min(next, 1)) throw new Error(`a cut at ${cut}: other records`);
      if (cut % 997 !== 0 && cut !== segment.length) continue;
      expect(offsetsOf(part, SEGMENT_HEADER_BYTES)).toStrictEqual(expected);
      expect(readAll(part)).toStrictEqual(whole.slice(0, frameEnds.filter((end) => end <= cut).length));
    }
  });

  test('with a bit flipped in any byte: the record is lost that it is in, and no other', () => {
    let [index, offsets] = [0, records.map(({ offset }) => offset)];
    for (let at = SEGMENT_HEADER_BYTES; at < segment.length; at++) {
      if (at >= (records[index]?.end ?? 0)) [index, offsets] = [index + 1, offsets.slice(1)];
      const { offset = 0 } = records[index] ?? {};
      segment[at] = (segment[at] ?? 0) ^ (1 << (at % 8));
      const found = offsetsOf(segment, offset);
      segment[at] = (segment[at] ?? 0) ^ (1 << (at % 8));
      const isRight = found.length === offsets.length - 1 && found.every((one, place) => one === offsets[place + 1]);
      if (!isRight) throw new Error(`a bit of byte ${at}: found records at ${found.slice(0, 5)}`);
    }
  });

  test('loses of a damaged record what it said, and of every other frame not a bit', () => {
    for (const { type, offset } of records) {
      const left = readAll(flipped(offset + 20, 3));
      if (type === recordTypes.frame) {
        expect(left).toStrictEqual(whole.filter((frame) => frame.offset !== offset));
        continue;
      }
      const { collector, chunk } = JSON.parse(Buffer.from(bodyAt(offset)).toString('utf8'));
      const leftAt = new Map(left.map((frame) => [frame.offset, frame]));
      for (const frame of whole) {
        const found = leftAt.get(frame.offset)?.samples ?? new Map();
        if (!frame.name.startsWith(`${collector}/`)) expect(leftAt.get(frame.offset)).toStrictEqual(frame);
        const described = describedBy(chunk, collector);
        for (const [series, bits] of frame.samples) {
          if (found.get(series) !== bits && !described(series)) throw new Error(`${frame.name} lost ${series}`);
        }
        for (const series of found.keys()) expect(frame.samples.has(series)).toBe(true);
      }
    }
  });

  test('with a bit flipped in its header: loses nothing, and says so', () => {
    for (let at = 0; at < SEGMENT_HEADER_BYTES; at++) {
      const damaged = flipped(at, at % 8);
      expect(readAll(damaged)).toStrictEqual(whole);
      // The number of the segment is that of its file.
      expect(readSegmentContent(damaged).damagedBytes).toBe(at < 12 ? SEGMENT_HEADER_BYTES : 0);
    }
  });

  test('is read so from real files too, by a start and by a reader', async () => {
    const path = segmentPath(folder, 1);
    for (let at = 5; at < segment.length; at += 3001) {
      for (const bytes of [segment.subarray(0, at), flipped(at, at % 8)]) {
        await writeFile(path, bytes);
        const expected = readAll(bytes).map(({ name }) => name);
        const names: string[] = [];
        const restore = ({ frame }: LogFrame) => names.push(`${frame.collector}/${frame.seq}/${frame.second}`);
        await recover({ directory: folder, logger: silentLogger, fromSegment: 0, restore });
        expect(names).toStrictEqual(expected);
        const { frames } = await openLogReader(folder).read(null, { bytesMax: 1e9 });
        expect(frames).toHaveLength(expected.length);
      }
    }
  });
});

const bodyAt = (offset: number): Uint8Array =>
  records.find((record) => record.offset === offset)?.body ?? new Uint8Array(0);

type Chunk = Parameters<Dictionary['apply']>[0];

/** Which series a chunk describes: those that it lists, and all of the endpoints that it lists. */
function describedBy(chunk: Chunk, collector: string): (series: string) => boolean {
  const names = new Set(chunk.endpoints.map(({ endpoint }) => endpoint.name));
  const endpointOf = (index: number) => (index === 0 ? collector : `${collector}/c${index}`);
  const listed = new Set(
    chunk.series.map(({ endpoint, metric, tags }) => formatSeries({ endpoint: endpointOf(endpoint), metric, tags })),
  );
  return (series) =>
    listed.has(series) ||
    [...names].some((name) => series.startsWith(formatSeries({ endpoint: name, metric: '', tags: {} })));
}
