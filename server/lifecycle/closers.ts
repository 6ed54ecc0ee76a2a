import { type Clock, describeError, type Logger } from '../../core/index.ts';

type Closer = { readonly name: string; readonly close: () => Promise<void> | void };

/** What was opened, to be closed in reverse. Each closer has a deadline, so that stopping always ends. */
export class Closers {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #closers: Closer[] = [];

  constructor(clock: Clock, logger: Logger) {
    this.#clock = clock;
    this.#logger = logger;
  }

  add(name: string, close: () => Promise<void> | void): void {
    this.#closers.push({ name, close });
  }

  async closeAll(deadlineMs: number): Promise<void> {
    for (const { name, close } of this.#closers.splice(0).reverse()) {
      try {
        await this.#within(deadlineMs, Promise.resolve(close()));
      } catch (error) {
        this.#logger.warn({ part: name, error: describeError(error) }, 'a part did not close cleanly');
      }
    }
  }

  #within(deadlineMs: number, work: Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      const cancel = this.#clock.after(deadlineMs, () => reject(new Error(`not closed within ${deadlineMs} ms`)));
      work.then(resolve, reject).finally(cancel);
    });
  }
}
