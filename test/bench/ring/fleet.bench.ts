/** The fleet of the seed: second by second through sockets, then as fast as it goes, and the memory that it takes. */
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Ring } from '../../../realtime/index.ts';
import type { Bench, BenchContext } from '../bench.ts';
import { percentile } from '../figures.ts';
import { FLEET_START, makeFleet } from './fleet.ts';
import { type Recording, readRecording } from './recording.ts';
import { withServedFleet } from './served-fleet.ts';

/** Few large hosts: what is measured is the server, not the number of sockets. */
const ENDPOINTS_PER_HOST = 400;

export const fleetBench: Bench = {
  name: 'fleet',
  summary: 'a large fleet live, then hours of it replayed: memory (--series N, --hours N, --live SECONDS)',
  run: async ({ figures, args, say }) => {
    const string = { type: 'string' } as const;
    const options = { data: string, series: string, hours: string, live: string };
    const { values } = parseArgs({ args: [...args], options });
    const recording = await readRecording(values.data);
    const seriesCount = Number(values.series ?? 639_746);
    await runLive(recording, { seriesCount, seconds: Number(values.live ?? 60), figures });
    replay(recording, { seriesCount, hours: Number(values.hours ?? 1), figures, say });
  },
};

type Live = { readonly seriesCount: number; readonly seconds: number; readonly figures: BenchContext['figures'] };

/** Each wall-clock second a frame of each host; how long until it is acknowledged. */
async function runLive(recording: Recording, { seriesCount, seconds, figures }: Live): Promise<void> {
  const start = Math.floor(Date.now() / 1000) - seconds;
  const fleet = makeFleet(recording, { seriesCount, start, endpointsPerHost: ENDPOINTS_PER_HOST });
  await withServedFleet(fleet, async ({ senders, seenLive, cpuSeconds }) => {
    const [cpuBefore, startedAt] = [await cpuSeconds(), performance.now()];
    const delays: number[] = [];
    for (let tick = 0; tick < seconds; tick++) {
      const sentAt = performance.now();
      await Promise.all(
        senders.map((sender) => sender.send(tick, tick + 1).then(() => delays.push(performance.now() - sentAt))),
      );
      await delay(Math.max(0, startedAt + (tick + 1) * 1000 - performance.now()));
    }
    const elapsed = (performance.now() - startedAt) / 1000;
    figures.emit('fleet.live_seconds', elapsed, 's');
    figures.emit('fleet.live_server_cores', ((await cpuSeconds()) - cpuBefore) / elapsed, 'cores');
    figures.emit('fleet.live_ack_p99_ms', percentile(delays, 0.99), 'ms');
    figures.computed({ frames: delays.length, isSeen: seenLive() > 0 });
  });
}

type Replay = Omit<Live, 'seconds'> & { readonly hours: number; readonly say: BenchContext['say'] };

function replay(recording: Recording, { seriesCount, hours, figures, say }: Replay): void {
  const fleet = makeFleet(recording, { seriesCount });
  const ring = new Ring({ seriesMax: fleet.seriesCount });
  for (let tick = 0; tick < hours * 3600; tick++) {
    for (const { dictionary, frame } of fleet.hosts) ring.put(frame(tick), dictionary, (FLEET_START + tick) * 1000);
    if (tick % 3600 === 3599) say(`${(tick + 1) / 3600} h, ${Math.round(process.memoryUsage().rss / 2 ** 20)} MiB`);
  }
  globalThis.gc?.();
  figures.emit('fleet.resident_gib', process.memoryUsage().rss / 2 ** 30, 'GiB');
  figures.computed(ring.status());
}
