import { assert } from '../assert.ts';
import type { CancelTimer, Clock, TimestampMs } from './time.ts';

type Timer = { readonly dueMs: number; readonly order: number; readonly run: () => void };

/** A clock that moves only when told to: scenarios and unit tests run on it. */
export class VirtualClock implements Clock {
  #wallMs: number;
  #monotonicMs = 0;
  #order = 0;
  #timers: Timer[] = [];

  constructor(startMs: number) {
    this.#wallMs = startMs;
  }

  nowMs(): TimestampMs {
    return this.#wallMs as TimestampMs;
  }

  monotonicMs(): number {
    return this.#monotonicMs;
  }

  after(delayMs: number, run: () => void): CancelTimer {
    const timer: Timer = { dueMs: this.#monotonicMs + Math.max(0, delayMs), order: this.#order++, run };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /** Moves both clocks forward, running timers in due order and letting promises settle after each. */
  async advance(byMs: number): Promise<void> {
    assert(byMs >= 0, 'time that moves forward');
    const endMs = this.#monotonicMs + byMs;
    for (;;) {
      const next = this.#timers
        .filter((timer) => timer.dueMs <= endMs)
        .sort((a, b) => a.dueMs - b.dueMs || a.order - b.order)[0];
      if (!next) break;
      this.#moveTo(next.dueMs);
      this.#timers = this.#timers.filter((timer) => timer !== next);
      next.run();
      await settle();
    }
    this.#moveTo(endMs);
    await settle();
  }

  /** Steps the wall clock alone, as NTP or a person would. */
  stepWall(byMs: number): void {
    this.#wallMs += byMs;
  }

  #moveTo(monotonicMs: number): void {
    this.#wallMs += monotonicMs - this.#monotonicMs;
    this.#monotonicMs = monotonicMs;
  }
}

/** A few macrotask turns, enough for chains of awaits that do no I/O. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
}
