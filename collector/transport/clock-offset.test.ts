import { describe, expect, test } from 'vitest';
import { Backoff } from './backoff.ts';
import { ClockOffset } from './clock-offset.ts';

describe('the clock offset', () => {
  test('is not known before the first answer', () => {
    expect(new ClockOffset().offsetMs).toBeNaN();
  });

  test('is positive when this clock is ahead', () => {
    const offset = new ClockOffset();
    // Sent at 5,000 here, which is 2,000 there; 10 ms each way.
    offset.heard({ sentAtMs: 5000, serverMs: 2010, nowMs: 5020 });
    expect(offset.offsetMs).toBe(3000);
  });

  test('is taken from the answer with the shortest round trip', () => {
    const offset = new ClockOffset();
    offset.heard({ sentAtMs: 1000, serverMs: 1002, nowMs: 1004 });
    // The server waited 50 ms for its disk: the middle of the trip is not when it wrote.
    offset.heard({ sentAtMs: 2000, serverMs: 2052, nowMs: 2054 });
    expect(offset.offsetMs).toBe(0);
  });

  test('follows the clocks: old answers are forgotten', () => {
    const offset = new ClockOffset();
    offset.heard({ sentAtMs: 1000, serverMs: 1000, nowMs: 1000 });
    for (let at = 2000; at < 62_000; at += 1000) offset.heard({ sentAtMs: at, serverMs: at - 495, nowMs: at + 10 });
    expect(offset.offsetMs).toBe(500);
  });

  test('is not learnt from an answer that came before it was asked for, or much later', () => {
    const offset = new ClockOffset();
    offset.heard({ sentAtMs: 5000, serverMs: 0, nowMs: 4999 });
    offset.heard({ sentAtMs: 5000, serverMs: 0, nowMs: 15_001 });
    offset.heard({ sentAtMs: Number.NaN, serverMs: 0, nowMs: 15_001 });
    expect(offset.offsetMs).toBeNaN();
  });
});

describe('waits between attempts', () => {
  test('grow from one second to ten, and are short again after a success', () => {
    const backoff = new Backoff(() => 0);
    expect([1, 2, 3, 4, 5, 6].map(() => backoff.nextMs())).toEqual([1000, 2000, 4000, 8000, 10_000, 10_000]);
    backoff.reset();
    expect(backoff.nextMs()).toBe(1000);
  });

  test('are shortened by chance, by half at most', () => {
    expect(new Backoff(() => 1).nextMs()).toBe(500);
  });
});
