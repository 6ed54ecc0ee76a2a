import {
  AppError,
  type CancelTimer,
  type Clock,
  type CollectorStatus,
  type Endpoint,
  type EndpointStatus,
  isPushedBy,
  type Logger,
  type MonitorsMessage,
  type TickListener,
} from '../core/index.ts';
import type { BlockKeeperStatus } from './files/block-keeper.ts';
import { Storage } from './files/storage.ts';
import {
  CollectorSession,
  type CollectorSocket,
  type FleetListener,
  type Identify,
  type TakeEvents,
} from './intake/collector-session.ts';
import { Enrolment } from './intake/enrolment.ts';
import { Intake, type IntakeStatus } from './intake/intake.ts';
import { PushIntake, type PushStatus } from './intake/push/push-intake.ts';
import type { LiveHub } from './live/live-hub.ts';
import type { LogWriterStatus } from './log/log-writer.ts';
import type { Recovered } from './log/recovery.ts';
import { freeSegments } from './log/retention/retention.ts';
import type { Ring, RingStatus } from './ring/ring.ts';

const KEEP_INTERVAL_MS = 60_000;
const LOG_BYTES_MAX = 64 * 1024 ** 3;
const SERIES_MAX = 1_000_000;

export type RealtimeOptions = {
  /** Folder of the segment log; made when it is not there. */
  readonly directory: string;
  /** Folder of the sealed blocks. */
  readonly blocksDirectory: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Live clients; made first, because others publish through it too. */
  readonly hub: LiveHub;
  readonly listeners: readonly TickListener[];
  /** The connection of a collector has ended. Must return at once. */
  readonly onCollectorLeft?: (collector: string) => void;
  readonly historySegment: () => Promise<number | null>;
  /** Told what collectors say besides samples. */
  readonly fleet: FleetListener;
  readonly takeEvents: TakeEvents;
  readonly seriesMax?: number;
  readonly logBytesMax?: number;
};

export type RealtimeStatus = {
  readonly intake: IntakeStatus;
  readonly ring: RingStatus;
  readonly push: PushStatus;
  readonly log: LogWriterStatus;
  readonly recovered: Recovered;
  readonly liveClients: number;
  readonly liveTicksMissed: number;
  readonly segmentsLostToHistory: number;
  readonly blocks: BlockKeeperStatus;
  /** False while blocks of older hours are still being read. */
  readonly loaded: boolean;
};

export type HostOfCollector = {
  readonly collector: string;
  readonly endpoint: Endpoint;
  readonly containers: readonly Endpoint[];
};

export type CollectorConnection = {
  receive(message: Uint8Array): void;
  /** The connection is gone. */
  left(): void;
};

/** The room's one object: intake, ring, log and live stream of this server. */
export class Realtime {
  readonly ring: Ring;
  /** The way in for samples that come without a collector. */
  readonly push: PushIntake;
  readonly #options: RealtimeOptions;
  readonly #storage: Storage;
  readonly #intake: Intake;
  readonly #enrolment: Enrolment;
  #segmentsLost = 0;
  #cancelKeeping: CancelTimer = () => {};
  #keeping: Promise<void> = Promise.resolve();

  private constructor(options: RealtimeOptions, storage: Storage, intake: Intake) {
    this.#options = options;
    this.ring = storage.ring;
    this.#storage = storage;
    this.#intake = intake;
    this.#enrolment = new Enrolment(options.clock);
    const settled = () => storage.log.settled();
    this.push = new PushIntake({ intake, ring: this.ring, clock: options.clock, settled });
    this.#scheduleKeeping();
  }

  /**
   * Restores the newest hours, then is ready for collectors; older hours follow. Resolves when the
   * former is done, `loaded` when all is.
   */
  static async open(options: RealtimeOptions): Promise<Realtime> {
    const storage = await Storage.open({ ...options, seriesMax: options.seriesMax ?? SERIES_MAX });
    const listeners: TickListener[] = [(tick) => options.hub.onTick(tick), ...options.listeners];
    const { ring, log } = storage;
    const intake = new Intake({ ring, log, clock: options.clock, listeners, loading: () => storage.loaded });
    await storage.restore(intake);
    return new Realtime(options, storage, intake);
  }

  /** Resolves when all that the disk holds is in memory. */
  get loaded(): Promise<void> {
    return this.#storage.loaded;
  }

  /** A collector has connected; its messages go to `receive`. `identify` rejects when it may not have its name. */
  connect(socket: CollectorSocket, identify: Identify): CollectorConnection {
    const session = new CollectorSession({
      socket,
      intake: this.#intake,
      ring: this.ring,
      clock: this.#options.clock,
      logger: this.#options.logger,
      enrol: (hello, self) => this.#enrolment.enrol(hello, self),
      identify,
      takeEvents: this.#options.takeEvents,
      onDescribed: () => this.#options.hub.changed('endpoints'),
      fleet: this.#options.fleet,
    });
    return {
      receive: (message) => session.receive(message),
      left: () => {
        this.#enrolment.leave(session);
        if (session.hello !== null) this.#options.onCollectorLeft?.(session.hello.collector);
        this.#options.hub.changed('endpoints');
      },
    };
  }

  /** Sends a collector what the server wants watched on its host; false when it is not connected. */
  want(collector: string, wanted: MonitorsMessage): boolean {
    return this.#enrolment.find(collector)?.want(wanted) ?? false;
  }

  /** The hosts that collectors told of, each with the containers that run on it. */
  hosts(): HostOfCollector[] {
    const hosts = new Map<string, { collector: string; endpoint: Endpoint; containers: Endpoint[] }>();
    for (const { collector, endpoint } of this.ring.endpoints()) {
      if (endpoint.kind === 'host' && !isPushedBy(collector))
        hosts.set(collector, { collector, endpoint, containers: [] });
    }
    for (const { collector, endpoint } of this.ring.endpoints()) {
      if (endpoint.kind === 'container' && endpoint.state === 'running') {
        hosts.get(collector)?.containers.push(endpoint);
      }
    }
    return [...hosts.values()];
  }

  collectors(): CollectorStatus[] {
    return this.#enrolment.status((collector) => this.ring.refusedOf(collector));
  }

  endpoints(): EndpointStatus[] {
    return [...this.ring.endpoints()].map((store) => ({
      ...store.endpoint,
      collector: store.collector,
      lastSampleMs: store.newestSecond === 0 ? null : store.newestSecond * 1000,
      seriesCount: store.seriesCount,
    }));
  }

  status(): RealtimeStatus {
    return {
      intake: this.#intake.status(),
      ring: this.ring.status(),
      push: this.push.status(),
      log: this.#storage.log.status(),
      recovered: this.#storage.recovered,
      liveClients: this.#options.hub.clientCount,
      liveTicksMissed: this.#options.hub.ticksMissed,
      segmentsLostToHistory: this.#segmentsLost,
      blocks: this.#storage.keeper.status(),
      loaded: this.ring.loadedFrom === 0,
    };
  }

  #scheduleKeeping(): void {
    this.#cancelKeeping = this.#options.clock.after(KEEP_INTERVAL_MS, () => {
      this.#keeping = this.#keep().finally(() => this.#scheduleKeeping());
    });
  }

  /** Brings sealed blocks to disk, and frees what of the log is needed no more. */
  async #keep(): Promise<void> {
    const { directory, clock, logger, historySegment, logBytesMax: bytesMax = LOG_BYTES_MAX } = this.#options;
    await this.#storage.keeper.keep();
    const { neededFrom } = this.#storage.keeper;
    try {
      const nowMs = clock.nowMs();
      const freed = await freeSegments({ directory, logger, neededFrom, nowMs, bytesMax, historySegment });
      this.#segmentsLost += freed.lostToHistory;
    } catch (error) {
      logger.warn({ error: String(error) }, 'old segments could not be freed; trying again in a minute');
    }
  }

  /** Ends the collectors' connections, writes what is pending, closes the log. */
  async close(): Promise<void> {
    this.#cancelKeeping();
    for (const session of this.#enrolment.sessions()) session.end(new AppError('SHUTTING_DOWN', 'the server stops'));
    await this.#keeping;
    this.#cancelKeeping();
    await this.#storage.close();
  }
}
