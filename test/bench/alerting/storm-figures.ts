/** All instances of a company go down in one second: who hears, how soon, in how many messages, and what is lost. */
import { setTimeout as delay } from 'node:timers/promises';
import { FleetFeed } from '../../harness/alerting/fleet-feed.ts';
import { Hooks } from '../../harness/alerting/hooks.ts';
import { openRoom } from '../../harness/alerting/room.ts';
import type { BenchContext } from '../bench.ts';

const INSTANCES = 41_793;
const COLLECTORS = 42;
const SERIES_EACH = Math.ceil(INSTANCES / COLLECTORS);
const TEAMS = 12;
const CALM_SECONDS = 3;
const STORM_SECONDS = 20;
const LATE_MS_MAX = 60_000;

export async function stormFigures({ figures, say }: BenchContext): Promise<void> {
  say(`${INSTANCES} instances of ${TEAMS} teams go down in one second`);
  const hooks = await Hooks.open();
  const room = await openRoom(rulesFor(hooks.url));
  const nameOf = (index: number) => `team${index % TEAMS}.svc.${index}`;
  const feed = new FleetFeed({ collectors: COLLECTORS, seriesEach: SERIES_EACH, nameOf });
  let longestTickMs = 0;
  let longestSecondMs = 0;
  let downAtMs = 0;
  try {
    const firstSecond = Math.floor(Date.now() / 1000);
    const usageBefore = process.cpuUsage();
    const startMs = performance.now();
    for (let passed = 0; passed < CALM_SECONDS + STORM_SECONDS; passed++) {
      const isDown = passed >= CALM_SECONDS;
      await delay(Math.max(0, startMs + passed * 1000 - performance.now()));
      if (isDown && downAtMs === 0) downAtMs = performance.now();
      const secondMs = performance.now();
      for (let collector = 0; collector < COLLECTORS; collector++) {
        const values = new Float64Array(SERIES_EACH).fill(isDown ? 100 : 10);
        // The last collector has fewer instances than there are columns.
        for (let index = INSTANCES - collector * SERIES_EACH; index < SERIES_EACH; index++) values[index] = 10;
        const tickMs = performance.now();
        room.alerting.onTick(feed.tick(collector, firstSecond + passed, values));
        longestTickMs = Math.max(longestTickMs, performance.now() - tickMs);
        // Frames are messages of their own: between them the loop turns.
        await new Promise((resolve) => setImmediate(resolve));
      }
      if (passed > 0) longestSecondMs = Math.max(longestSecondMs, performance.now() - secondMs);
    }
    // What is late is late, and not lost.
    const endMs = performance.now() + LATE_MS_MAX;
    while (toldBy(hooks) < INSTANCES && performance.now() < endMs) await delay(100);
    const teams = Array.from({ length: TEAMS }, (_, team) =>
      hooks.received.filter(({ path }) => path === `/team${team}`),
    );
    const firstMs = teams.map((messages) => (messages[0]?.firstByteMs ?? Number.POSITIVE_INFINITY) - downAtMs);
    const lastMs = teams.map((messages) => (messages.at(-1)?.firstByteMs ?? Number.POSITIVE_INFINITY) - downAtMs);
    const told = toldBy(hooks);
    const usage = process.cpuUsage(usageBefore);
    figures.emit('alerting.storm_first_heard_max_s', Math.max(...firstMs) / 1000, 's');
    figures.emit('alerting.storm_all_told_s', Math.max(...lastMs) / 1000, 's');
    figures.emit('alerting.storm_messages_per_team_max', Math.max(...teams.map(({ length }) => length)), 'messages');
    figures.emit('alerting.storm_lost', INSTANCES - told, 'events');
    figures.emit('alerting.storm_tick_max_ms', longestTickMs, 'ms');
    figures.emit('alerting.storm_second_max_ms', longestSecondMs, 'ms');
    figures.emit('alerting.storm_cpu_s', (usage.user + usage.system) / 1e6, 's');
    figures.emit('alerting.storm_events_refused', room.alerting.metrics().eventsRefused, 'events');
    figures.computed({ instances: INSTANCES, teams: TEAMS, told });
  } finally {
    await room.close();
    hooks.close();
  }
}

/** Events that messages stand for. */
function toldBy({ received }: Hooks): number {
  return received.reduce((sum, { body }) => sum + (typeof body.count === 'number' ? body.count : 1), 0);
}

function rulesFor(url: string): string {
  const numbers = Array.from({ length: TEAMS }, (_, team) => team);
  const channels = numbers.map(
    (team) => `  - { name: room${team}, type: webhook, url: "${url}/team${team}", allow_internal: true }`,
  );
  const teams = numbers.map((team) => `  - { name: team${team}, channels: [room${team}] }`);
  const rules = numbers.map(
    (team) =>
      `  - { name: down ${team}, metric: cpu.busy, where: { endpoint: "*/team${team}.*" }, condition: "all(#1) > 99",` +
      ` priority: 0, max_step: 1, notify: [team${team}] }`,
  );
  return `channels:\n${channels.join('\n')}\nteams:\n${teams.join('\n')}\nrules:\n${rules.join('\n')}\n`;
}
