/** How long from the deciding sample to the first byte of its webhook, while 40,000 series × 10 rules are judged. */
import { setTimeout as delay } from 'node:timers/promises';
import { FleetFeed } from '../../harness/alerting/fleet-feed.ts';
import { Hooks } from '../../harness/alerting/hooks.ts';
import { openRoom } from '../../harness/alerting/room.ts';
import type { BenchContext } from '../bench.ts';
import { percentile } from '../figures.ts';

const COLLECTORS = 40;
const SERIES_EACH = 1000;
const ROUNDS = 200;
/** A second's load in a quarter of one. */
const ROUND_MS = 250;

const others = ['all(#3) > 101', 'max(#5) > 102', 'avg(#10) > 101', 'min(#5) < 0', 'all(#10) > 103', 'sum(#3) > 400'];

export async function latencyFigures({ figures, say }: BenchContext): Promise<void> {
  say(`sample in to webhook out, ${ROUNDS} times`);
  const hooks = await Hooks.open();
  const room = await openRoom(rulesFor(hooks.url));
  const feed = new FleetFeed({ collectors: COLLECTORS, seriesEach: SERIES_EACH, nameOf: (index) => `web.${index}` });
  const sentAtMs = new Map<string, number>();
  try {
    const firstSecond = Math.floor(Date.now() / 1000);
    for (let round = 0; round < ROUNDS; round++) {
      const startMs = performance.now();
      // One series of one collector goes over the edge in each round; its number is that of a full-period generator.
      const chosen = (round * 7919 + 13) % (COLLECTORS * SERIES_EACH);
      for (let collector = 0; collector < COLLECTORS; collector++) {
        const values = new Float64Array(SERIES_EACH).fill(20 + (round % 7));
        const isHit = Math.floor(chosen / SERIES_EACH) === collector;
        if (isHit) {
          values[chosen % SERIES_EACH] = 100;
          sentAtMs.set(`node${collector}/web.${chosen}`, performance.now());
        }
        room.alerting.onTick(feed.tick(collector, firstSecond + round, values));
      }
      await delay(Math.max(0, ROUND_MS - (performance.now() - startMs)));
    }
    await delay(500);
    const delays = hooks.received.flatMap(({ body, firstByteMs }) => {
      const sent = sentAtMs.get(String(body.endpoint));
      return body.status === 'PROBLEM' && sent !== undefined ? [firstByteMs - sent] : [];
    });
    figures.emit('alerting.sample_to_webhook_p50_ms', percentile(delays, 0.5), 'ms');
    figures.emit('alerting.sample_to_webhook_p99_ms', percentile(delays, 0.99), 'ms');
    figures.emit('alerting.sample_to_webhook_lost', ROUNDS - delays.length, 'messages');
    figures.computed({ rounds: ROUNDS, told: delays.length });
  } finally {
    await room.close();
    hooks.close();
  }
}

function rulesFor(url: string): string {
  const quiet = [...others, 'avg(#5) < 0', 'max(#3) < 0', 'all(#5) >= 199'].map(
    (condition, index) => `  - { name: quiet ${index}, metric: cpu.busy, condition: "${condition}", notify: [hook] }`,
  );
  return `channels: [{ name: hook, type: webhook, url: "${url}/hook", allow_internal: true, digest_above: 100 }]
rules:
  - { name: edge, metric: cpu.busy, condition: "all(#1) > 99", priority: 1, notify: [hook] }
${quiet.join('\n')}
`;
}
