import { compareFrames, type Frame } from '../../core/index.ts';

type Stamp = Pick<Frame, 'bootEpoch' | 'seq'>;

/** Seconds `from` up to `to`, told by frames of one run whose seqs go with the seconds. */
export type StampRun = { readonly from: number; to: number; readonly bootEpoch: number; readonly seq: number };

/**
 * Which frame holds for each second. A collector counts its frames as it counts seconds, so that a
 * day is a run or two: seconds without gap whose seqs are without gap.
 */
export class FrameStamps {
  /** Ascending, not overlapping. */
  #runs: StampRun[] = [];

  /** The frame that holds for a second, or null. */
  at(second: number): Stamp | null {
    const run = this.#runs[this.#indexOf(second)];
    if (run === undefined || second < run.from) return null;
    return { bootEpoch: run.bootEpoch, seq: run.seq + second - run.from };
  }

  set(second: number, { bootEpoch, seq }: Stamp): void {
    this.#cut(second);
    const index = this.#indexOf(second);
    const before = this.#runs[index - 1];
    if (before !== undefined && before.to === second && continues(before, second, { bootEpoch, seq })) {
      before.to = second + 1;
      this.#join(index - 1);
      return;
    }
    this.#runs.splice(index, 0, { from: second, to: second + 1, bootEpoch, seq });
    this.#join(index);
  }

  /** Forgets seconds before `second`. */
  forgetBefore(second: number): void {
    const index = this.#indexOf(second);
    if (index > 0) this.#runs.splice(0, index);
  }

  runs(): readonly StampRun[] {
    return this.#runs;
  }

  /** Takes over what `runs` told. */
  restore(runs: readonly StampRun[]): void {
    this.#runs = [...runs];
  }

  /** The first run that ends after `second`; their number when there is none. */
  #indexOf(second: number): number {
    let [low, high] = [0, this.#runs.length];
    // Nearly always the last one is asked for.
    if (high > 0 && (this.#runs[high - 1] as StampRun).from <= second) low = high - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#runs[middle] as StampRun).to <= second) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Takes a second out of the run that it is in. */
  #cut(second: number): void {
    const index = this.#indexOf(second);
    const run = this.#runs[index];
    if (run === undefined || second < run.from) return;
    const { from, to, bootEpoch, seq } = run;
    const left = { from, to: second, bootEpoch, seq };
    const right = { from: second + 1, to, bootEpoch, seq: seq + second + 1 - from };
    this.#runs.splice(index, 1, ...[left, right].filter((part) => part.from < part.to));
  }

  /** Makes one of a run and the next where they belong together. */
  #join(index: number): void {
    const [run, next] = [this.#runs[index], this.#runs[index + 1]];
    if (run === undefined || next === undefined || run.to !== next.from || !continues(run, next.from, next)) return;
    run.to = next.to;
    this.#runs.splice(index + 1, 1);
  }
}

const continues = (run: StampRun, second: number, stamp: Stamp): boolean =>
  compareFrames({ bootEpoch: run.bootEpoch, seq: run.seq + second - run.from }, stamp) === 0;
