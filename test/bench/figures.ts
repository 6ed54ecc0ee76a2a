import { createHash } from 'node:crypto';

/** Prints one JSON line a figure, and at the end a checksum of what was computed on the way. */
export class Figures {
  readonly #write: (line: string) => void;
  readonly #hash = createHash('sha256');

  constructor(write: (line: string) => void) {
    this.#write = write;
  }

  emit(figure: string, value: number, unit: string): void {
    this.#write(JSON.stringify({ figure, value: Number(value.toPrecision(6)), unit }));
  }

  /** Something that must come out the same in every run: answers, counts, not times. */
  computed(result: unknown): void {
    this.#hash.update(JSON.stringify(result));
  }

  end(): void {
    this.#write(JSON.stringify({ checksum: this.#hash.digest('hex').slice(0, 16) }));
  }
}

/** The value below which `share` (0–1) of the samples lie, by the nearest rank. */
export function percentile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

export const median = (samples: readonly number[]): number => percentile(samples, 0.5);
