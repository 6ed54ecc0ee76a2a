import { type Problem, problemOf } from './api.ts';

/** One answer of the server that is shown, and may be asked for again. The old one stays until the new one is there. */
export class Resource<Answer> {
  answer = $state.raw<Answer | null>(null);
  problem = $state.raw<Problem | null>(null);
  readonly #load: () => Promise<Answer>;
  #running: Promise<void> | null = null;
  #again = false;

  constructor(load: () => Promise<Answer>) {
    this.#load = load;
  }

  /** Asks at once; while an answer is under way, notes that it may be old when it comes, and asks once more. */
  refresh(): Promise<void> {
    if (this.#running !== null) {
      this.#again = true;
      return this.#running;
    }
    this.#running = this.#run().finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  readonly retry = (): void => void this.refresh();

  async #run(): Promise<void> {
    do {
      this.#again = false;
      try {
        this.answer = await this.#load();
        this.problem = null;
      } catch (error) {
        this.problem = problemOf(error);
      }
    } while (this.#again);
  }
}
