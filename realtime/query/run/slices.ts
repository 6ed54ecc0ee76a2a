import { AppError, assert, type Clock } from '../../../core/index.ts';

/** Work in steps of well under a millisecond each: it yields where others may have a turn. */
export type Work<Result> = Generator<undefined, Result>;

export type WorkLimits = {
  /** From the moment it is handed in. */
  readonly timeMsMax: number;
  /** Aborts when nobody waits for the result any more. */
  readonly signal?: AbortSignal | undefined;
};

/** What all queries together take of one turn of the event loop. A frame is acknowledged after about four turns. */
const SLICE_MS = 2;

/** More than this are not worked on at a time; who lets them in keeps to it. */
const WORKS_MAX = 1000;

type Task = {
  readonly step: () => boolean;
  readonly fail: (error: unknown) => void;
  readonly limits: WorkLimits;
  readonly startedAtMs: number;
};

export type SlicesStatus = { readonly finished: number; readonly cancelled: number; readonly timedOut: number };

/**
 * Runs long computations beside everything else that this process does: a slice in each turn of the
 * event loop, shared by all of them, so that ten heavy queries delay a frame no more than one.
 */
export class Slices {
  readonly #clock: Clock;
  readonly #tasks: Task[] = [];
  #isScheduled = false;
  #finished = 0;
  #cancelled = 0;
  #timedOut = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Rejects with `QUERY_LIMIT` when its time is over, with `TIMEOUT` when its signal aborts. */
  run<Result>(work: Work<Result>, limits: WorkLimits): Promise<Result> {
    assert(this.#tasks.length < WORKS_MAX, `at most ${WORKS_MAX} computations at a time`);
    return new Promise<Result>((resolve, reject) => {
      const step = (): boolean => {
        const { done, value } = work.next();
        if (done === true) resolve(value);
        return done === true;
      };
      const fail = (error: unknown): void => {
        work.return(undefined as never);
        reject(error);
      };
      this.#tasks.push({ step, fail, limits, startedAtMs: this.#clock.monotonicMs() });
      this.#schedule();
    });
  }

  status(): SlicesStatus {
    return { finished: this.#finished, cancelled: this.#cancelled, timedOut: this.#timedOut };
  }

  #schedule(): void {
    if (this.#isScheduled || this.#tasks.length === 0) return;
    this.#isScheduled = true;
    // After the input of this turn has been taken, unlike a resolved promise.
    setImmediate(() => {
      this.#isScheduled = false;
      this.#turn(this.#clock.monotonicMs() + SLICE_MS);
      this.#schedule();
    });
  }

  #turn(endMs: number): void {
    const first = this.#tasks.shift();
    for (let task = first; task !== undefined; task = this.#tasks.shift()) {
      if (this.#advance(task, endMs)) this.#tasks.push(task);
      if (this.#clock.monotonicMs() >= endMs) return;
    }
  }

  /** Works on one task until it is done (false) or the slice is spent (true). */
  #advance(task: Task, endMs: number): boolean {
    const ended = this.#endOf(task);
    if (ended !== null) {
      task.fail(ended);
      return false;
    }
    try {
      do {
        if (!task.step()) continue;
        this.#finished++;
        return false;
      } while (this.#clock.monotonicMs() < endMs);
    } catch (error) {
      task.fail(error);
      return false;
    }
    return true;
  }

  #endOf({ limits, startedAtMs }: Task): AppError | null {
    if (limits.signal?.aborted === true) {
      this.#cancelled++;
      return new AppError('TIMEOUT', 'nobody waits for this query any more');
    }
    const elapsedMs = Math.round(this.#clock.monotonicMs() - startedAtMs);
    if (elapsedMs <= limits.timeMsMax) return null;
    this.#timedOut++;
    return new AppError('QUERY_LIMIT', `the query took too long: ${elapsedMs} ms of at most ${limits.timeMsMax} ms`, {
      where: 'time',
      hint: 'take a shorter range or fewer series, or try again when fewer queries run',
    });
  }
}
