import { isBelow, type Node } from '../../../alerting/index.ts';
import { AppError, type Clock, type Endpoint, type Tags } from '../../../core/index.ts';
import type { AddSample, PushedSeries, PushSender } from '../../../realtime/index.ts';
import { type Reason, Refusals } from './refusals.ts';

/** A sender that was quiet may send this many seconds' worth at once. */
const BURST_SECONDS = 10;

/** Who pushes: a token, or a listener that is open to some addresses. */
export type Pusher = {
  /** Names its samples' writer; one of few. */
  readonly name: string;
  /** The only part of the service tree that it may write to; null: all of it. */
  readonly node: Node | null;
};

export type PushDoorOptions = {
  readonly clock: Clock;
  readonly senderOf: (name: string) => PushSender;
  readonly endpointOf: (name: string) => Endpoint | undefined;
  /** Samples a second that each sender may push in the long run. */
  readonly samplesPerSecondMax: number;
};

export type PushedForm = {
  readonly endpoint: string;
  readonly metric: string;
  readonly tags: Tags;
  /** Seconds from one sample to the next. */
  readonly step: number;
};

/** What a request is read with. */
export type Taking = {
  readonly refusals: Refusals;
  /** The series, or why there is none. */
  readonly series: (form: PushedForm) => PushedSeries | Reason;
  readonly add: AddSample;
};

/** What comes from outside in the forms of others: who may write what, how much, and what was refused. */
export class PushDoor {
  readonly #options: PushDoorOptions;
  readonly #budgets = new Map<string, { samples: number; atMs: number }>();
  readonly #refused = new Map<Reason, number>();

  constructor(options: PushDoorOptions) {
    this.#options = options;
  }

  /**
   * Takes the samples of a request that `read` adds; `count` is how many there are. Resolves when they are durable.
   * Throws `TOO_MANY_REQUESTS` beyond the sender's rate, and `LOG_WRITE_FAILED` when the disk refuses.
   */
  async take(pusher: Pusher, count: number, read: (taking: Taking) => void): Promise<Refusals> {
    this.#spend(pusher.name, count);
    const sender = this.#options.senderOf(pusher.name);
    const refusals = new Refusals(this.#refused);
    const series = (form: PushedForm) => this.#seriesOf(pusher, sender, form);
    await sender.push((add) => read({ refusals, series, add }));
    return refusals;
  }

  #seriesOf({ node }: Pusher, sender: PushSender, { endpoint: name, ...form }: PushedForm): PushedSeries | Reason {
    const known = this.#options.endpointOf(name);
    if (node !== null && known !== undefined && !isBelow(known, node)) return 'node';
    return sender.series(known ?? endpointOf(name, node), form);
  }

  #spend(name: string, count: number): void {
    const { clock, samplesPerSecondMax: rate } = this.#options;
    const full = BURST_SECONDS * rate;
    const nowMs = clock.monotonicMs();
    const before = this.#budgets.get(name) ?? { samples: full, atMs: nowMs };
    const samples = Math.min(full, before.samples + ((nowMs - before.atMs) / 1000) * rate);
    this.#budgets.set(name, { samples: samples - (count <= samples ? count : 0), atMs: nowMs });
    if (count <= samples) return;
    throw new AppError('TOO_MANY_REQUESTS', `${name} pushes more than ${rate} samples a second`, {
      hint: 'send less, or raise --push-rate',
    });
  }

  metrics(): Record<string, number> {
    const refused = [...this.#refused].map(([reason, count]) => [`refused_${reason.replace('-', '_')}`, count]);
    return Object.fromEntries(refused);
  }
}

/** An endpoint that nobody has told of: it stands where its sender may write. */
function endpointOf(name: string, node: Node | null): Endpoint {
  const labels = Object.fromEntries((node ?? []).map(({ key, value }) => [key, value]));
  return { name, kind: 'host', host: name, state: 'running', labels };
}
