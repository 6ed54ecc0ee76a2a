import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Frame, silentLogger, systemClock } from '../../core/index.ts';
import { dictionaryOf, frameOf, samplesOf } from '../testing/frames.ts';
import { openLogReader } from './log-reader.ts';
import { LogWriter } from './log-writer.ts';
import type { LogPosition } from './position.ts';
import { recover } from './recovery.ts';
import { readGaps } from './retention/gaps.ts';
import { freeSegments } from './retention/retention.ts';
import { listSegments, segmentPath } from './segment-files.ts';

let directory = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'saker-log-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const dictionary = dictionaryOf(2);

function writerOf(options: { nextSegment?: number; segmentBytesMax?: number } = {}): LogWriter {
  return new LogWriter({
    directory,
    nextSegment: options.nextSegment ?? 1,
    segmentBytesMax: options.segmentBytesMax ?? 1024 * 1024,
    clock: systemClock,
    logger: silentLogger,
  });
}

const frames = (from: number, to: number): Frame[] =>
  Array.from({ length: to - from + 1 }, (_, index) => frameOf({ seq: from + index, samples: [from + index, 0.5] }));

async function writeAndClose(writer: LogWriter, list: readonly Frame[]): Promise<void> {
  for (const frame of list) await writer.append(frame, dictionary);
  await writer.close();
}

const recoverInto = (restore: (frame: Frame) => void) =>
  recover({ directory, logger: silentLogger, fromSegment: 0, restore: ({ frame }) => restore(frame) });

async function recoveredSeqs(): Promise<number[]> {
  const seqs: number[] = [];
  await recoverInto(({ seq }) => seqs.push(seq));
  return seqs;
}

describe('segment log', () => {
  test('gives back every frame after a restart, with its samples', async () => {
    await writeAndClose(writerOf({ segmentBytesMax: 400 }), frames(1, 10));
    expect((await listSegments(directory)).length).toBeGreaterThan(2);
    const restored: (number | undefined)[][] = [];
    await recoverInto(({ values }) => restored.push(samplesOf(values)));
    expect(restored).toStrictEqual(frames(1, 10).map(({ values }) => samplesOf(values)));
  });

  test('writes frames that arrive together with one sync', async () => {
    const writer = writerOf();
    await Promise.all(frames(1, 50).map((frame) => writer.append(frame, dictionary)));
    expect(writer.status().groups).toBe(1);
    await writer.close();
  });

  test('lets a reader go on exactly where it stopped, in another process', async () => {
    await writeAndClose(writerOf({ segmentBytesMax: 500 }), frames(1, 30));
    const seqs: number[] = [];
    let position: LogPosition | null = null;
    for (let round = 0; round < 100; round++) {
      // A new reader each time has to find the dictionary again.
      const batch = await openLogReader(directory).read(position, { bytesMax: 150 });
      if (batch.frames.length === 0) break;
      seqs.push(...batch.frames.map(({ frame }) => frame.seq));
      position = batch.next;
    }
    expect(seqs).toStrictEqual(frames(1, 30).map(({ seq }) => seq));
    expect(await openLogReader(directory).pendingBytes(position)).toBe(0);
  });

  test('lets a reader read the same batch again by its end', async () => {
    const writer = writerOf();
    for (const frame of frames(1, 5)) await writer.append(frame, dictionary);
    const before = await openLogReader(directory).read(null, { bytesMax: 1e6 });
    for (const frame of frames(6, 9)) await writer.append(frame, dictionary);
    const again = await openLogReader(directory).read(null, { bytesMax: 1e6, until: before.next });
    expect(again.frames.map(({ frame }) => frame.seq)).toStrictEqual([1, 2, 3, 4, 5]);
    expect(again.next).toStrictEqual(before.next);
    await writer.close();
  });

  test('goes on in a new segment when the disk refuses, and loses nothing', async () => {
    const writer = writerOf({ nextSegment: 1 });
    for (const frame of frames(1, 3)) await writer.append(frame, dictionary);
    // A file where the next segment should go: creating it fails like a full disk does.
    await writer.close();
    await writeFile(segmentPath(directory, 2), '');
    const second = writerOf({ nextSegment: 2 });
    await Promise.all(frames(4, 6).map((frame) => second.append(frame, dictionary)));
    expect(second.status()).toMatchObject({ failures: 1, healthy: true, segment: 3 });
    await second.close();
    expect(await recoveredSeqs()).toStrictEqual([1, 2, 3, 4, 5, 6]);
  });

  test('frees segments that rest in blocks and are read; what the cap takes from history is written down', async () => {
    await writeAndClose(writerOf({ segmentBytesMax: 300 }), frames(1, 20));
    const segments = await listSegments(directory);
    const newest = segments.at(-1) ?? 0;
    const free = (facts: { neededFrom: number; history: number | null; bytesMax?: number }) =>
      freeSegments({
        directory,
        logger: silentLogger,
        neededFrom: facts.neededFrom,
        nowMs: 77,
        bytesMax: facts.bytesMax ?? 1e9,
        historySegment: async () => facts.history,
      });
    expect(await free({ neededFrom: newest, history: null })).toStrictEqual({ segments: 0, lostToHistory: 0 });
    expect(await free({ neededFrom: 2, history: 9 })).toStrictEqual({ segments: 1, lostToHistory: 0 });
    expect(await free({ neededFrom: newest, history: 3 })).toStrictEqual({ segments: 1, lostToHistory: 0 });
    expect(await readGaps(directory)).toStrictEqual([]);
    const forced = await free({ neededFrom: newest - 1, history: 4, bytesMax: 0 });
    expect(forced).toStrictEqual({ segments: newest - 4, lostToHistory: newest - 5 });
    const gaps = await readGaps(directory);
    expect(gaps.map(({ segment }) => segment)).toStrictEqual(segments.slice(3, -2));
    const before = gaps.reduce((sum, { frames: count }) => sum + count, 0);
    expect(before).toBeGreaterThan(0);
    expect(gaps[0]).toMatchObject({ collectors: ['h1'], droppedAtMs: 77 });
    expect(gaps[0]?.from).toBeLessThanOrEqual(gaps[0]?.to ?? 0);
  });
});
