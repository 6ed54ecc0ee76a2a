import {
  type Clock,
  canonical,
  type Endpoint,
  type Frame,
  fillAbsent,
  isAbsent,
  PUSHED_BY,
  type Second,
  type TimestampMs,
} from '../../../core/index.ts';
import { type Sample, sampleAt } from '../../query/instant/sample-at.ts';
import { RING_SECONDS, type Ring } from '../../ring/ring.ts';
import { AHEAD_MS_MAX, type Intake } from '../intake.ts';
import { type Draft, type PushedSeries, PushLane, type SeriesForm } from './push-lane.ts';

/** Samples that are older when they are pushed are refused. */
export const PUSHED_LATE_SECONDS_MAX = 600;

/** A sample is judged when it is the newest of its series and, beside one step, at most this old. */
const LIVE_SECONDS_MAX = 60;

const SERIES_PER_SENDER_MAX = 100_000;

/** Slots of all drafts of a push, at eight bytes: what bounds samples that lie far apart. */
const SLOTS_MAX = 4 * 1024 * 1024;

const SWEEP_SECONDS = 600;

/** After a push that did not become durable, what the ring holds proves nothing for as long as somebody may repeat it. */
const DOUBT_MS = 2 * PUSHED_LATE_SECONDS_MAX * 1000;

/** Why a sample is not taken. */
export type PushRefusal = 'too-old' | 'ahead' | 'budget' | 'measured' | 'scattered';

export type AddSample = (series: PushedSeries, second: number, value: number) => PushRefusal | null;

export type PushStatus = { readonly samples: number; readonly repeated: number; readonly senders: number };

export type PushIntakeOptions = {
  readonly intake: Pick<Intake, 'acceptPart'>;
  readonly ring: Ring;
  readonly clock: Clock;
  /** Resolves when all that was taken until now is durable. */
  readonly settled: () => Promise<void>;
};

type Shares = PushIntakeOptions & { readonly bootEpoch: number };

/** The way in for samples that come without a collector, each with a time of its own. */
export class PushIntake {
  readonly #shares: Shares;
  readonly #senders = new Map<string, PushSender>();

  constructor(options: PushIntakeOptions) {
    this.#shares = { ...options, bootEpoch: options.clock.nowMs() };
  }

  /** Made when it is new: the caller makes sure that there are few. */
  sender(name: string): PushSender {
    let sender = this.#senders.get(name);
    if (sender === undefined) {
      sender = new PushSender(name, this.#shares);
      this.#senders.set(name, sender);
    }
    return sender;
  }

  status(): PushStatus {
    let [samples, repeated] = [0, 0];
    for (const sender of this.#senders.values()) {
      samples += sender.samples;
      repeated += sender.repeated;
    }
    return { samples, repeated, senders: this.#senders.size };
  }
}

/**
 * One who pushes. Samples go by endpoint and second into frames that are parts: they add to what else is told of their
 * second. What repeats what the ring holds is passed over, so that a push which is sent again counts once.
 */
export class PushSender {
  samples = 0;
  repeated = 0;
  readonly #collector: string;
  readonly #shares: Shares;
  readonly #lanes = new Map<string, PushLane>();
  readonly #touched = new Set<PushLane>();
  #generation = 0;
  #seq = 0;
  #seriesCount = 0;
  #slots = 0;
  #sweptSecond = 0;
  #doubtUntilMs = 0;

  constructor(name: string, shares: Shares) {
    this.#collector = `${PUSHED_BY}${name}`;
    this.#shares = shares;
  }

  /** A series of the sender, introduced when it is new. */
  series(endpoint: Endpoint, form: SeriesForm): PushedSeries | PushRefusal {
    return this.#lanes.get(endpoint.name)?.find(form) ?? this.#introduce(endpoint, form);
  }

  #introduce(endpoint: Endpoint, form: SeriesForm): PushedSeries | PushRefusal {
    const store = this.#shares.ring.find(endpoint.name);
    const known = store?.find(form.metric, form.tags);
    if (known !== undefined && !known.isPushed) return 'measured';
    const isFull = this.#seriesCount >= SERIES_PER_SENDER_MAX || this.#shares.ring.seriesLeft <= 0;
    if (isFull && known === undefined) return 'budget';
    let lane = this.#lanes.get(endpoint.name);
    if (lane === undefined) {
      lane = new PushLane(++this.#generation, endpoint);
      this.#lanes.set(endpoint.name, lane);
    }
    this.#seriesCount++;
    return lane.add(form, known === undefined ? 0 : (store?.newest.seconds[known.column] ?? 0));
  }

  /**
   * Takes the samples that `fill` adds. Resolves when they are durable; rejects when the log can not take them, and the
   * sender has to send them again.
   */
  async push(fill: (add: AddSample) => void): Promise<void> {
    const nowSecond = Math.floor(this.#shares.clock.nowMs() / 1000);
    this.#slots = 0;
    try {
      fill((series, second, value) => this.#add(series, { second, value, nowSecond }));
    } catch (error) {
      for (const lane of this.#touched) lane.take();
      this.#touched.clear();
      throw error;
    }
    const durable = [...this.#touched].flatMap((lane) => lane.take().flatMap((draft) => this.#accept(lane, draft)));
    this.#touched.clear();
    if (nowSecond >= this.#sweptSecond + SWEEP_SECONDS) this.#sweep(nowSecond);
    // What was told before and is passed over now may still be on its way to the disk.
    await Promise.all([...durable, this.#shares.settled()]).catch((error: unknown) => {
      this.#doubtUntilMs = this.#shares.clock.nowMs() + DOUBT_MS;
      throw error;
    });
  }

  #add({ lane, column }: PushedSeries, sample: { second: number; value: number; nowSecond: number }) {
    const { second, value, nowSecond } = sample;
    if (second < nowSecond - PUSHED_LATE_SECONDS_MAX) return 'too-old';
    if (second > nowSecond + AHEAD_MS_MAX / 1000) return 'ahead';
    const { step = 1 } = lane.dictionary.series[column] ?? {};
    const isNews = second > (lane.newest[column] as number) && second > nowSecond - LIVE_SECONDS_MAX - step;
    const kind = isNews ? 'live' : 'late';
    const slots = this.#slots + lane.missing(second, kind);
    if (slots > SLOTS_MAX) return 'scattered';
    this.#slots = slots;
    this.#touched.add(lane);
    lane.put(column, { second: second as Second, kind, value: canonical(value) });
    return null;
  }

  /** Makes a frame of a draft and hands it on: the promises of its being durable, none where nothing in it is new. */
  #accept(lane: PushLane, { second, kind, values }: Draft): Promise<void>[] {
    const { intake, clock, bootEpoch } = this.#shares;
    const known = values.subarray(0, Math.min(values.length, lane.width));
    const news = kind === 'live' ? countPresent(known) : this.#dropRepeated(lane, second, known);
    if (news === 0) return [];
    this.samples += news;
    const frame: Frame = {
      collector: this.#collector,
      bootEpoch,
      seq: ++this.#seq,
      second,
      sentAtMs: clock.nowMs() as TimestampMs,
      generation: lane.dictionary.generation,
      values: known,
      isPart: true,
    };
    return [intake.acceptPart(frame, lane.dictionary, kind)];
  }

  /** Makes absent what the ring holds already; returns how many samples are left. */
  #dropRepeated(lane: PushLane, second: number, values: Float64Array): number {
    const { ring, clock } = this.#shares;
    const endpoint = lane.dictionary.endpointOf(0).name;
    const store = clock.nowMs() < this.#doubtUntilMs ? undefined : ring.find(endpoint);
    const held: Sample = { second: 0, value: 0 };
    let left = 0;
    for (let column = 0; column < values.length; column++) {
      if (isAbsent(values, column)) continue;
      const { metric, tags } = lane.dictionary.identityOf(column);
      const series = store?.find(metric, tags);
      const moment = { at: second, lookback: 1, ahead: 0 };
      const isHeld = store !== undefined && series !== undefined && sampleAt(store, series.column, moment, held);
      if (isHeld && held.second === second && Object.is(held.value, values[column])) {
        fillAbsent(values, column, column + 1);
        this.repeated++;
      } else left++;
    }
    return left;
  }

  /** Lets go of endpoints that nothing comes of any more, and of those most of whose series are gone. */
  #sweep(nowSecond: number): void {
    this.#sweptSecond = nowSecond;
    for (const [endpoint, lane] of this.#lanes) {
      const alive = lane.newest.filter((second) => second > nowSecond - RING_SECONDS).length;
      if (2 * alive > lane.width) continue;
      lane.isDropped = true;
      this.#lanes.delete(endpoint);
      this.#seriesCount -= lane.width;
    }
  }
}

function countPresent(values: Float64Array): number {
  let count = 0;
  for (let index = 0; index < values.length; index++) if (!isAbsent(values, index)) count++;
  return count;
}
