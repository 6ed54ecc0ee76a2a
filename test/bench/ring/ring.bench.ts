/** What a sample costs at rest, and how fast blocks are sealed and read. */
import { parseArgs } from 'node:util';
import { BlockReader, encodeBlock } from '../../../realtime/index.ts';
import type { Bench } from '../bench.ts';
import { type Figures, median } from '../figures.ts';
import { onlyChanging, type Recording, readRecording } from './recording.ts';

const ROUNDS = 6;

export const ringBench: Bench = {
  name: 'ring',
  summary: 'bytes a sample, encode and decode (--data FILE.csv.gz, --window SECONDS)',
  run: async ({ figures, args }) => {
    const { values } = parseArgs({
      args: [...args],
      options: { data: { type: 'string' }, window: { type: 'string' } },
    });
    const window = Number(values.window ?? 600);
    const recording = await readRecording(values.data);
    figures.emit('ring.window', window, 's');
    figures.emit('ring.bytes_per_sample', bytesPerSample(recording, window), 'B');
    figures.emit('ring.bytes_per_sample_changing', bytesPerSample(onlyChanging(recording), window), 'B');
    measureSpeed(recording, window, figures);
  },
};

/** Whole windows only: a shorter last one would be another window length. */
function* windowsOf({ seconds, endpoints }: Recording, window: number): Iterable<Float64Array[]> {
  for (const { columns } of endpoints) {
    for (let start = 0; start + window <= seconds; start += window) {
      yield columns.map((column) => column.subarray(start, start + window));
    }
  }
}

function bytesPerSample(recording: Recording, window: number): number {
  let [bytes, samples] = [0, 0];
  for (const columns of windowsOf(recording, window)) {
    bytes += encodeBlock(columns.length, window, (column) => columns[column]).length;
    samples += columns.length * window;
  }
  return bytes / samples;
}

/** CPU time, user and system, of one pass over all windows; the median of six after one to warm up. */
function cpuSecondsOf(pass: () => void): number {
  pass();
  const rounds = Array.from({ length: ROUNDS }, () => {
    const before = process.cpuUsage();
    pass();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1e6;
  });
  return median(rounds);
}

function measureSpeed(recording: Recording, window: number, figures: Figures): void {
  const windows = [...windowsOf(recording, window)];
  const samples = windows.reduce((sum, columns) => sum + columns.length * window, 0);
  let blocks: Uint8Array[] = [];
  const encodeSeconds = cpuSecondsOf(() => {
    blocks = windows.map((columns) => encodeBlock(columns.length, window, (column) => columns[column]));
  });
  const scratch = new Float64Array(window);
  let checksum = 0;
  const decodeSeconds = cpuSecondsOf(() => {
    checksum = 0;
    blocks.forEach((block, index) => {
      const opened = new BlockReader(block);
      for (let column = 0; column < (windows[index]?.length ?? 0); column++) {
        opened.read(column, scratch);
        checksum += (scratch[0] as number) + (scratch[window - 1] as number);
      }
    });
  });
  figures.emit('ring.encode', samples / encodeSeconds, 'samples/core-s');
  figures.emit('ring.decode', samples / decodeSeconds, 'samples/core-s');
  figures.computed({ samples, checksum, bytes: blocks.reduce((sum, block) => sum + block.length, 0) });
}
