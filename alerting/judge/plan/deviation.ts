import type { Points } from '../../../core/index.ts';
import type { Usual } from './baselines.ts';

/** The newest point of a window as its distance from what is usual, in standard deviations. */
export class Deviation implements Points {
  readonly count: number;
  readonly #points: Points;
  readonly #usual: Usual | undefined;

  constructor(points: Points, usual: Usual | undefined) {
    this.#points = points;
    this.#usual = usual;
    this.count = usual === undefined ? 0 : Math.min(1, points.count);
  }

  value(): number {
    const { mean, sigma } = this.#usual ?? { mean: 0, sigma: 1 };
    return (this.#points.value(0) - mean) / sigma;
  }

  second(): number {
    return this.#points.second(0);
  }
}
