/** From the outbox to people: one worker a channel, all on the same pipeline of stages. */
import { type Clock, describeError, type Logger, type StateStore } from '../../core/index.ts';
import type { Channel, Outbound } from '../channels/index.ts';
import { readPendingChannels } from '../store/outbox.ts';
import { ChannelWorker, type NotifierCounts } from './channel-worker.ts';
import { addressStage } from './stages/address.ts';
import { composeStage } from './stages/compose.ts';
import { expireStage } from './stages/expire.ts';
import { sendStage } from './stages/send.ts';

export type NotifierOptions = {
  readonly store: StateStore;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly outbound: Outbound;
  readonly publicUrl: string;
  readonly onChange: () => void;
};

export class Notifier {
  readonly counts: NotifierCounts = { attempts: 0, delivered: 0, failed: 0, retries: 0 };
  readonly #options: NotifierOptions;
  readonly #closing = new AbortController();
  readonly #workers = new Map<string, ChannelWorker>();
  readonly #workerOptions;
  /** Null until a rules file was read: what waits from before is not sent to nowhere. */
  #channels: ReadonlyMap<string, Channel> | null = null;

  constructor(options: NotifierOptions) {
    this.#options = options;
    const { store, clock, logger, outbound, publicUrl, onChange } = options;
    const stages = [
      expireStage(clock),
      addressStage(() => this.#channels ?? new Map()),
      composeStage(publicUrl),
      sendStage(outbound),
    ];
    this.#workerOptions = {
      store,
      clock,
      logger,
      stages,
      counts: this.counts,
      onChange,
      closing: this.#closing.signal,
    };
  }

  /** The channels of the rules file as it is now. The first call starts what waits from before a restart. */
  useChannels(channels: readonly Channel[]): void {
    const isFirst = this.#channels === null;
    this.#channels = new Map(channels.map((channel) => [channel.name, channel]));
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

  /** Stops after the attempts under way, which the outbound is told to end. What is not delivered waits for the next start. */
  async close(): Promise<void> {
    this.#closing.abort(new Error('closing'));
    this.#options.outbound.close();
    await Promise.all([...this.#workers.values()].map((worker) => worker.stopped()));
  }
}
