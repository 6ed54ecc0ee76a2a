import { assert, type Clock, type Dictionary, type Frame, type Tick, type TickListener } from '../../core/index.ts';
import type { LogWriter } from '../log/log-writer.ts';
import { RING_SECONDS, type Ring } from '../ring/ring.ts';
import { Lane } from './lane.ts';

/** A collector's clock may be this far ahead of ours before its frames are refused. */
export const AHEAD_MS_MAX = 60_000;

export type IntakeOptions = {
  readonly ring: Ring;
  readonly log: Pick<LogWriter, 'append'>;
  readonly clock: Clock;
  readonly listeners: readonly TickListener[];
};

export type IntakeStatus = {
  readonly framesTaken: number;
  readonly framesKnown: number;
  readonly framesOutranked: number;
  readonly framesTooOld: number;
  readonly samplesTaken: number;
};

/**
 * The one way in for frames: log, ring and listeners in one pass. The order of arrival never
 * changes the state that is reached, and a frame that comes twice changes nothing.
 */
export class Intake {
  readonly #options: IntakeOptions;
  readonly #lanes = new Map<string, Lane>();
  /** Bounded by the log's own queue. */
  readonly #underWay = new Map<string, Promise<void>>();
  #framesTaken = 0;
  #framesKnown = 0;
  #framesOutranked = 0;
  #framesTooOld = 0;
  #samplesTaken = 0;

  constructor(options: IntakeOptions) {
    this.#options = options;
  }

  lane(collector: string): Lane {
    let lane = this.#lanes.get(collector);
    if (lane === undefined) {
      lane = new Lane(collector);
      this.#lanes.set(collector, lane);
    }
    return lane;
  }

  /**
   * Takes a frame from a collector. Resolves when it may be acknowledged: it is durable, or there
   * is nothing to keep. Rejects when the log can not take it; the collector will send it again.
   */
  async accept(frame: Frame, dictionary: Dictionary): Promise<void> {
    const lane = this.lane(frame.collector);
    if (frame.second < this.#options.ring.newestSecond - RING_SECONDS) {
      this.#framesTooOld++;
      return;
    }
    const standing = lane.stand(frame);
    if (standing === 'outranked') {
      this.#framesOutranked++;
      return;
    }
    if (standing === 'known') this.#framesKnown++;
    if (lane.isDurable(frame)) return;
    const durable = this.#logged(lane, frame, dictionary);
    if (standing !== 'known') this.#store(lane, frame, dictionary, standing === 'replaces');
    await durable;
  }

  /** Logs a frame once, even when it comes again while its first copy is on its way to the disk. */
  #logged(lane: Lane, frame: Frame, dictionary: Dictionary): Promise<void> {
    const key = `${frame.bootEpoch}/${frame.seq}/${frame.collector}`;
    const underWay = this.#underWay.get(key);
    if (underWay !== undefined) return underWay;
    const logged = this.#options.log
      .append(frame, dictionary)
      .then(() => lane.markDurable(frame))
      .finally(() => this.#underWay.delete(key));
    this.#underWay.set(key, logged);
    return logged;
  }

  #store(lane: Lane, frame: Frame, dictionary: Dictionary, replaces: boolean): void {
    const kind = frame.second > lane.newestSecond ? 'live' : 'late';
    lane.take(frame);
    if (replaces) this.#options.ring.clear(frame.collector, frame.second);
    this.#options.ring.put(frame, dictionary);
    this.#framesTaken++;
    this.#samplesTaken += frame.values.length;
    const tick: Tick = { frame, dictionary, receivedAtMs: this.#options.clock.nowMs(), kind };
    for (const listener of this.#options.listeners) listener(tick);
  }

  /** Puts back a frame that the log held when the server started. Nobody is told. */
  restore(frame: Frame, dictionary: Dictionary): void {
    assert(frame.values.length <= dictionary.series.length, 'a dictionary that covers the frame');
    const lane = this.lane(frame.collector);
    lane.markDurable(frame);
    const standing = lane.stand(frame);
    if (standing === 'known' || standing === 'outranked') return;
    lane.take(frame);
    if (standing === 'replaces') this.#options.ring.clear(frame.collector, frame.second);
    this.#options.ring.put(frame, dictionary);
  }

  status(): IntakeStatus {
    return {
      framesTaken: this.#framesTaken,
      framesKnown: this.#framesKnown,
      framesOutranked: this.#framesOutranked,
      framesTooOld: this.#framesTooOld,
      samplesTaken: this.#samplesTaken,
    };
  }
}
