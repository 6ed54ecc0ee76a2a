import {
  type Ack,
  AppError,
  ByteWriter,
  type Clock,
  Dictionary,
  decodeFrame,
  describeError,
  type EventBatch,
  type EventsTaken,
  type Frame,
  type FrameHeader,
  type Hello,
  type HostEvent,
  type InventoryItems,
  isAppError,
  isPushedBy,
  type Logger,
  type Message,
  type MonitorReport,
  type MonitorsMessage,
  open,
  openJson,
  parseDictionaryChunk,
  parseEventBatch,
  parseHello,
  parseInventoryMessage,
  parseMonitorReport,
  sealJson,
  type Welcome,
} from '../../core/index.ts';
import type { Ring } from '../ring/ring.ts';
import { AHEAD_MS_MAX, type Intake } from './intake.ts';

/** Frames of one connection that may wait for the disk; beyond it the connection is too fast. */
const UNACKED_FRAMES_MAX = 2000;

/** Names, labels and tags that one connection may send: 65,536 series at a kilobyte each. */
const DICTIONARY_BYTES_MAX = 64 * 1024 * 1024;

/** Generations of the dictionary that one connection may use: the old one and the new. */
const GENERATIONS_MAX = 4;

/** Batches of events of one connection that wait for the disk; a collector has one under way. */
const BATCHES_MAX = 4;

/** The connection as the session sees it; messages are whole. */
export type CollectorSocket = {
  send(message: Uint8Array): void;
  close(reason: string): void;
};

export type CollectorSessionOptions = {
  readonly socket: CollectorSocket;
  readonly intake: Intake;
  readonly ring: Ring;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Throws `IDENTITY_TAKEN` when another live connection has this name. */
  readonly enrol: (hello: Hello, session: CollectorSession) => void;
  readonly onDescribed: () => void;
  readonly identify: Identify;
  readonly fleet: FleetListener;
  readonly takeEvents: TakeEvents;
};

/** What a collector says besides samples, and when it may be told what the server wants. */
export type FleetListener = {
  readonly welcomed: (collector: string) => void;
  readonly reported: (collector: string, report: MonitorReport) => void;
  readonly inventoried: (collector: string, items: InventoryItems) => void;
};

/** Resolves when this connection may speak for a collector; rejects with `TOKEN_REFUSED` when it may not. */
export type Identify = (collector: string) => Promise<void>;

/** Keeps what a collector tells has happened. Resolves when it is durable; the same event may come again. */
export type TakeEvents = (collector: string, events: readonly HostEvent[]) => Promise<void>;

export type CollectorSessionStatus = {
  readonly version: string;
  readonly lastFrameMs: number | null;
  readonly clockSkewMs: number | null;
  readonly ackedSeq: number;
  readonly seriesCount: number;
};

/**
 * One connection of a collector: hello, dictionary, frames, in that order. Anything else ends it
 * with a refusal that says why; a frame that is not acknowledged comes again on the next one.
 */
export class CollectorSession {
  readonly #options: CollectorSessionOptions;
  readonly #writer = new ByteWriter();
  readonly #dictionaries = new Map<number, Dictionary>();
  #hello: Hello | null = null;
  #isWelcome = false;
  #base: Frame | null = null;
  #unacked = 0;
  #batches = 0;
  #dictionaryBytes = 0;
  #lastFrameMs: number | null = null;
  #clockSkewMs: number | null = null;
  #ended = false;

  constructor(options: CollectorSessionOptions) {
    this.#options = options;
  }

  get hello(): Hello | null {
    return this.#hello;
  }

  /** Takes one message. Never throws: what is wrong with a message ends the connection. */
  receive(bytes: Uint8Array): void {
    if (this.#ended) return;
    try {
      this.#dispatch(open(bytes));
    } catch (error) {
      this.end(error);
    }
  }

  #dispatch(message: Message): void {
    if (message.type === 'hello') return this.#onHello(parseHello(openJson(message.body)));
    if (!this.#isWelcome) throw new AppError('FRAME_INVALID', `a ${message.type} message before the welcome`);
    if (message.type === 'dictionary') return this.#onDictionary(message.body);
    if (message.type === 'frame') return this.#onFrame(message.body);
    const { fleet } = this.#options;
    if (message.type === 'report') {
      return fleet.reported(this.#collector, parseMonitorReport(openJson(message.body)));
    }
    if (message.type === 'inventory') {
      return fleet.inventoried(this.#collector, parseInventoryMessage(openJson(message.body)).items);
    }
    if (message.type === 'events') return this.#onEvents(parseEventBatch(openJson(message.body)));
    throw new AppError('FRAME_INVALID', `a ${message.type} message from a collector`);
  }

  #onHello(hello: Hello): void {
    if (this.#hello !== null) throw new AppError('FRAME_INVALID', 'a second hello on one connection');
    const skewMs = hello.nowMs - this.#options.clock.nowMs();
    // An epoch from the future would outrank every later run of this collector.
    const aheadMs = Math.max(skewMs, hello.bootEpoch - this.#options.clock.nowMs());
    if (aheadMs > AHEAD_MS_MAX) throw clockAhead(hello.collector, aheadMs);
    if (isPushedBy(hello.collector)) throw reserved(hello.collector);
    this.#hello = hello;
    this.#clockSkewMs = skewMs;
    void this.#welcome(hello);
  }

  async #welcome(hello: Hello): Promise<void> {
    try {
      await this.#options.identify(hello.collector);
      if (this.#ended) return;
      this.#options.enrol(hello, this);
      this.#isWelcome = true;
      const ackedSeq = this.#options.intake.lane(hello.collector).ackedSeq(hello.bootEpoch);
      const welcome: Welcome = { ackedSeq, nowMs: this.#options.clock.nowMs() };
      this.#options.socket.send(sealJson(this.#writer, 'welcome', welcome));
      this.#options.fleet.welcomed(hello.collector);
    } catch (error) {
      this.end(error);
    }
  }

  #onDictionary(body: Uint8Array): void {
    this.#dictionaryBytes += body.length;
    if (this.#dictionaryBytes > DICTIONARY_BYTES_MAX) {
      throw new AppError('SERIES_BUDGET', `a dictionary of more than ${DICTIONARY_BYTES_MAX} bytes on one connection`);
    }
    const chunk = parseDictionaryChunk(openJson(body));
    let dictionary = this.#dictionaries.get(chunk.generation);
    if (dictionary === undefined) {
      dictionary = new Dictionary(chunk.generation);
      this.#dictionaries.set(chunk.generation, dictionary);
      if (this.#dictionaries.size > GENERATIONS_MAX) this.#dictionaries.delete(Math.min(...this.#dictionaries.keys()));
    }
    dictionary.apply(chunk);
    // An older generation tells how things were when its frames were taken, not how they are.
    const isNewest = chunk.generation === Math.max(...this.#dictionaries.keys());
    if (chunk.endpoints.length === 0 || !isNewest) return;
    for (const { endpoint } of chunk.endpoints) this.#options.ring.describe(this.#collector, endpoint);
    this.#options.onDescribed();
  }

  #onEvents({ batch, events }: EventBatch): void {
    if (this.#batches >= BATCHES_MAX) throw new AppError('TOO_MANY_REQUESTS', 'events come faster than they are kept');
    this.#batches++;
    const taken: EventsTaken = { batch };
    this.#options
      .takeEvents(this.#collector, events)
      .then(
        () => {
          if (!this.#ended) this.#options.socket.send(sealJson(this.#writer, 'eventsTaken', taken));
        },
        // Not kept, so not acknowledged: they come again on another connection.
        (error: unknown) => this.end(error),
      )
      .finally(() => {
        this.#batches--;
      });
  }

  get #collector(): string {
    return this.#hello?.collector ?? '';
  }

  #onFrame(body: Uint8Array): void {
    const frame = decodeFrame(body, (header) => this.#dictionaryOf(header), this.#base);
    const dictionary = this.#dictionaries.get(frame.generation);
    if (dictionary === undefined)
      throw new AppError('FRAME_INVALID', `no dictionary of generation ${frame.generation}`);
    this.#base = frame;
    const nowMs = this.#options.clock.nowMs();
    this.#clockSkewMs = frame.sentAtMs - nowMs;
    this.#lastFrameMs = nowMs;
    if (frame.second * 1000 - nowMs > AHEAD_MS_MAX) throw clockAhead(frame.collector, frame.second * 1000 - nowMs);
    if (this.#unacked >= UNACKED_FRAMES_MAX) {
      throw new AppError('TOO_MANY_REQUESTS', `${UNACKED_FRAMES_MAX} frames wait for their acknowledgement`, {
        hint: 'the server’s disk is slow or full; frames stay with the collector until it recovers',
      });
    }
    void this.#take(frame, dictionary);
  }

  /** Only what this collector said in hello is believed of a frame. */
  #dictionaryOf(header: FrameHeader): Dictionary | undefined {
    const { collector, bootEpoch } = this.#hello ?? { collector: '', bootEpoch: 0 };
    // Frames of an earlier run lay on the collector's disk. One of a later run can not be.
    if (header.collector !== collector || header.bootEpoch > bootEpoch) {
      throw new AppError('FRAME_INVALID', 'a frame names another collector or a later run than hello did');
    }
    return this.#dictionaries.get(header.generation);
  }

  async #take(frame: Frame, dictionary: Dictionary): Promise<void> {
    this.#unacked++;
    try {
      await this.#options.intake.accept(frame, dictionary);
      const ack: Ack = {
        bootEpoch: frame.bootEpoch,
        seq: frame.seq,
        nowMs: this.#options.clock.nowMs(),
        echoMs: frame.sentAtMs,
      };
      if (!this.#ended) this.#options.socket.send(sealJson(this.#writer, 'ack', ack));
    } catch (error) {
      // Not logged, so not acknowledged: the collector sends it again, on another connection.
      this.end(error);
    } finally {
      this.#unacked--;
    }
  }

  /** Tells the collector what the server wants watched there; false before the welcome and after the end. */
  want(wanted: MonitorsMessage): boolean {
    if (this.#ended || !this.#isWelcome) return false;
    this.#options.socket.send(sealJson(this.#writer, 'monitors', wanted));
    return true;
  }

  /** Tells the collector why and closes. */
  end(error: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    const code = isAppError(error) ? error.code : 'INTERNAL';
    const message = describeError(error).slice(0, 1000);
    const isOrderly = code === 'SHUTTING_DOWN' || code === 'CONFLICT';
    const log = isOrderly ? this.#options.logger.info : this.#options.logger.warn;
    log.call(
      this.#options.logger,
      { collector: this.#collector, code, error: message },
      'a collector connection was ended',
    );
    this.#options.socket.send(sealJson(this.#writer, 'refusal', { code, message, fatal: true }));
    this.#options.socket.close(code);
  }

  status(): CollectorSessionStatus {
    const newest = [...this.#dictionaries.values()].at(-1);
    return {
      version: this.#hello?.version ?? '',
      lastFrameMs: this.#lastFrameMs,
      clockSkewMs: this.#clockSkewMs,
      ackedSeq: this.#hello ? this.#options.intake.lane(this.#collector).ackedSeq(this.#hello.bootEpoch) : 0,
      seriesCount: newest?.series.length ?? 0,
    };
  }
}

function clockAhead(collector: string, aheadMs: number): AppError {
  const seconds = Math.round(aheadMs / 1000);
  return new AppError('FRAME_INVALID', `the clock of ${collector} is ${seconds} s ahead of the server's`, {
    hint: 'synchronise both clocks (NTP); frames stay with the collector until then',
  });
}

function reserved(collector: string): AppError {
  return new AppError('FRAME_INVALID', `no collector may be called ${collector}: such names are of those who push`, {
    hint: 'start it with another --name',
  });
}
