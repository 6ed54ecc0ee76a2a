import { type Static, Type } from 'typebox';
import { compareFrames, type Frame, nameSchema } from '../../core/index.ts';
import { RING_SECONDS } from '../ring/ring.ts';
import { FrameStamps } from './frame-stamps.ts';

/** Runs of a collector whose acknowledged frames are remembered. */
const EPOCHS_MAX = 8;

/** Frames beyond the first unacknowledged one that are remembered as durable. */
const SCATTERED_MAX = 20_000;

/** Stamps are kept a little longer than samples, and are cleared once in a while. */
const STAMPS_SLACK_SECONDS = 600;

const count = Type.Number({ minimum: 0 });

/** A lane as it is written down. `runs` are `[from, to, bootEpoch, seq]`, `durable` `[bootEpoch, contiguous seq]`. */
export const laneStateSchema = Type.Object(
  {
    collector: nameSchema,
    newest: Type.Object({ bootEpoch: count, seq: count }, { additionalProperties: false }),
    durable: Type.Array(Type.Tuple([count, count]), { maxItems: EPOCHS_MAX }),
    runs: Type.Array(Type.Tuple([count, count, count, count])),
  },
  { additionalProperties: false },
);

export type LaneState = Static<typeof laneStateSchema>;

/**
 * `new`: nothing is known of its second. `replaces`: it outranks the frame that held until now.
 * `known`: this very frame is here. `outranked`: a later frame tells of the same second.
 */
export type Standing = 'new' | 'replaces' | 'known' | 'outranked';

/** What the server remembers of one collector, apart from its samples. */
export class Lane {
  readonly collector: string;
  newestSecond = 0;
  #newest: Pick<Frame, 'bootEpoch' | 'seq'> = { bootEpoch: 0, seq: 0 };
  readonly #stamps = new FrameStamps();
  readonly #durable = new Map<number, DurableSeqs>();

  constructor(collector: string) {
    this.collector = collector;
  }

  /** How a frame stands against what came before; taking it makes it the one that holds. */
  stand(frame: Frame): Standing {
    const holding = this.#stamps.at(frame.second);
    if (holding === null) return 'new';
    const order = compareFrames(frame, holding);
    return order === 0 ? 'known' : order < 0 ? 'outranked' : 'replaces';
  }

  /** True for a frame that was taken later than all before it, by the collector's own count. */
  isNewest(frame: Frame): boolean {
    return compareFrames(frame, this.#newest) > 0;
  }

  take(frame: Frame): void {
    if (this.isNewest(frame)) this.#newest = { bootEpoch: frame.bootEpoch, seq: frame.seq };
    this.#stamps.set(frame.second, frame);
    if (frame.second <= this.newestSecond) return;
    this.newestSecond = frame.second;
    this.#stamps.forgetBefore(this.newestSecond - RING_SECONDS - STAMPS_SLACK_SECONDS);
  }

  markDurable(frame: Pick<Frame, 'bootEpoch' | 'seq'>): void {
    let seqs = this.#durable.get(frame.bootEpoch);
    if (seqs === undefined) {
      seqs = new DurableSeqs();
      this.#durable.set(frame.bootEpoch, seqs);
      const oldest = Math.min(...this.#durable.keys());
      if (this.#durable.size > EPOCHS_MAX) this.#durable.delete(oldest);
    }
    seqs.add(frame.seq);
  }

  isDurable(frame: Pick<Frame, 'bootEpoch' | 'seq'>): boolean {
    return this.#durable.get(frame.bootEpoch)?.has(frame.seq) ?? false;
  }

  state(): LaneState {
    return {
      collector: this.collector,
      newest: this.#newest,
      durable: [...this.#durable].map(([epoch, { contiguous }]) => [epoch, contiguous]),
      runs: this.#stamps.runs().map(({ from, to, bootEpoch, seq }) => [from, to, bootEpoch, seq]),
    };
  }

  /** Takes over what was written down; nothing has been told of yet. */
  restore({ newest, durable, runs }: LaneState): void {
    this.#newest = newest;
    this.#stamps.restore(runs.map(([from, to, bootEpoch, seq]) => ({ from, to, bootEpoch, seq })));
    this.newestSecond = Math.max(0, (runs.at(-1)?.[1] ?? 0) - 1);
    for (const [epoch, contiguous] of durable) this.#durable.set(epoch, new DurableSeqs(contiguous));
  }

  /** All frames of this run up to the returned seq are durable. */
  ackedSeq(bootEpoch: number): number {
    return this.#durable.get(bootEpoch)?.contiguous ?? 0;
  }
}

/** A set of seqs that is kept small by the one number below which it has no hole. */
class DurableSeqs {
  contiguous: number;
  readonly #scattered = new Set<number>();

  constructor(contiguous = 0) {
    this.contiguous = contiguous;
  }

  has(seq: number): boolean {
    return seq <= this.contiguous || this.#scattered.has(seq);
  }

  add(seq: number): void {
    if (seq <= this.contiguous) return;
    this.#scattered.add(seq);
    // A hole this old is not coming any more: its frames were freed with the log, or never sent.
    if (this.#scattered.size > SCATTERED_MAX) this.contiguous = Math.min(...this.#scattered) - 1;
    while (this.#scattered.delete(this.contiguous + 1)) this.contiguous++;
  }
}
