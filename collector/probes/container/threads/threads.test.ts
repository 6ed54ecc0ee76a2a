import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CoreClock } from './core-shares.ts';
import { LoadAverage } from './load-average.ts';
import { parseThreadStat } from './thread-stat.ts';

const line = (name: string, state = 'S'): Buffer =>
  Buffer.from(
    `7 (${name}) ${state} 1 7 7 0 -1 4194560 99 0 0 0 12 30 0 0 20 0 1 0 123 456 1 ${'0 '.repeat(13)}17 3 0 0\n`,
  );

describe('the load average of a container', () => {
  test('is that of the kernel: one task that always runs, over a minute', () => {
    const load = new LoadAverage();
    for (let step = 0; step < 12; step++) load.advance(1);
    // After a minute 1 − 1/e of the way on the first; the kernel's rounding included.
    expect(load.averages).toEqual([0.63, 0.18, 0.06]);
  });

  test('comes to rest on a constant number of tasks, and on zero', () => {
    const load = new LoadAverage();
    load.advance(3, 720);
    expect(load.averages[0]).toBe(3);
    load.advance(0, 720);
    expect(load.averages.slice(0, 2)).toEqual([0, 0]);
  });

  test('never exceeds what was counted at most, and never falls below nothing', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 5000 }), { minLength: 1, maxLength: 200 }), (counts) => {
        const load = new LoadAverage();
        for (const count of counts) load.advance(count);
        for (const average of load.averages) {
          expect(average).toBeGreaterThanOrEqual(0);
          expect(average).toBeLessThanOrEqual(Math.max(...counts) + 0.01);
        }
      }),
    );
  });
});

describe('the line of a thread', () => {
  test.each([
    ['R', true],
    ['D', true],
    ['S', false],
    ['Z', false],
    ['T', false],
  ])('in state %s is active: %s', (state, isActive) => {
    expect(parseThreadStat(line('sh', state))).toEqual({ isActive, ticks: 42, core: 3 });
  });

  test('is read behind a name that looks like a line', () => {
    expect(parseThreadStat(line('x) R 1 1 1 (y', 'S'))).toEqual({ isActive: false, ticks: 42, core: 3 });
  });

  test('is null or a stat, whatever the bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => void parseThreadStat(Buffer.from(bytes))));
    expect(parseThreadStat(Buffer.from('7 (sh)'))).toBeNull();
    expect(parseThreadStat(Buffer.from(''))).toBeNull();
  });
});

describe('the cores of a container', () => {
  const stat = (ticks: number, core: number) => ({ isActive: true, ticks, core });

  test('have nothing to say at the first look', () => {
    const clock = new CoreClock();
    clock.begin(5);
    clock.saw(1, stat(100, 0));
    expect(clock.end(1)).toBeNull();
  });

  test('get the time of their threads, scaled down to the kernel’s own sum', () => {
    const clock = new CoreClock();
    clock.begin(5);
    clock.saw(1, stat(100, 0));
    clock.saw(2, stat(100, 1));
    clock.end(1);
    clock.begin(5);
    clock.saw(1, stat(250, 0));
    clock.saw(2, stat(200, 1));
    const shares = clock.end(2);
    expect(shares?.percentOfCore.get(0)).toBeCloseTo(24);
    expect(shares?.percentOfCore.get(1)).toBeCloseTo(16);
    expect(shares?.unplacedPercent).toBe(0);
  });

  test('leave unplaced what ended threads took with them, and what moved', () => {
    const clock = new CoreClock();
    clock.begin(5);
    for (const tid of [1, 2, 3]) clock.saw(tid, stat(0, 0));
    clock.end(0);
    clock.begin(5);
    clock.saw(1, stat(100, 0));
    clock.saw(2, stat(100, 1));
    const shares = clock.end(4);
    expect(shares?.unplacedPercent).toBe(75);
  });

  test('do not take a thread for new that is older than the interval', () => {
    const clock = new CoreClock();
    clock.begin(5);
    clock.end(0);
    clock.begin(5);
    clock.saw(9, stat(100_000, 0));
    expect(clock.end(1)?.percentOfCore.size).toBe(0);
  });
});
