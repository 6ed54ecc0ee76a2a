/** What intake costs the server: frames through real sockets, durable, in the ring, judged, shown to one subscriber. */
import { parseArgs } from 'node:util';
import type { Bench } from '../bench.ts';
import { makeFleet } from './fleet.ts';
import { readRecording } from './recording.ts';
import { withServedFleet } from './served-fleet.ts';

/** How long before now the first frame was taken: all of them belong to the last 24 h. */
const AGE_SECONDS = 20 * 3600;

/** The first ticks warm up what is compiled while it runs. */
const WARM_UP_TICKS = 120;

export const ingestBench: Bench = {
  name: 'ingest',
  summary: 'samples per core-second of the server (--series N, --ticks N)',
  run: async ({ figures, args, say }) => {
    const options = { data: { type: 'string' }, series: { type: 'string' }, ticks: { type: 'string' } } as const;
    const { values } = parseArgs({ args: [...args], options });
    const [seriesCount, ticks] = [Number(values.series ?? 20_000), Number(values.ticks ?? 1800)];
    const start = Math.floor(Date.now() / 1000) - AGE_SECONDS;
    const fleet = makeFleet(await readRecording(values.data), { seriesCount, start });
    await withServedFleet(fleet, async ({ senders, seenLive, cpuSeconds }) => {
      await Promise.all(senders.map((sender) => sender.send(0, WARM_UP_TICKS)));
      const [cpuBefore, startedAt] = [await cpuSeconds(), performance.now()];
      await Promise.all(senders.map((sender) => sender.send(WARM_UP_TICKS, WARM_UP_TICKS + ticks)));
      const cpu = (await cpuSeconds()) - cpuBefore;
      const samples = ticks * fleet.seriesCount;
      say(`${samples} samples in ${Math.round(performance.now() - startedAt)} ms; ${seenLive()} seen live`);
      figures.emit('ingest.samples', samples, 'samples');
      figures.emit('ingest.samples_per_core_second', samples / cpu, 'samples/core-s');
      figures.computed(senders.map(({ acknowledged }) => acknowledged));
    });
  },
};
