import type { LiveMessage } from '../../../core/index.ts';
import type { Console } from '../../harness/console.ts';
import { type Figures, median, percentile } from '../figures.ts';

/** From the second that a tick stands for until a live client has its samples, over `seconds`. */
export async function measureLive(person: Console, figures: Figures, seconds: number): Promise<void> {
  const delaysMs: number[] = [];
  let firstSecond = 0;
  await new Promise<void>((resolve, reject) => {
    const select = { metrics: ['cpu.busy', 'mem.usage.bytes', 'net.if.in.bytes'] };
    const onMessage = (message: LiveMessage): void => {
      if (message.type !== 'tick') return;
      firstSecond ||= message.second;
      // The first ticks carry the connection's own start.
      if (message.second > firstSecond + 2) delaysMs.push(Date.now() - message.second * 1000);
      if (message.second >= firstSecond + seconds) resolve();
    };
    person.live({ type: 'subscribe', id: 1, select }, onMessage).then((socket) => socket.once('error', reject), reject);
  });
  figures.emit('spine.live_p50_ms', median(delaysMs), 'ms');
  figures.emit('spine.live_p99_ms', percentile(delaysMs, 0.99), 'ms');
}
