import { readFile } from 'node:fs/promises';
import { Saker } from '../../harness/saker.ts';
import type { Fleet } from './fleet.ts';
import { FrameSender } from './frame-sender.ts';

/** Linux counts processor time in hundredths of a second. */
const TICKS_PER_SECOND = 100;

/** Metrics of all containers that the one live subscriber looks at. */
const METRICS_SEEN = 1;

export type ServedFleet = {
  readonly senders: readonly FrameSender[];
  /** Samples that the subscriber was shown. */
  readonly seenLive: () => number;
  /** Processor time of the server until now, user and system, seconds. */
  readonly cpuSeconds: () => Promise<number>;
};

/** A server with a fleet connected to it and one live subscriber, for as long as `work` takes. */
export async function withServedFleet(fleet: Fleet, work: (served: ServedFleet) => Promise<void>): Promise<void> {
  const saker = await Saker.start({ command: 'server' });
  const senders: FrameSender[] = [];
  try {
    const person = await saker.signIn();
    for (const host of fleet.hosts) {
      const body = { name: host.name, scope: 'collector' };
      const { secret: token } = await person.post<{ secret: string }>('/api/v1/tokens', body);
      senders.push(new FrameSender(host, { url: saker.url, token }));
    }
    let seen = 0;
    const metrics = Array.from({ length: METRICS_SEEN }, (_, metric) => `m${metric}`);
    await person.live({ type: 'subscribe', id: 1, select: { metrics } }, (message) => {
      if (message.type === 'tick') seen += message.values.length;
    });
    for (const sender of senders) await sender.connect();
    const pid = (await saker.processes()).get('server') ?? 0;
    await work({ senders, seenLive: () => seen, cpuSeconds: () => cpuSecondsOf(pid) });
  } finally {
    for (const sender of senders) sender.close();
    await saker.stop();
  }
}

async function cpuSecondsOf(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}
