import type { DescribedSeries, QueryRangeAnswer } from '../../../core/api/index.ts';
import type { Cancel, Clock } from '../clock.ts';
import type { LiveLink } from '../live/live-link.svelte.ts';
import type { LiveListener } from '../live/subscriptions.ts';
import { type Range, type RangeName, ranges } from '../route/range.ts';
import { type Api, type Problem, problemOf } from '../server/api.ts';
import { EDGE_BUCKETS, SeriesTable } from './series-table.ts';

export type WindowRequest = {
  readonly endpoint: string;
  readonly metrics: readonly string[];
  readonly range: RangeName;
  /** Right edge of a paused window; null follows the present. */
  readonly atMs: number | null;
};

export type WindowPorts = {
  readonly api: Api;
  readonly link: LiveLink;
  readonly clock: Clock;
  /** The server's present. */
  readonly nowMs: () => number;
};

/** Buckets that are fetched again at each refresh: the open one, and those that late frames may still fill. */
const TAIL_BUCKETS = 3;
const TAIL_PERIOD_MAX_MS = 10_000;
const HISTORY_PERIOD_MS = 60_000;

/**
 * The samples of one page over one window of time. At 1 s ticks continue what the query began; wider
 * buckets are asked for again as they grow, so that what is drawn is always what the server computed.
 */
export class ChartWindow implements LiveListener {
  /** Grows at most once a frame, when there is something new to draw. */
  version = $state(0);
  phase = $state.raw<'loading' | 'ready' | 'failed'>('loading');
  problem = $state.raw<Problem | null>(null);
  sources = $state.raw<QueryRangeAnswer['sources']>([]);
  readonly table: SeriesTable;
  readonly range: Range;
  readonly atMs: number | null;
  readonly #request: WindowRequest;
  readonly #ports: WindowPorts;
  #unsubscribe: () => void = () => {};
  #cancelTimer: Cancel = () => {};
  #frame = 0;
  #stopped = false;

  constructor(request: WindowRequest, ports: WindowPorts) {
    this.#request = request;
    this.#ports = ports;
    this.range = ranges[request.range];
    this.atMs = request.atMs;
    this.table = new SeriesTable(this.range.seconds, this.range.stepSeconds);
  }

  start(): void {
    if (this.atMs === null) {
      const select = { endpoints: [this.#request.endpoint], metrics: [...this.#request.metrics] };
      this.#unsubscribe = this.#ports.link.subscribe(select, this);
    }
    void this.load();
  }

  stop(): void {
    this.#stopped = true;
    this.#unsubscribe();
    this.#cancelTimer();
    cancelAnimationFrame(this.#frame);
  }

  /** The whole window. Also after a lost link and after missed ticks, so that no hole remains. */
  async load(): Promise<void> {
    const toMs = this.#endMs();
    await this.#fetch(toMs - (this.range.seconds + EDGE_BUCKETS * this.range.stepSeconds) * 1000, toMs);
    this.#planTail();
  }

  readonly retry = (): void => void this.load();

  series(first: number, series: readonly DescribedSeries[]): void {
    this.table.columns(first, series);
  }

  tick(second: number, columns: readonly number[], values: readonly number[]): void {
    this.table.tick(second, columns, values);
    if (this.range.stepSeconds === 1) this.#draw();
  }

  gap(columnsLost: boolean): void {
    if (columnsLost) this.table.forgetColumns();
    void this.load();
  }

  refused(code: string, message: string): void {
    this.problem = { code, message };
  }

  /** End of the bucket that the right edge is in: queries leave their end out. */
  #endMs(): number {
    const stepMs = this.range.stepSeconds * 1000;
    return (Math.floor((this.atMs ?? this.#ports.nowMs()) / stepMs) + 1) * stepMs;
  }

  #planTail(): void {
    this.#cancelTimer();
    if (this.#stopped || this.atMs !== null || this.range.stepSeconds === 1) return;
    const live = Math.min(this.range.stepSeconds * 1000, TAIL_PERIOD_MAX_MS);
    const periodMs = this.range.kind === 'history' ? HISTORY_PERIOD_MS : live;
    this.#cancelTimer = this.#ports.clock.after(periodMs, () => void this.#loadTail());
  }

  async #loadTail(): Promise<void> {
    const toMs = this.#endMs();
    await this.#fetch(toMs - TAIL_BUCKETS * this.range.stepSeconds * 1000, toMs);
    this.#planTail();
  }

  async #fetch(fromMs: number, toMs: number): Promise<void> {
    const { endpoint, metrics } = this.#request;
    const select = { endpoints: [endpoint], metrics: [...metrics] };
    const stepSeconds = this.range.stepSeconds;
    try {
      const answer = await this.#ports.api.queryRange({ select, fromMs, toMs, stepSeconds });
      if (this.#stopped) return;
      this.table.fill(answer);
      this.sources = answer.sources;
      this.problem = null;
      this.phase = 'ready';
    } catch (error) {
      if (this.#stopped) return;
      this.problem = problemOf(error);
      if (this.phase === 'loading') this.phase = 'failed';
    }
    this.#draw();
  }

  #draw(): void {
    if (this.#frame !== 0 || this.#stopped) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.version++;
    });
  }
}
