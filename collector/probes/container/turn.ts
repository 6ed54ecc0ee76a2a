/** Says yes every so many ticks: for what changes seldom, or costs much. */
export class Turn {
  readonly #everyTicks: number;
  #ticksToNext: number;

  /** `stagger` spreads many containers over the ticks; 0 says yes with the first tick. */
  constructor(everyTicks: number, stagger = 0) {
    this.#everyTicks = everyTicks;
    this.#ticksToNext = stagger % everyTicks;
  }

  /** Ask once a tick. */
  isNow(): boolean {
    if (this.#ticksToNext-- > 0) return false;
    this.#ticksToNext = this.#everyTicks - 1;
    return true;
  }

  /** The next tick is one. */
  hasten(): void {
    this.#ticksToNext = 0;
  }
}
