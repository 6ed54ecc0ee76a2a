/** From the outbox to people: one worker a channel, all on the same pipeline of stages. */
import { setMaxListeners } from 'node:events';
import {
  type AlertEvent,
  type Clock,
  describeError,
  type Hop,
  type Logger,
  type StateStore,
} from '../../../core/index.ts';
import { readPendingChannels } from '../../store/outbox.ts';
import { type Budget, Budgets, type Channel, type Mailer, type Outbound } from '../channels/index.ts';
import { nobody, type People } from '../people/people.ts';
import type { Holds } from '../silences/holds.ts';
import type { BreakerState } from './breaker.ts';
import { ChannelWorker, type ChannelWorkerOptions, type NotifierCounts } from './channel-worker.ts';
import type { Content, Outgoing, Stage } from './stage.ts';
import { addressStage } from './stages/address.ts';
import { audienceStage } from './stages/audience.ts';
import { type ComposeOptions, composeStage } from './stages/compose.ts';
import { expireStage } from './stages/expire.ts';
import { holdStage } from './stages/hold.ts';
import { sendStage } from './stages/send.ts';

export type NotifierOptions = {
  readonly store: StateStore;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly outbound: Outbound;
  readonly mailer: Mailer;
  readonly picture: (event: AlertEvent) => Promise<Uint8Array | null>;
  readonly holds: Holds;
  readonly compose: ComposeOptions;
  readonly onChange: () => void;
};

/** What may be told of a channel: nothing of its address or secrets. */
export type ChannelState = BreakerState & { readonly name: string; readonly type: string };

const closed: BreakerState = { state: 'closed', failures: 0, sinceMs: null };

export class Notifier {
  readonly counts: NotifierCounts = { attempts: 0, delivered: 0, failed: 0, retries: 0, held: 0, digests: 0 };
  readonly #options: NotifierOptions;
  readonly #closing = new AbortController();
  readonly #workers = new Map<string, ChannelWorker>();
  readonly #workerOptions: ChannelWorkerOptions;
  readonly #budgets = new Budgets();
  readonly #stages: Readonly<Record<string, Stage>>;
  /** Null until a rules file was read: what waits from before is not sent to nowhere. */
  #channels: ReadonlyMap<string, Channel> | null = null;
  #people: People = nobody;

  constructor(options: NotifierOptions) {
    this.#options = options;
    const { store, clock, logger, outbound, mailer, picture, holds, compose, onChange } = options;
    const closing = this.#closing.signal;
    // Each worker waits for it, and there are as many as channels.
    setMaxListeners(0, closing);
    this.#stages = {
      age: expireStage(clock),
      silences: holdStage(holds, clock),
      channel: addressStage(() => this.channels),
      people: audienceStage(() => this.#people, clock),
      words: composeStage(compose),
      receiver: sendStage({ outbound, mailer, clock, picture, budgets: this.#budgets, closing }),
    };
    const stages = Object.values(this.#stages);
    const channelOf = (name: string) => this.#channelOf(name);
    this.#workerOptions = { store, clock, logger, stages, counts: this.counts, channelOf, onChange, closing };
  }

  get channels(): ReadonlyMap<string, Channel> {
    return this.#channels ?? new Map();
  }

  get people(): People {
    return this.#people;
  }

  get states(): readonly ChannelState[] {
    return [...this.channels.values()].map(({ name, type }) => {
      return { name, type, ...(this.#workers.get(name)?.breaker.state ?? closed) };
    });
  }

  /** The channels and people of the rules file as it is now. The first call starts what waits from before a restart. */
  use(channels: readonly Channel[], people: People): void {
    const isFirst = this.#channels === null;
    this.#channels = new Map(channels.map((channel) => [channel.name, channel]));
    this.#people = people;
    if (!isFirst) return;
    readPendingChannels(this.#options.store).then(
      (names) => this.wake(names),
      (error) => {
        this.#options.logger.error({ error: describeError(error) }, 'the outbox could not be read');
        // The next message to a channel wakes its worker, which then finds the older ones as well.
        this.wake(channels.map((channel) => channel.name));
      },
    );
  }

  /** Messages to these channels wait in the outbox. The number of workers is that of channels ever named: 100 a file. */
  wake(channels: Iterable<string>): void {
    if (this.#channels === null || this.#closing.signal.aborted) return;
    for (const name of channels) {
      const worker = this.#workers.get(name) ?? new ChannelWorker(name, this.#workerOptions);
      this.#workers.set(name, worker);
      worker.wake();
    }
  }

  /** One attempt outside the outbox, with what happened at each station. */
  async trace(content: Content, channelName: string): Promise<Hop[]> {
    const { clock } = this.#options;
    const hops: Hop[] = [];
    let outgoing: Outgoing = { content, channelName, audience: '', createdAtMs: clock.nowMs(), fromPart: 0 };
    for (const [hop, stage] of Object.entries(this.#stages)) {
      const startMs = clock.monotonicMs();
      const result = await stage(outgoing);
      const passed = result.kind === 'next' || result.kind === 'delivered';
      const detail =
        'reason' in result ? result.reason : detailOf(hop, result.kind === 'next' ? result.outgoing : outgoing);
      hops.push({ hop, passed, detail, tookMs: Math.max(0, clock.monotonicMs() - startMs) });
      if (result.kind !== 'next') break;
      outgoing = result.outgoing;
    }
    return hops;
  }

  /** Stops after the attempts under way, which the outbound is told to end. What is not delivered waits for the next start. */
  async close(): Promise<void> {
    this.#closing.abort(new Error('closing'));
    this.#options.outbound.close();
    await Promise.all([...this.#workers.values()].map((worker) => worker.stopped()));
  }

  #channelOf(name: string): { readonly channel: Channel; readonly budget: Budget | undefined } | undefined {
    const channel = this.channels.get(name);
    if (channel === undefined) return undefined;
    const { budget } = channel.transport;
    return { channel, budget: budget && this.#budgets.of(budget.key, budget.limits) };
  }
}

/** What a station found out, for the person who tests. */
function detailOf(hop: string, { channel, recipients = [], message }: Outgoing): string {
  switch (hop) {
    case 'age':
      return 'it is not too old';
    case 'silences':
      return 'nothing keeps it back';
    case 'channel':
      return `the rules file has it, of type ${channel?.type}`;
    case 'people':
      return recipients.length === 0
        ? 'everybody whom the channel reaches'
        : recipients.map(({ name }) => name).join(', ');
    case 'words':
      return message?.title ?? '';
    default:
      return 'the receiver took it';
  }
}
