import { compareFrames, type Frame } from '../../core/index.ts';
import { WINDOW_SECONDS, windowStartOf } from '../ring/endpoint-store.ts';
import { RING_SECONDS } from '../ring/ring.ts';

/** Runs of a collector whose acknowledged frames are remembered. */
const EPOCHS_MAX = 8;

/** Frames beyond the first unacknowledged one that are remembered as durable. */
const SCATTERED_MAX = 20_000;

/** Which frame holds for each second of a window. Epoch 0: none. */
type Stamps = { readonly epochs: Float64Array; readonly seqs: Float64Array };

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
  readonly #stamps = new Map<number, Stamps>();
  readonly #durable = new Map<number, DurableSeqs>();

  constructor(collector: string) {
    this.collector = collector;
  }

  /** How a frame stands against what came before; taking it makes it the one that holds. */
  stand(frame: Frame): Standing {
    const stamps = this.#stamps.get(windowStartOf(frame.second));
    const row = frame.second % WINDOW_SECONDS;
    const epoch = stamps?.epochs[row] ?? 0;
    if (epoch === 0) return 'new';
    const order = compareFrames(frame, { bootEpoch: epoch, seq: stamps?.seqs[row] ?? 0 });
    return order === 0 ? 'known' : order < 0 ? 'outranked' : 'replaces';
  }

  /** True for a frame that was taken later than all before it, by the collector's own count. */
  isNewest(frame: Frame): boolean {
    return compareFrames(frame, this.#newest) > 0;
  }

  take(frame: Frame): void {
    if (this.isNewest(frame)) this.#newest = { bootEpoch: frame.bootEpoch, seq: frame.seq };
    const start = windowStartOf(frame.second);
    let stamps = this.#stamps.get(start);
    if (stamps === undefined) {
      stamps = { epochs: new Float64Array(WINDOW_SECONDS), seqs: new Float64Array(WINDOW_SECONDS) };
      this.#stamps.set(start, stamps);
    }
    stamps.epochs[frame.second - start] = frame.bootEpoch;
    stamps.seqs[frame.second - start] = frame.seq;
    if (frame.second <= this.newestSecond) return;
    this.newestSecond = frame.second;
    for (const old of this.#stamps.keys())
      if (old < this.newestSecond - RING_SECONDS - WINDOW_SECONDS) this.#stamps.delete(old);
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

  /** All frames of this run up to the returned seq are durable. */
  ackedSeq(bootEpoch: number): number {
    return this.#durable.get(bootEpoch)?.contiguous ?? 0;
  }
}

/** A set of seqs that is kept small by the one number below which it has no hole. */
class DurableSeqs {
  contiguous = 0;
  readonly #scattered = new Set<number>();

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
