/**
 * The one door through which log monitors touch files.
 *
 * Node runs file calls on four threads, and a dead file system holds a thread for as long as it
 * likes. So one call runs at a time (each takes a fraction of a millisecond); one that does not come
 * back is put aside with its path, and the others go on. With two threads held nobody is let in any
 * more: the other two belong to the rest of the collector.
 */
import { AppError, type Clock } from '../../../../core/index.ts';

const DEADLINE_MS = 2000;
const HANGING_MAX = 2;
/** Calls that wait their turn: one a monitor, and some. */
const WAITING_MAX = 1000;

export class FileGate {
  readonly #clock: Clock;
  readonly #hanging = new Set<string>();
  readonly #waiting: (() => void)[] = [];
  #isBusy = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Runs a call on `path`. Throws `TIMEOUT` when it hangs, or when this or two other paths hang already. */
  async pass<Result>(path: string, call: () => Promise<Result>): Promise<Result> {
    this.#refuse(path);
    if (this.#isBusy) {
      if (this.#waiting.length >= WAITING_MAX) throw new AppError('TIMEOUT', 'too many file calls wait');
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    this.#isBusy = true;
    try {
      this.#refuse(path);
      return await this.#within(path, call());
    } finally {
      // Whoever waited longest takes the turn over; nobody slips in between.
      const next = this.#waiting.shift();
      if (next === undefined) this.#isBusy = false;
      else next();
    }
  }

  #refuse(path: string): void {
    if (this.#hanging.has(path)) throw hangs(path);
    const [first] = this.#hanging;
    if (first !== undefined && this.#hanging.size >= HANGING_MAX) throw hangs(first);
  }

  #within<Result>(path: string, work: Promise<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      const cancel = this.#clock.after(DEADLINE_MS, () => {
        this.#hanging.add(path);
        reject(hangs(path));
      });
      const settle = (): void => {
        cancel();
        this.#hanging.delete(path);
      };
      work.then(
        (result) => {
          settle();
          resolve(result);
        },
        (error: unknown) => {
          settle();
          reject(error);
        },
      );
    });
  }
}

function hangs(path: string): AppError {
  return new AppError('TIMEOUT', `${path} does not answer; its file system hangs`, {
    hint: 'reading goes on when it is back',
  });
}
