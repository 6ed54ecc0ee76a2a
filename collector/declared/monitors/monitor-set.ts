/**
 * All monitors of this host: those of its own file and those that the server wants, kept equal to
 * what was declared last, and checked beside the ticks.
 */
import {
  AppError,
  type CancelTimer,
  type Clock,
  MONITORS_MAX,
  type MonitorDefinition,
  type MonitorOrigin,
  type MonitorState,
  secondOf,
} from '../../../core/index.ts';
import type { Readings } from '../readings.ts';
import type { Monitor } from './monitor.ts';
import { MonitorRun } from './monitor-run.ts';

/** A beat comes this long after a tick's second began, so that checks and ticks do not meet. */
const AFTER_TICK_MS = 300;
/** Checks under way at once. More wait for a later beat. */
const CHECKS_MAX = 64;
const SERIES_PER_MONITOR_MAX = 500;

export type WantedMonitor = { readonly origin: MonitorOrigin; readonly monitor: MonitorDefinition };

export type MonitorSetOptions = {
  readonly clock: Clock;
  readonly readings: Readings;
  /** Makes what checks a definition. `onScripts` takes the scripts of a folder whenever it was listed. */
  readonly create: (wanted: WantedMonitor, onScripts: (scripts: readonly MonitorDefinition[]) => void) => Monitor;
  /** A state or an error has changed. */
  readonly onChange: () => void;
};

export class MonitorSet {
  readonly #options: MonitorSetOptions;
  readonly #runs = new Map<string, MonitorRun<MonitorDefinition>>();
  readonly #declared = new Map<'file' | 'server', readonly WantedMonitor[]>();
  /** Scripts of each folder, by the key of the folder's monitor. */
  readonly #scripts = new Map<string, readonly WantedMonitor[]>();
  #cancel: CancelTimer = () => {};
  /** Checks that were due while the one before, or 64 others, still ran. */
  skipped = 0;
  /** Monitors beyond the limit. */
  refused = 0;

  constructor(options: MonitorSetOptions) {
    this.#options = options;
  }

  start(): void {
    const { clock } = this.#options;
    this.#cancel = clock.after(1000 + AFTER_TICK_MS - (clock.nowMs() % 1000), () => {
      this.#beat();
      this.start();
    });
  }

  stop(): void {
    this.#cancel();
    for (const run of this.#runs.values()) run.close();
    this.#runs.clear();
  }

  /** Replaces what one side declared before. A monitor that is declared as it was goes on undisturbed. */
  declare(from: 'file' | 'server', monitors: readonly WantedMonitor[]): void {
    this.#declared.set(from, monitors);
    this.#reconcile();
  }

  states(): MonitorState[] {
    return [...this.#runs.values()].map((run) => run.state());
  }

  #reconcile(): void {
    const declared = [...this.#declared.values()].flat();
    const wanted = new Map(declared.map((one) => [keyOf(one), one]));
    for (const [folder, scripts] of this.#scripts) {
      if (!wanted.has(folder)) this.#scripts.delete(folder);
      else for (const script of scripts) wanted.set(keyOf(script), script);
    }
    for (const [key, run] of this.#runs) {
      const one = wanted.get(key);
      if (one !== undefined && sameDefinition(one.monitor, run.definition)) continue;
      run.close();
      this.#runs.delete(key);
    }
    for (const [key, one] of wanted) {
      if (this.#runs.has(key)) continue;
      if (this.#runs.size >= MONITORS_MAX) this.refused++;
      else this.#begin(key, one);
    }
    this.#options.onChange();
  }

  #begin(key: string, wanted: WantedMonitor): void {
    const { clock, readings, create, onChange } = this.#options;
    const onScripts = (scripts: readonly MonitorDefinition[]): void => {
      const found = scripts.map((monitor) => ({ origin: wanted.origin, monitor }));
      if (sameDefinition(found, this.#scripts.get(key) ?? [])) return;
      this.#scripts.set(key, found);
      this.#reconcile();
    };
    const monitor = create(wanted, onScripts);
    const source = readings.source(SERIES_PER_MONITOR_MAX);
    const definition = wanted.monitor;
    this.#runs.set(key, new MonitorRun({ definition, origin: wanted.origin, monitor, source, clock, onChange }));
  }

  #beat(): void {
    const second = secondOf(this.#options.clock.nowMs());
    let underWay = 0;
    for (const run of this.#runs.values()) if (run.isBusy) underWay++;
    for (const run of this.#runs.values()) {
      run.watch();
      if (!run.isDue(second)) continue;
      if (run.isBusy || underWay >= CHECKS_MAX) {
        this.skipped++;
        continue;
      }
      underWay++;
      void run.check();
    }
  }
}

/** Under which a monitor runs, and its offsets are kept. */
export const keyOf = ({ origin, monitor }: WantedMonitor): string => `${origin}:${monitor.name}`;

/** Both come from the same readers, which write their keys in the same order. */
const sameDefinition = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/** A monitor that this host does not allow: it says so and does nothing else. */
export function forbidden(message: string, hint: string): Monitor {
  return {
    check: () => Promise.reject(new AppError('FORBIDDEN', message, { hint })),
    close: () => {},
  };
}
