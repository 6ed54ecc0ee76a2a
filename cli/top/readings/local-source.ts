import { hostname } from 'node:os';
import { type LocalTick, LocalView } from '../../../collector/index.ts';
import { type Clock, isAbsent, type Logger, silentLogger } from '../../../core/index.ts';
import { Board } from './board.ts';
import type { Source } from './source.ts';

export type LocalSourceOptions = {
  readonly clock: Clock;
  readonly cgroupRoot: string;
  readonly procRoot: string;
  readonly dockerSocket: string | null;
  readonly podmanSocket: string | null;
};

/** This machine, measured by the collector's own probes in this very process. */
export class LocalSource implements Source {
  readonly kind = 'local';
  readonly board = new Board();
  readonly title: string;
  note: string | null = null;
  readonly #clock: Clock;
  readonly #view: LocalView;

  /** Throws `CONFIG_INVALID` where there is no /proc to read. */
  constructor(options: LocalSourceOptions) {
    this.#clock = options.clock;
    this.title = hostname();
    this.#view = new LocalView({ ...options, name: this.title, logger: this.#noteLogger() });
  }

  get isInside(): boolean {
    return this.#view.isInside;
  }

  nowMs(): number {
    return this.#clock.nowMs();
  }

  run(onTick: () => void, signal: AbortSignal): Promise<void> {
    return this.#view.run((tick) => {
      this.#take(tick);
      onTick();
    }, signal);
  }

  #take({ second, dictionary, values }: LocalTick): void {
    this.board.describe(dictionary.endpoints);
    for (let index = 0; index < values.length; index++) {
      const series = dictionary.series[index];
      if (series === undefined || isAbsent(values, index)) continue;
      const { metric, tags } = series;
      const endpoint = dictionary.endpointOf(index).name;
      this.board.put(endpoint, { metric, tags, second, value: values[index] ?? Number.NaN });
    }
  }

  /** The last thing that the probes complained of is shown, and nothing is written over the screen. */
  #noteLogger(): Logger {
    const note = (fields: object, message: string): void => {
      this.note = 'reason' in fields ? `${message} (${String(fields.reason)})` : message;
    };
    return {
      ...silentLogger,
      info: () => {
        this.note = null;
      },
      warn: note,
      error: note,
    };
  }
}
