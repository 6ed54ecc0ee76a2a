import { expect, test } from 'vitest';
import { killAtPoints } from '../harness/alerting/kill-at-points.ts';

test('kill -9 between judging and noting a delivery loses no event, and tells none twice but with its key', async () => {
  const outcome = await killAtPoints(5);
  expect(outcome).toMatchObject({ kills: 5, events: 5, lost: 0, strangers: 0 });
  expect(outcome.duplicatesPerKillMax).toBeLessThanOrEqual(1);
}, 60_000);
