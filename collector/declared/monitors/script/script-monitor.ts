import { AppError, type Clock, type ScriptMonitor as Definition, formatTags } from '../../../../core/index.ts';
import { Counter } from '../../../reading/counter.ts';
import type { Checked, Monitor } from '../monitor.ts';
import { runScript } from './run-script.ts';
import { ITEMS_MAX, parseItems, type ScriptItem } from './script-items.ts';
import { trustedPath } from './trusted-path.ts';

/** Counters remembered between two runs: those of one run, and of one with other names. */
const COUNTERS_MAX = 2 * ITEMS_MAX;

/** One script; a folder of them is several of these. */
export class ScriptMonitor implements Monitor {
  readonly #definition: Definition;
  readonly #clock: Clock;
  readonly #counters = new Map<string, Counter>();

  constructor(definition: Definition, clock: Clock) {
    this.#definition = definition;
    this.#clock = clock;
  }

  async check(signal: AbortSignal): Promise<Checked> {
    const { args, everySeconds } = this.#definition;
    // Looked at before each run: folders change owners.
    const path = await trustedPath(this.#definition.path, 'script');
    const timeoutMs = this.#definition.timeoutMs ?? everySeconds * 1000 - 500;
    const { stdout, note } = await runScript({ path, args, timeoutMs, clock: this.#clock, signal });
    const { items, refused, problem } = parseItems(stdout);
    if (items.length === 0 && problem !== null) throw new AppError('PROBE_FAILED', problem);
    const nowMs = this.#clock.monotonicMs();
    const readings = items.map((item) => ({
      endpoint: null,
      metric: item.metric,
      tags: { ...item.tags, ...this.#definition.tags },
      value: item.isCounter ? this.#rateOf(item, nowMs) : item.value,
    }));
    const faults = problem === null ? note : `${refused} of ${items.length + refused} items refused; ${problem}`;
    return { readings, problem: faults };
  }

  close(): void {
    this.#counters.clear();
  }

  /** Per second since the run before; NaN (no sample) at first and after a step back. */
  #rateOf({ metric, tags, value }: ScriptItem, nowMs: number): number {
    const key = `${metric}/${formatTags(tags)}`;
    const counter = this.#counters.get(key) ?? new Counter();
    if (!this.#counters.has(key) && this.#counters.size >= COUNTERS_MAX) this.#counters.clear();
    this.#counters.set(key, counter);
    return counter.perSecond(value, nowMs);
  }
}
