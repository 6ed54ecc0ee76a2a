export type Cancel = () => void;

/** The console's only source of time, so that its state machines run on a clock of the test. */
export interface Clock {
  /** The browser's wall clock, in milliseconds; it may be wrong (see `ServerTime`). */
  nowMs(): number;
  after(delayMs: number, run: () => void): Cancel;
}

export const browserClock: Clock = {
  nowMs: () => Date.now(),
  after: (delayMs, run) => {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
};
