/** How long a server takes until it answers, with a day of a fleet on its disk. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type QueryRangeAnswer, silentLogger, systemClock } from '../../../core/index.ts';
import { Intake, Storage } from '../../../realtime/index.ts';
import type { Console } from '../../harness/console.ts';
import { Saker } from '../../harness/saker.ts';
import { until } from '../../harness/waiting.ts';
import type { Bench, BenchContext } from '../bench.ts';
import { makeFleet } from './fleet.ts';
import { readRecording } from './recording.ts';

/** Ticks between two times that blocks are brought to disk; the server does it every minute. */
const KEEP_TICKS = 600;

/** The end of the day goes through the log, as it would. */
const LOGGED_TICKS = 420;

const READY_MS_MAX = 120_000;
const LOADED_MS_MAX = 600_000;

export const restartBench: Bench = {
  name: 'restart',
  summary: 'seconds from the start of a server until it answers (--series N, --hours N)',
  run: async ({ figures, args, say }) => {
    const options = { data: { type: 'string' }, series: { type: 'string' }, hours: { type: 'string' } } as const;
    const { values } = parseArgs({ args: [...args], options });
    const [seriesCount, hours] = [Number(values.series ?? 40_000), Number(values.hours ?? 24)];
    const directory = await mkdtemp(join(tmpdir(), 'saker-restart-'));
    try {
      const recording = await readRecording(values.data);
      const start = Math.floor(Date.now() / 1000) - hours * 3600;
      await writeDay(directory, makeFleet(recording, { seriesCount, start }), { ticks: hours * 3600, say });
      await measure(directory, { start, hours }, figures);
      figures.computed({ seriesCount, hours });
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  },
};

type Day = { readonly ticks: number; readonly say: BenchContext['say'] };

/** Fills a data folder as a server would that then was killed. */
async function writeDay(directory: string, { hosts }: ReturnType<typeof makeFleet>, { ticks, say }: Day) {
  const paths = { directory: join(directory, 'log'), blocksDirectory: join(directory, 'blocks') };
  const storage = await Storage.open({ ...paths, clock: systemClock, logger: silentLogger, seriesMax: 1_000_000 });
  const { ring, log } = storage;
  const intake = new Intake({ ring, log, clock: systemClock, listeners: [] });
  await storage.restore(intake);
  for (let tick = 0; tick < ticks; tick++) {
    const frames = hosts.map(({ dictionary, frame }) => ({ dictionary, frame: frame(tick) }));
    if (tick >= ticks - LOGGED_TICKS) await Promise.all(frames.map((one) => intake.accept(one.frame, one.dictionary)));
    else for (const one of frames) ring.put(one.frame, one.dictionary, one.frame.sentAtMs);
    if (tick % KEEP_TICKS === KEEP_TICKS - 1) await storage.keeper.keep();
    if (tick % 3600 === 3599) say(`${(tick + 1) / 3600} h written`);
  }
  await storage.keeper.keep();
  await log.close();
}

type Measured = { readonly start: number; readonly hours: number };

async function measure(directory: string, day: Measured, figures: BenchContext['figures']): Promise<void> {
  const startedAt = performance.now();
  const saker = await Saker.start({ command: 'server', dataDirectory: directory, readyMsMax: READY_MS_MAX });
  try {
    figures.emit('restart.newest_s', (performance.now() - startedAt) / 1000, 's');
    const isLoaded = async (): Promise<boolean> =>
      (await (await fetch(`${saker.url}/metrics`)).text()).includes('saker_ring_loaded 1');
    await until('all blocks', isLoaded, LOADED_MS_MAX);
    figures.emit('restart.all_s', (performance.now() - startedAt) / 1000, 's');
    figures.computed(await samplesOf(await saker.signIn(), day));
  } finally {
    await saker.stop();
  }
}

/** How many samples of one series the server has: all of them, or it did not read everything. */
async function samplesOf(person: Console, { start, hours }: Measured): Promise<number> {
  const [fromMs, toMs] = [start * 1000, (start + hours * 3600) * 1000];
  const select = { endpoints: ['service.7'], metrics: ['m3'] };
  const { series } = await person.post<QueryRangeAnswer>('/api/v1/query_range', {
    select,
    fromMs,
    toMs,
    stepSeconds: 60,
  });
  const samples = series[0]?.count.reduce((sum, count) => sum + count, 0) ?? 0;
  if (samples !== hours * 3600) throw new Error(`${samples} of ${hours * 3600} samples are there after the start`);
  return samples;
}
