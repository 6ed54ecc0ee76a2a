import { assert, type Clock, type Dictionary, type Frame, type Tick, type TickListener } from '../../core/index.ts';
import type { LogFrame } from '../log/dictionary/patchy-dictionary.ts';
import type { LogWriter } from '../log/log-writer.ts';
import type { LogPosition } from '../log/position.ts';
import { RING_SECONDS, type Ring } from '../ring/ring.ts';
import { Lane } from './lane.ts';

/** A collector's clock may be this far ahead of ours before its frames are refused. */
export const AHEAD_MS_MAX = 60_000;

/** A frame that is older than this is not news, whatever its number. */
const LIVE_SECONDS_MAX = 60;

export type IntakeOptions = {
  readonly ring: Ring;
  readonly log: Pick<LogWriter, 'append'>;
  readonly clock: Clock;
  readonly listeners: readonly TickListener[];
  /** Resolves when all blocks are loaded. */
  readonly loading?: () => Promise<void>;
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
    // What belongs to a time whose blocks are still on disk waits for them.
    if (this.#options.loading !== undefined && frame.second < this.#options.ring.loadedFrom)
      await this.#options.loading();
    const lane = this.lane(frame.collector);
    const standing = lane.stand(frame);
    if (standing === 'outranked') {
      this.#framesOutranked++;
      return;
    }
    if (standing === 'known') this.#framesKnown++;
    if (lane.isDurable(frame)) return;
    const durable = this.#logged(lane, frame, dictionary);
    if (this.#isTooOld(frame)) this.#framesTooOld++;
    else if (standing !== 'known') this.#store(lane, frame, dictionary, standing === 'replaces');
    await durable;
  }

  /**
   * Takes a frame of what was pushed: it has no rank among others, and adds to its second. Resolves when it is durable;
   * rejects when the log can not take it.
   */
  async acceptPart(frame: Frame, dictionary: Dictionary, kind: Tick['kind']): Promise<void> {
    if (this.#options.loading !== undefined && frame.second < this.#options.ring.loadedFrom)
      await this.#options.loading();
    const durable = this.#options.log.append(frame, dictionary);
    this.#put(frame, dictionary, kind);
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

  /** From before the ring: history takes it from the log, memory does not. */
  #isTooOld({ second }: Frame): boolean {
    return second < this.#options.clock.nowMs() / 1000 - RING_SECONDS;
  }

  /**
   * Live is what a collector took last, now. Its clock may have been set back: then it tells of
   * seconds before the newest, and is judged all the same.
   */
  #kindOf(lane: Lane, frame: Frame): Tick['kind'] {
    const isRecent = frame.second > this.#options.clock.nowMs() / 1000 - LIVE_SECONDS_MAX;
    return isRecent && lane.isNewest(frame) ? 'live' : 'late';
  }

  #store(lane: Lane, frame: Frame, dictionary: Dictionary, replaces: boolean): void {
    const kind = this.#kindOf(lane, frame);
    lane.take(frame);
    if (replaces) this.#options.ring.clear(frame.collector, frame.second);
    this.#put(frame, dictionary, kind);
  }

  #put(frame: Frame, dictionary: Dictionary, kind: Tick['kind']): void {
    this.#options.ring.put(frame, dictionary, this.#options.clock.nowMs());
    this.#framesTaken++;
    this.#samplesTaken += frame.values.length;
    const tick: Tick = { frame, dictionary, receivedAtMs: this.#options.clock.nowMs(), kind };
    for (const listener of this.#options.listeners) listener(tick);
  }

  lanes(): Iterable<Lane> {
    return this.#lanes.values();
  }

  /** Puts back a frame that the log holds at `position`; null: only notes that it is there. Nobody is told. */
  restore({ frame, dictionary }: LogFrame, position: LogPosition | null): void {
    assert(frame.values.length <= dictionary.series.length, 'a dictionary that covers the frame');
    if (!frame.isPart) this.lane(frame.collector).markDurable(frame);
    if (position === null) return;
    const aheadMs = frame.second * 1000 - this.#options.clock.nowMs();
    // From a time when the clock was wrong: in memory it would push out everything else.
    if (aheadMs > AHEAD_MS_MAX || this.#isTooOld(frame)) return;
    if (!frame.isPart && !this.#restoreRank(frame, position)) return;
    this.#options.ring.put(frame, dictionary, frame.sentAtMs, position);
  }

  /** Whether a frame of the log holds for its second; what held before is taken back. */
  #restoreRank(frame: Frame, position: LogPosition): boolean {
    const lane = this.lane(frame.collector);
    const standing = lane.stand(frame);
    if (standing === 'outranked') return false;
    if (standing !== 'known') lane.take(frame);
    // A checkpoint may know the frame when its samples were in no block yet: the ring says which it has.
    if (standing !== 'new') this.#options.ring.clear(frame.collector, frame.second, position);
    return true;
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
