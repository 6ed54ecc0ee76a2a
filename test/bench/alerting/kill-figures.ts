/** kill -9 at named points between judging and noting a delivery. */
import { killAtPoints } from '../../harness/alerting/kill-at-points.ts';
import type { BenchContext } from '../bench.ts';

const KILLS = 50;

export async function killFigures({ figures, say }: BenchContext): Promise<void> {
  say(`kill -9 at ${KILLS} points of judge, outbox, send and mark`);
  const outcome = await killAtPoints(KILLS);
  figures.emit('alerting.kill_lost', outcome.lost, 'events');
  figures.emit('alerting.kill_duplicates_per_kill_max', outcome.duplicatesPerKillMax, 'messages');
  figures.emit('alerting.kill_duplicates', outcome.duplicates, 'messages');
  figures.emit('alerting.kill_strange_keys', outcome.strangers, 'messages');
  figures.computed({ kills: outcome.kills, events: outcome.events, lost: outcome.lost });
}
