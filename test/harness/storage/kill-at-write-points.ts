/**
 * Lets a process take a stream of frames and die at a named point of the write path, again and again until the stream is
 * done, and then counts what was lost, what is wrong, and what the log holds twice.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compareFrames, silentLogger, VirtualClock } from '../../../core/index.ts';
import { Intake, openLogReader, readBuckets, Storage, select, type WritePoint } from '../../../realtime/index.ts';
import { FIRST_SECOND, LAST_SECOND, type StreamFrame, seriesOf, streamOfFrames } from './stream.ts';
import { optionsOf } from './victim-options.ts';

const program = fileURLToPath(
  new URL(
    import.meta.url.endsWith('.ts') ? '../../../dist/test/harness/storage/victim.js' : './victim.js',
    import.meta.url,
  ),
);

/** The log is small: it is read at once. */
const LOG_BYTES_MAX = 1024 ** 3;

export type PointOutcome = {
  readonly kills: number;
  readonly acknowledged: number;
  /** Samples of the ring that are not what the acknowledged frames say, or are too many. */
  readonly wrong: number;
  /** Frames that lay at two places of the log, at whatever times. */
  readonly twice: number;
  /** Segments and files of blocks that have gone: the stream is long enough to be about something. */
  readonly segmentsFreed: number;
};

/** Dies at `point` when it was reached for the first of `times`, then the next of them, and then not any more. */
export async function killAtWritePoint(point: WritePoint, times: readonly number[]): Promise<PointOutcome> {
  const folder = await mkdtemp(join(tmpdir(), 'saker-points-'));
  const acknowledged = new Set<number>();
  const places = new Map<string, Set<string>>();
  let kills = 0;
  try {
    for (const count of [...times, 0]) {
      if (await run(folder, { point, count }, acknowledged)) kills++;
      await notePlaces(folder, places);
    }
    const twice = [...places.values()].filter(({ size }) => size > 1).length;
    return { kills, acknowledged: acknowledged.size, twice, ...(await verify(folder)) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Runs a victim; true when it killed itself. Adds what it acknowledged. */
async function run(
  folder: string,
  { point, count }: { point: WritePoint; count: number },
  acknowledged: Set<number>,
): Promise<boolean> {
  const args = [program, folder, count === 0 ? 'never' : point, String(count), [...acknowledged].join(',')];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let [told, complaints] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => {
    told += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    complaints += chunk.toString();
  });
  const [code, signal] = await once(child, 'close');
  if (signal !== 'SIGKILL' && code !== 0) throw new Error(`the victim of ${point} failed: ${complaints}`);
  for (const line of told.split('\n').slice(0, -1)) acknowledged.add(Number(line));
  return signal === 'SIGKILL';
}

/** Notes where in the log each frame lies, while it is there. */
async function notePlaces(folder: string, places: Map<string, Set<string>>): Promise<void> {
  const reader = openLogReader(optionsOf(folder).directory);
  // One frame a batch: its place is where the batch ends.
  let batch = await reader.read(null, { bytesMax: 1 });
  for (let count = 0; batch.frames.length > 0 && count < LOG_BYTES_MAX; count++) {
    for (const { frame } of batch.frames) {
      const key = `${frame.collector}/${frame.bootEpoch}/${frame.seq}`;
      const known = places.get(key) ?? new Set();
      places.set(key, known.add(`${batch.next.segment}/${batch.next.offset}`));
    }
    batch = await reader.read(batch.next, { bytesMax: 1 });
  }
}

/** What the ring of a start holds, against what the stream says. */
async function verify(folder: string): Promise<Pick<PointOutcome, 'wrong' | 'segmentsFreed'>> {
  const clock = new VirtualClock(LAST_SECOND * 1000);
  const storage = await Storage.open({ ...optionsOf(folder), clock, logger: silentLogger });
  const intake = new Intake({ ring: storage.ring, log: storage.log, clock, listeners: [] });
  await storage.restore(intake);
  await storage.loaded;
  let wrong = 0;
  for (const [name, samples] of expected()) {
    const [endpoint = '', metric = ''] = name.split(' ');
    const [located] = select(storage.ring, { endpoints: [endpoint], metrics: [metric] });
    const buckets = located && readBuckets(located, { from: FIRST_SECOND, to: LAST_SECOND, step: 1 });
    for (let second = FIRST_SECOND; second < LAST_SECOND; second++) {
      const at = second - FIRST_SECOND;
      const held = (buckets?.count[at] ?? 0) > 0 ? buckets?.last[at] : undefined;
      if (held !== samples.get(second)) wrong++;
    }
  }
  const oldest = (await openLogReader(optionsOf(folder).directory).read(null, { bytesMax: 1 })).next.segment;
  await storage.log.close();
  return { wrong, segmentsFreed: oldest - 1 };
}

/** Samples by series and second: of each collector's second, those of the frame that outranks the others. */
function expected(): Map<string, Map<number, number>> {
  const holding = new Map<string, StreamFrame>();
  for (const one of streamOfFrames()) {
    const key = `${one.frame.collector} ${one.frame.second}`;
    const other = holding.get(key);
    if (other === undefined || compareFrames(one.frame, other.frame) > 0) holding.set(key, one);
  }
  const series = new Map<string, Map<number, number>>();
  for (const one of holding.values()) {
    seriesOf(one).forEach((name, column) => {
      const samples = series.get(name) ?? new Map<number, number>();
      series.set(name, samples);
      const value = one.frame.values[column] ?? Number.NaN;
      if (!Number.isNaN(value)) samples.set(one.frame.second, value);
    });
  }
  return series;
}
