/**
 * On which cores a container's processor time was spent, where the kernel does not say (cgroup v2):
 * each thread's time since the look before is given to the core on which the thread ran last.
 *
 * What is wrong with that is told beside it. A thread that is on another core than at the look
 * before has moved, at least once, and its time lies on the two in unknown parts; a thread that
 * ended took its time with it. Both are `unplaced`: the share of the container's true time that is
 * not certain. A thread that moved away and came back between two looks is not noticed.
 */
import type { ThreadStat } from './thread-stat.ts';

const TICKS_PER_SECOND = 100;

type Seen = { readonly ticks: number; readonly core: number; round: number };

export type CoreShares = {
  /** Core → the share of one core in use, in percent, over the time between the looks. */
  readonly percentOfCore: ReadonlyMap<number, number>;
  /** Share of the container's processor time, in percent, whose core is not certain. */
  readonly unplacedPercent: number;
};

export class CoreClock {
  readonly #threads = new Map<number, Seen>();
  #round = 0;
  readonly #ticksOfCore = new Map<number, number>();
  #movedTicks = 0;
  #seconds = 0;

  /** A look begins, `seconds` after the one before. */
  begin(seconds: number): void {
    this.#round++;
    this.#seconds = seconds;
    this.#ticksOfCore.clear();
    this.#movedTicks = 0;
  }

  saw(tid: number, { ticks, core }: ThreadStat): void {
    const before = this.#threads.get(tid);
    this.#threads.set(tid, { ticks, core, round: this.#round });
    const delta = before === undefined ? this.#ticksOfNew(ticks) : ticks - before.ticks;
    if (!(delta > 0)) return;
    this.#ticksOfCore.set(core, (this.#ticksOfCore.get(core) ?? 0) + delta);
    if (before === undefined || before.core !== core) this.#movedTicks += delta;
  }

  /**
   * The look ends. The container used `usedSeconds` of processor time since the one before, by the
   * kernel's own exact account. Null where nothing can be said.
   */
  end(usedSeconds: number): CoreShares | null {
    const seconds = this.#seconds;
    for (const [tid, seen] of this.#threads) if (seen.round !== this.#round) this.#threads.delete(tid);
    if (this.#round === 1 || !(seconds > 0) || !(usedSeconds >= 0)) return null;
    let placedTicks = 0;
    for (const ticks of this.#ticksOfCore.values()) placedTicks += ticks;
    const placedSeconds = placedTicks / TICKS_PER_SECOND;
    // Ticks of 10 ms may add up to more than the truth; then they are scaled to it.
    const scale = placedSeconds > usedSeconds ? usedSeconds / placedSeconds : 1;
    const percentOfCore = new Map<number, number>();
    for (const [core, ticks] of this.#ticksOfCore) {
      percentOfCore.set(core, Math.min(100, ((ticks / TICKS_PER_SECOND) * scale * 100) / seconds));
    }
    const certain = ((placedTicks - this.#movedTicks) / TICKS_PER_SECOND) * scale;
    const unplaced = usedSeconds === 0 ? 0 : 100 - (certain * 100) / usedSeconds;
    return { percentOfCore, unplacedPercent: Math.min(100, Math.max(0, unplaced)) };
  }

  /** A thread that began since the look before has all its time of this interval; no other is as young. */
  #ticksOfNew(ticks: number): number {
    return this.#round > 1 && ticks <= this.#seconds * TICKS_PER_SECOND + 1 ? ticks : 0;
  }
}
