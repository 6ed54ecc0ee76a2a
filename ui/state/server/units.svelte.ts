import type { MetadataAnswer } from '../../../core/api/index.ts';

/** The unit of a metric, from the server's catalogue; null for one that it does not know. */
export class Units {
  #byMetric = $state.raw<ReadonlyMap<string, string>>(new Map());
  readonly #load: () => Promise<MetadataAnswer>;

  constructor(load: () => Promise<MetadataAnswer>) {
    this.#load = load;
  }

  of(metric: string): string | null {
    return this.#byMetric.get(metric) ?? null;
  }

  /** Once a sign-in. Without an answer values are written without a unit, which the next look mends. */
  async learn(): Promise<void> {
    if (this.#byMetric.size > 0) return;
    const answer = await this.#load().catch(() => null);
    if (answer) this.#byMetric = new Map(answer.metrics.map((metric) => [metric.name, metric.unit]));
  }
}
