/**
 * A process that can be killed. What a room is given through it works until then, and does nothing
 * afterwards: no write, no answer, no timer, as after kill -9. What it had sent is sent.
 */
import type { Clock, Statement, StateStore } from '../../core/index.ts';

export type KillPoint = {
  /** At which write, counted from 1. */
  readonly write: number;
  /** `before` the write is durable, or `after` it is and before anybody heard of it. */
  readonly side: 'before' | 'after';
};

const never = new Promise<never>(() => {});

export class Lifeline {
  isAlive = true;
  readonly #killPoint: KillPoint | undefined;
  #writes = 0;

  constructor(killPoint?: KillPoint) {
    this.#killPoint = killPoint;
  }

  kill(): void {
    this.isAlive = false;
  }

  store(inner: StateStore): StateStore {
    return {
      write: async (statements) => this.#write(inner, statements),
      read: async (statement) => {
        const rows = this.isAlive ? await inner.read(statement) : await never;
        return this.isAlive ? rows : never;
      },
    };
  }

  clock(inner: Clock): Clock {
    return {
      nowMs: () => inner.nowMs(),
      monotonicMs: () => inner.monotonicMs(),
      after: (delayMs, run) => inner.after(delayMs, () => this.isAlive && run()),
    };
  }

  async #write(inner: StateStore, statements: readonly Statement[]): Promise<void> {
    if (!this.isAlive) return never;
    const isLast = ++this.#writes === this.#killPoint?.write;
    if (isLast && this.#killPoint?.side === 'before') this.kill();
    if (!this.isAlive) return never;
    await inner.write(statements);
    if (isLast) this.kill();
    return this.isAlive ? undefined : never;
  }
}
