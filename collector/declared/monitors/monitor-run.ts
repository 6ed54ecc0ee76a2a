/** One monitor's life: when it is checked, how the last check went, what it says. */
import { type Clock, describeError, type MonitorOrigin, type MonitorState, type Second } from '../../../core/index.ts';
import type { ReadingSource } from '../readings.ts';
import type { Monitor } from './monitor.ts';

/** A check that takes longer is told as one that does not come back. */
const HANGING_MS = 15_000;
const ERROR_LENGTH_MAX = 1000;

/** What is told of a monitor, and when it is checked; the rest of its definition is the monitor's own. */
export type RunDefinition = { readonly name: string; readonly type: string; readonly everySeconds: number };

export type MonitorRunParts<Definition extends RunDefinition> = {
  readonly definition: Definition;
  readonly origin: MonitorOrigin;
  readonly monitor: Monitor;
  readonly source: ReadingSource;
  readonly clock: Clock;
  readonly onChange: () => void;
};

export class MonitorRun<Definition extends RunDefinition = RunDefinition> {
  readonly definition: Definition;
  readonly origin: MonitorOrigin;
  readonly #parts: MonitorRunParts<Definition>;
  readonly #stop = new AbortController();
  readonly #phase: number;
  #state: MonitorState['state'] = 'starting';
  #error: string | null = null;
  #checkedAtMs: number | null = null;
  #startedAtMs: number | null = null;
  #wasChecked = false;

  constructor(parts: MonitorRunParts<Definition>) {
    this.#parts = parts;
    this.definition = parts.definition;
    this.origin = parts.origin;
    // Monitors of the same pace take different seconds.
    let hash = 0;
    for (const letter of parts.definition.name) hash = (hash * 31 + letter.charCodeAt(0)) % 1_000_003;
    this.#phase = hash % parts.definition.everySeconds;
  }

  get isBusy(): boolean {
    return this.#startedAtMs !== null;
  }

  /** At once the first time, and then in the second of its turn. */
  isDue(second: Second): boolean {
    return !this.#wasChecked || second % this.definition.everySeconds === this.#phase;
  }

  /** Begins a check. The promise never rejects. */
  async check(): Promise<void> {
    const { clock, monitor, source } = this.#parts;
    this.#wasChecked = true;
    this.#startedAtMs = clock.monotonicMs();
    try {
      const { readings, problem } = await monitor.check(this.#stop.signal);
      if (this.#stop.signal.aborted) return;
      const refused = source.putAll(readings);
      this.#become('ok', refused ?? problem);
    } catch (error) {
      if (!this.#stop.signal.aborted) this.#become('failing', describeError(error));
    } finally {
      this.#startedAtMs = null;
      this.#checkedAtMs = clock.nowMs();
    }
  }

  /** Notes a check that does not come back. */
  watch(): void {
    if (this.#startedAtMs === null) return;
    const elapsedMs = this.#parts.clock.monotonicMs() - this.#startedAtMs;
    if (elapsedMs > HANGING_MS)
      this.#become('failing', 'a check began and does not come back; the next one waits for it');
  }

  state(): MonitorState {
    const { name, type } = this.definition;
    const { source } = this.#parts;
    return {
      name,
      type,
      origin: this.origin,
      state: this.#state,
      error: this.#error,
      checkedAtMs: this.#checkedAtMs,
      series: source.seriesCount,
    };
  }

  close(): void {
    this.#stop.abort();
    this.#parts.monitor.close();
    this.#parts.source.release();
  }

  #become(state: MonitorState['state'], error: string | null): void {
    const said = error === null ? null : error.slice(0, ERROR_LENGTH_MAX);
    if (state === this.#state && said === this.#error) return;
    this.#state = state;
    this.#error = said;
    this.#parts.onChange();
  }
}
