/** One tick: every probe is read once, and what they measured becomes a frame. */
import { type Clock, describeError, type Frame, type Logger, type Second, timestampMs } from '../../core/index.ts';
import type { Probe, ProbeSite } from '../probes/probe.ts';
import type { ContainerSet } from './container-set.ts';
import type { Column, Generation, SeriesRegister } from './series-register.ts';

/** A frame with the generation of the dictionary that describes it. */
export type DescribedFrame = { readonly frame: Frame; readonly generation: Generation };

export type SamplerOptions = {
  readonly collector: string;
  readonly bootEpoch: number;
  readonly site: ProbeSite;
  readonly register: SeriesRegister;
  readonly hostProbes: readonly Probe[];
  readonly containers: ContainerSet;
  readonly logger: Logger;
  /** This clock against the server's in ms, positive when ahead; NaN while it is not known. */
  readonly clockOffsetMs: () => number;
  /** Seconds without a tick, since the start. */
  readonly ticksMissed: () => number;
  readonly backlog?: () => { readonly spoolBytes: number; readonly framesLost: number };
};

export class Sampler {
  readonly #options: SamplerOptions;
  readonly #clock: Clock;
  readonly #own: Readonly<Record<'alive' | 'tick' | 'late' | 'missed' | 'offset' | 'spool' | 'lost', Column>>;
  /** Probes that failed once are named in the log once, and counted. */
  readonly #complained = new Set<string>();
  #seq = 0;
  /** Probes that threw instead of setting no value, since the start. */
  failures = 0;

  constructor(options: SamplerOptions) {
    this.#options = options;
    this.#clock = options.site.clock;
    this.#own = {
      alive: options.site.column('agent.alive'),
      tick: options.site.column('agent.tick.ms'),
      late: options.site.column('agent.tick.late.ms'),
      spool: options.site.column('agent.spool.bytes'),
      lost: options.site.column('agent.frames.lost'),
      missed: options.site.column('agent.ticks.missed'),
      offset: options.site.column('agent.clock.offset.ms'),
    };
  }

  sample(second: Second): DescribedFrame {
    const { register, hostProbes, containers, site, clockOffsetMs, ticksMissed } = this.#options;
    const startedAtMs = this.#clock.monotonicMs();
    containers.reap();
    register.beginFrame();
    site.set(this.#own.alive, 1);
    site.set(this.#own.late, Math.max(0, this.#clock.nowMs() - second * 1000));
    site.set(this.#own.missed, ticksMissed());
    const backlog = this.#options.backlog?.();
    if (backlog !== undefined) {
      site.set(this.#own.spool, backlog.spoolBytes);
      site.set(this.#own.lost, backlog.framesLost);
    }
    for (const probe of hostProbes) this.#read(probe);
    for (const probe of containers.probes()) this.#read(probe);
    site.set(this.#own.offset, clockOffsetMs());
    site.set(this.#own.tick, this.#clock.monotonicMs() - startedAtMs);
    return { frame: this.#frameOf(second, register.endFrame()), generation: register.generation };
  }

  #frameOf(second: Second, values: Float64Array): Frame {
    const { collector, bootEpoch, register } = this.#options;
    return {
      collector,
      bootEpoch,
      seq: ++this.#seq,
      second,
      sentAtMs: timestampMs(this.#clock.nowMs()),
      generation: register.generation.dictionary.generation,
      values,
    };
  }

  /** A probe that fails costs its own values of this tick and nothing else. */
  #read(probe: Probe): void {
    try {
      probe.sample();
    } catch (error) {
      this.failures++;
      probe.close();
      if (this.#complained.has(probe.name) || this.#complained.size >= COMPLAINTS_MAX) return;
      this.#complained.add(probe.name);
      const fields = { code: 'PROBE_FAILED', probe: probe.name, reason: describeError(error) };
      this.#options.logger.error(fields, 'a probe failed; its values are missing');
    }
  }
}

/** Names remembered as already complained about: a bound for a host whose containers all fail. */
const COMPLAINTS_MAX = 256;
