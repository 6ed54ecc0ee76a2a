import type { Clock, Logger } from '../../core/index.ts';

/** How often the counters of what went wrong are looked at. */
const REPORT_MS = 60_000;

/** Logs, once a minute, the counters that moved: nothing that is refused or lost goes unsaid. */
export class CounterReport {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #read: () => Readonly<Record<string, number>>;
  #before: Readonly<Record<string, number>>;
  #cancel = (): void => {};

  constructor(clock: Clock, logger: Logger, read: () => Readonly<Record<string, number>>) {
    this.#clock = clock;
    this.#logger = logger;
    this.#read = read;
    this.#before = read();
  }

  start(): void {
    this.#cancel = this.#clock.after(REPORT_MS, () => {
      const counters = this.#read();
      const moved = Object.entries(counters).filter(([name, count]) => count !== this.#before[name]);
      if (moved.length > 0) this.#logger.warn(Object.fromEntries(moved), 'something was lost or refused');
      this.#before = counters;
      this.start();
    });
  }

  stop(): void {
    this.#cancel();
  }
}
