/**
 * A process of its own that runs alerting and kills itself, with SIGKILL, at a named point of the way from sample to
 * note. It is handed ticks over IPC and answers each once it was judged. Started by `kill-at-points.ts` only.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { createAlerting, migrations } from '../../../alerting/index.ts';
import { type SeriesIdentity, type Statement, second, silentLogger, systemClock } from '../../../core/index.ts';
import { openStateStore } from '../../../server/index.ts';
import { FleetFeed } from './fleet-feed.ts';
import type { FromVictim, KillPoint, ToVictim } from './kill-points.ts';

const [statePath = '', rulesFile = '', killPoint = 'never'] = process.argv.slice(2);
const die = (point: KillPoint): void => {
  if (point === killPoint) process.kill(process.pid, 'SIGKILL');
};

const store = await openStateStore(statePath, migrations);
const points: { second: number; value: number }[] = [];
const wroteEvent = (statements: readonly Statement[]) => statements.some(({ sql }) => /INTO alerting_event/.test(sql));
const marks = (statements: readonly Statement[]) => statements.some(({ sql }) => /SET state = 'delivered'/.test(sql));

const alerting = await createAlerting({
  store: {
    read: (statement) => store.read(statement),
    async write(statements) {
      const isEvent = wroteEvent(statements);
      const isMark = marks(statements);
      if (isEvent) die('judged');
      if (isMark) die('sent');
      await store.write(statements);
      if (isEvent) die('stored');
      if (isMark) die('marked');
    },
  },
  clock: systemClock,
  logger: silentLogger,
  rulesFile,
  publicUrl: 'https://saker.example.org',
  version: 'test',
  publish: () => {},
  lastPoints: (_series: SeriesIdentity, count, before) =>
    points
      .filter((point) => point.second < before)
      .slice(-count)
      .map((point) => ({ second: second(point.second), value: point.value })),
});

const feed = new FleetFeed({ collectors: 1, seriesEach: 1, nameOf: () => 'web.1' });
process.on('message', (message: ToVictim) => {
  points.push(...message.before);
  alerting.onTick(feed.tick(0, message.second, Float64Array.of(message.value)));
  points.push({ second: message.second, value: message.value });
  const answer: FromVictim = { kind: 'judged', second: message.second };
  process.send?.(answer);
  void settled().then(() => process.send?.({ kind: 'settled' } satisfies FromVictim));
});
async function settled(): Promise<void> {
  for (;;) {
    const [row] = await store.read({
      sql: `SELECT count(*) AS pending FROM alerting_delivery WHERE state = 'pending'`,
    });
    if (row?.pending === 0 && alerting.metrics().eventsQueued === 0) return;
    await delay(10);
  }
}

process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
process.send?.({ kind: 'ready' } satisfies FromVictim);
