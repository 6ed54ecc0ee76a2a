/**
 * A process of its own that takes a stream of frames as the server does and kills itself, with SIGKILL, when it has
 * reached a named point of the write path so many times. Says on its output which frames were acknowledged, at once.
 * Started by `kill-at-write-points.ts` only.
 */
import { writeSync } from 'node:fs';
import { silentLogger, VirtualClock } from '../../../core/index.ts';
import { freeSegments, Intake, realDisk, Storage, type WritePoint } from '../../../realtime/index.ts';
import { LAST_SECOND, streamOfFrames } from './stream.ts';
import { optionsOf } from './victim-options.ts';

/** Frames that arrive together, and groups of them between two visits of what brings blocks to disk. */
const GROUP_FRAMES = 12;
const GROUPS_PER_KEEP = 4;

const [folder = '', deadly = 'never', times = '1', acknowledged = ''] = process.argv.slice(2);
let left = Number(times);
const reached = (point: WritePoint): void => {
  if (point === deadly && --left === 0) process.kill(process.pid, 'SIGKILL');
};

const clock = new VirtualClock(LAST_SECOND * 1000);
const disk = { ...realDisk, reached };
const storage = await Storage.open({ ...optionsOf(folder), clock, logger: silentLogger, disk });
const intake = new Intake({
  ring: storage.ring,
  log: storage.log,
  clock,
  listeners: [],
  loading: () => storage.loaded,
});
await storage.restore(intake);

/** As the server does it once a minute: blocks to disk, then away with what is needed no more. */
async function keep(): Promise<void> {
  await storage.loaded;
  await storage.keeper.keep();
  const { neededFrom } = storage.keeper;
  const { directory } = optionsOf(folder);
  const historySegment = async () => Number.POSITIVE_INFINITY;
  const bytesMax = Number.POSITIVE_INFINITY;
  await freeSegments({
    directory,
    logger: silentLogger,
    neededFrom,
    nowMs: clock.nowMs(),
    bytesMax,
    historySegment,
    disk,
  });
}

const known = new Set(acknowledged.split(',').filter(Boolean).map(Number));
const frames = streamOfFrames();
const unsent = [...frames.keys()].filter((index) => !known.has(index));
let keeping = Promise.resolve();
for (let at = 0; at < unsent.length; at += GROUP_FRAMES) {
  const group = unsent.slice(at, at + GROUP_FRAMES).map(async (index) => {
    const one = frames[index];
    if (one === undefined) return;
    await intake.accept(one.frame, one.dictionary);
    writeSync(process.stdout.fd, `${index}\n`);
  });
  await Promise.all(group);
  if ((at / GROUP_FRAMES) % GROUPS_PER_KEEP !== GROUPS_PER_KEEP - 1) continue;
  // Frames come in while blocks are written.
  await keeping;
  keeping = keep();
}
await keeping;
await keep();
await storage.close();
