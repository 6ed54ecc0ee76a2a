declare const timestampBrand: unique symbol;
declare const secondBrand: unique symbol;

/** Milliseconds since the Unix epoch, wall clock. */
export type TimestampMs = number & { readonly [timestampBrand]: true };

/** Whole seconds since the Unix epoch: the name of a tick. */
export type Second = number & { readonly [secondBrand]: true };

export const timestampMs = (value: number): TimestampMs => value as TimestampMs;
export const second = (value: number): Second => value as Second;
export const secondOf = (at: TimestampMs): Second => Math.floor(at / 1000) as Second;

export type CancelTimer = () => void;

/**
 * The only source of time. Code that waits or stamps asks an injected clock, so that a test
 * can run a day in a millisecond and a step of the wall clock can be told from time passing.
 */
export interface Clock {
  /** Wall-clock time. May step in either direction. */
  nowMs(): TimestampMs;
  /** Time that only moves forward, in milliseconds, from an arbitrary origin. */
  monotonicMs(): number;
  /** Calls `run` once, after at least `delayMs` of monotonic time. */
  after(delayMs: number, run: () => void): CancelTimer;
}

export const systemClock: Clock = {
  nowMs: () => Date.now() as TimestampMs,
  monotonicMs: () => performance.now(),
  after: (delayMs, run) => {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
};

/** Resolves when the signal aborts, at once when it has. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** Resolves after `delayMs`; rejects with the signal's reason when it aborts first. */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const onAbort = () => {
      cancel();
      reject(signal?.reason);
    };
    const cancel = clock.after(delayMs, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
