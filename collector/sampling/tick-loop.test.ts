import { describe, expect, test } from 'vitest';
import { type Clock, type Second, VirtualClock } from '../../core/index.ts';
import { TickLoop } from './tick-loop.ts';

const START_MS = 1_700_000_000_250;
const FIRST = 1_700_000_001;

function startedLoop(onTick: (clock: VirtualClock, second: Second) => void = () => {}) {
  const clock = new VirtualClock(START_MS);
  const seconds: number[] = [];
  const wallMs: number[] = [];
  const loop = new TickLoop(clock, (second) => {
    seconds.push(second);
    wallMs.push(clock.nowMs());
    onTick(clock, second);
  });
  loop.start();
  return { clock, loop, seconds, wallMs };
}

describe('the tick loop', () => {
  test('ticks once a second, right when the wall-clock second begins', async () => {
    const { clock, seconds, wallMs } = startedLoop();
    await clock.advance(3000);
    expect(seconds).toEqual([FIRST, FIRST + 1, FIRST + 2]);
    expect(wallMs).toEqual(seconds.map((at) => at * 1000));
  });

  test('does not tick for the second in which it started', async () => {
    const { clock, seconds } = startedLoop();
    await clock.advance(749);
    expect(seconds).toEqual([]);
    await clock.advance(1);
    expect(seconds).toEqual([FIRST]);
  });

  test('that was paused skips the seconds it missed, counts them, and is on time again', async () => {
    const clock = new VirtualClock(START_MS);
    const wallMs: number[] = [];
    const lateAfterTicks = new Map([[2, 3400]]);
    const busyClock: Clock = {
      nowMs: () => clock.nowMs(),
      monotonicMs: () => clock.monotonicMs(),
      after: (delayMs, run) => clock.after(delayMs + (lateAfterTicks.get(wallMs.length) ?? 0), run),
    };
    const loop = new TickLoop(busyClock, () => wallMs.push(clock.nowMs()));
    loop.start();
    await clock.advance(8000);
    // The timer armed at 1 s for 2 s fired at 5.4 s.
    expect(wallMs.map((at) => at - FIRST * 1000)).toEqual([0, 1000, 5400, 6000, 7000]);
    expect([loop.skipped, loop.clockSteps]).toEqual([3, 0]);
  });

  test('does not serve a second twice when the clock is set back a little', async () => {
    const { clock, loop, seconds } = startedLoop();
    await clock.advance(2000);
    clock.stepWall(-2000);
    await clock.advance(5000);
    expect(seconds).toEqual([FIRST, FIRST + 1, FIRST + 2, FIRST + 3, FIRST + 4]);
    expect(loop.skipped).toBe(0);
  });

  test('believes a clock that is set back far, and says so', async () => {
    const { clock, loop, seconds } = startedLoop();
    await clock.advance(2000);
    clock.stepWall(-3_600_000);
    await clock.advance(2000);
    expect(seconds).toEqual([FIRST, FIRST + 1, FIRST + 2 - 3600, FIRST + 3 - 3600]);
    expect([loop.clockSteps, loop.skipped]).toEqual([1, 0]);
  });

  test('goes on at once when the clock is set ahead, and calls that no lateness', async () => {
    const { clock, loop, seconds } = startedLoop();
    await clock.advance(1000);
    clock.stepWall(3_600_000);
    await clock.advance(2000);
    expect(seconds).toEqual([FIRST, FIRST + 1 + 3600, FIRST + 2 + 3600]);
    expect([loop.clockSteps, loop.skipped]).toEqual([1, 0]);
  });

  test('stops, also from within a tick', async () => {
    const { clock, loop, seconds } = startedLoop(() => loop.stop());
    await clock.advance(5000);
    expect(seconds).toEqual([FIRST]);
  });
});
