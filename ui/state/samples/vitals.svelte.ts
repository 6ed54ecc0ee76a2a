import type { DescribedSeries } from '../../../core/api/index.ts';
import type { LiveLink } from '../live/live-link.svelte.ts';
import type { LiveListener } from '../live/subscriptions.ts';
import type { Api, Problem } from '../server/api.ts';
import { problemOf } from '../server/api.ts';
import { TRAIL_SECONDS, VitalsTable, vitalMetrics } from './vitals-table.ts';

/** Feeds the overview: one query for the last minute, then one subscription for everything. */
export class LiveVitals implements LiveListener {
  /** Grows at most once a frame, when there is something new to show. */
  version = $state(0);
  problem = $state.raw<Problem | null>(null);
  /** False until the first figures are there (or could not be had). */
  ready = $state(false);
  readonly table = new VitalsTable();
  readonly #api: Api;
  readonly #nowMs: () => number;
  readonly #unsubscribe: () => void;
  #frame = 0;

  constructor(api: Api, link: LiveLink, nowMs: () => number) {
    this.#api = api;
    this.#nowMs = nowMs;
    this.#unsubscribe = link.subscribe({ metrics: [...vitalMetrics] }, this);
    void this.#fill();
  }

  stop(): void {
    this.#unsubscribe();
    cancelAnimationFrame(this.#frame);
  }

  series(first: number, series: readonly DescribedSeries[]): void {
    this.table.columns(first, series);
  }

  tick(second: number, columns: readonly number[], values: readonly number[]): void {
    this.table.tick(second, columns, values);
    this.#show();
  }

  gap(columnsLost: boolean): void {
    if (columnsLost) this.table.forgetColumns();
    void this.#fill();
  }

  refused(code: string, message: string): void {
    this.problem = { code, message };
  }

  async #fill(): Promise<void> {
    const toMs = Math.ceil(this.#nowMs() / 1000) * 1000;
    const fromMs = toMs - TRAIL_SECONDS * 1000;
    try {
      const select = { metrics: [...vitalMetrics] };
      this.table.fill(await this.#api.queryRange({ select, fromMs, toMs, stepSeconds: 1 }));
      this.problem = null;
    } catch (error) {
      this.problem = problemOf(error);
    }
    this.ready = true;
    this.#show();
  }

  #show(): void {
    if (this.#frame !== 0) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.version++;
    });
  }
}
