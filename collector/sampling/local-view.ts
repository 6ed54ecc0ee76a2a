/** Measures this machine for somebody who looks at it here: the collector's probes, and no server. */
import { randomInt } from 'node:crypto';
import { type Clock, type Dictionary, type Logger, type Second, secondOf } from '../../core/index.ts';
import { ownContainer } from '../probes/container/own-container.ts';
import { Measurement } from './measurement.ts';
import { TickLoop } from './tick-loop.ts';

export type LocalTick = { readonly second: Second; readonly dictionary: Dictionary; readonly values: Float64Array };

export type LocalViewOptions = {
  readonly name: string;
  readonly cgroupRoot: string;
  readonly procRoot: string;
  readonly dockerSocket: string | null;
  readonly podmanSocket: string | null;
  readonly clock: Clock;
  readonly logger: Logger;
};

export class LocalView {
  /** True inside a container: what is measured of the host is what the container shows of it. */
  readonly isInside: boolean;
  readonly #measurement: Measurement;
  readonly #clock: Clock;

  /** Throws `CONFIG_INVALID` for a proc folder without figures. */
  constructor(options: LocalViewOptions) {
    this.#clock = options.clock;
    const own = ownContainer(options.procRoot);
    this.isInside = own !== null;
    this.#measurement = new Measurement({
      ...options,
      // Docker's process numbers are the host's: from inside they are somebody else's.
      dockerSocket: own === null ? options.dockerSocket : null,
      scansCgroups: own === null,
      ...(own === null ? {} : { own }),
      random: () => randomInt(2 ** 32) / 2 ** 32,
      clockOffsetMs: () => Number.NaN,
    });
  }

  /**
   * Hands over one tick at once, which has no rates yet, and then one each second, until `signal`
   * aborts. Resolves when everything is closed.
   */
  async run(onTick: (tick: LocalTick) => void, signal: AbortSignal): Promise<void> {
    const tick = (second: Second): void => {
      const { frame, generation } = this.#measurement.sample(second);
      onTick({ second, dictionary: generation.dictionary, values: frame.values });
    };
    const ticks = new TickLoop(this.#clock, tick);
    tick(secondOf(this.#clock.nowMs()));
    ticks.start();
    await this.#measurement.follow(signal);
    ticks.stop();
    this.#measurement.close();
  }
}
