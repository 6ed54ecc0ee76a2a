import { describe, expect, test } from 'vitest';
import { VirtualClock } from '../../core/index.ts';
import { FairRation } from './fair-ration.ts';

describe('a fair ration', () => {
  test('serves whoever asks while there are tokens, and fills with time up to its bound', async () => {
    const clock = new VirtualClock(0);
    const ration = new FairRation({ clock, tokensPerSecond: 1, tokensMax: 2 });
    const [a, b, c] = [{}, {}, {}];
    expect([ration.take(a, 1), ration.take(b, 1), ration.take(c, 1)]).toEqual([true, true, false]);
    await clock.advance(60_000);
    expect([ration.take(c, 1), ration.take(a, 1), ration.take(b, 1)]).toEqual([true, true, false]);
    expect(ration.refused).toBe(2);
  });

  test('lets everybody have a turn, though the first always asks first', async () => {
    const clock = new VirtualClock(0);
    const ration = new FairRation({ clock, tokensPerSecond: 1, tokensMax: 1 });
    const owners = Array.from({ length: 5 }, () => ({}));
    const served = owners.map(() => 0);
    for (let second = 0; second < 50; second++) {
      for (const [index, owner] of owners.entries())
        if (ration.take(owner, 1)) served[index] = (served[index] ?? 0) + 1;
      await clock.advance(1000);
    }
    // Whoever asks late in a second may be overtaken once a round, and no more.
    expect(Math.max(...served)).toBeLessThanOrEqual(2 * Math.min(...served) + 1);
    expect(served.reduce((sum, count) => sum + count, 0)).toBe(50);
  });

  test('waits out what was taken beyond the bucket', async () => {
    const clock = new VirtualClock(0);
    const ration = new FairRation({ clock, tokensPerSecond: 10, tokensMax: 10 });
    const [a, b] = [{}, {}];
    expect(ration.take(a, 30)).toBe(true);
    await clock.advance(1900);
    expect(ration.take(b, 1)).toBe(false);
    await clock.advance(200);
    expect(ration.take(b, 1)).toBe(true);
  });

  test('does not wait for one that left', async () => {
    const clock = new VirtualClock(0);
    const ration = new FairRation({ clock, tokensPerSecond: 1, tokensMax: 1 });
    const [a, gone, b] = [{}, {}, {}];
    ration.take(a, 1);
    ration.take(gone, 1);
    ration.leave(gone);
    await clock.advance(1000);
    expect(ration.take(b, 1)).toBe(true);
  });
});
