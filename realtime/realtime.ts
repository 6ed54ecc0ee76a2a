import { mkdir } from 'node:fs/promises';
import {
  AppError,
  type CancelTimer,
  type Clock,
  type CollectorStatus,
  type Endpoint,
  type EndpointStatus,
  type Logger,
  type MonitorsMessage,
  type TickListener,
} from '../core/index.ts';
import {
  CollectorSession,
  type CollectorSocket,
  type FleetListener,
  type Identify,
  type TakeEvents,
} from './intake/collector-session.ts';
import { Enrolment } from './intake/enrolment.ts';
import { Intake, type IntakeStatus } from './intake/intake.ts';
import type { LiveHub } from './live/live-hub.ts';
import { LogWriter, type LogWriterStatus } from './log/log-writer.ts';
import { type Recovered, recover } from './log/recovery.ts';
import { freeSegments } from './log/retention.ts';
import { listSegments } from './log/segment-files.ts';
import { RING_SECONDS, Ring, type RingStatus } from './ring/ring.ts';

const SEGMENT_BYTES_MAX = 32 * 1024 * 1024;
const RETENTION_INTERVAL_MS = 60_000;

export type RealtimeOptions = {
  /** Folder of the segment log; made when it is not there. */
  readonly directory: string;
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
  readonly log: LogWriterStatus;
  readonly recovered: Recovered;
  readonly liveClients: number;
  readonly liveTicksMissed: number;
  readonly segmentsLostToHistory: number;
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
  readonly #options: RealtimeOptions;
  readonly #log: LogWriter;
  readonly #intake: Intake;
  readonly #enrolment: Enrolment;
  readonly #recovered: Recovered;
  #segmentsLost = 0;
  #cancelRetention: CancelTimer = () => {};

  private constructor(
    options: RealtimeOptions,
    parts: { ring: Ring; log: LogWriter; intake: Intake; recovered: Recovered },
  ) {
    this.#options = options;
    this.ring = parts.ring;
    this.#log = parts.log;
    this.#intake = parts.intake;
    this.#recovered = parts.recovered;
    this.#enrolment = new Enrolment(options.clock);
    this.#scheduleRetention();
  }

  /** Restores the ring from the log, then is ready for collectors. */
  static async open(options: RealtimeOptions): Promise<Realtime> {
    await mkdir(options.directory, { recursive: true, mode: 0o750 });
    const ring = new Ring({ seriesMax: options.seriesMax ?? 1_000_000 });
    const newest = (await listSegments(options.directory)).at(-1) ?? 0;
    const log = new LogWriter({ ...options, nextSegment: newest + 1, segmentBytesMax: SEGMENT_BYTES_MAX });
    const listeners: TickListener[] = [(tick) => options.hub.onTick(tick), ...options.listeners];
    const intake = new Intake({ ring, log, clock: options.clock, listeners });
    const recovered = await recover(options.directory, options.logger, (frame, dictionary) =>
      intake.restore(frame, dictionary),
    );
    return new Realtime(options, { ring, log, intake, recovered });
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
      if (endpoint.kind === 'host') hosts.set(collector, { collector, endpoint, containers: [] });
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
      log: this.#log.status(),
      recovered: this.#recovered,
      liveClients: this.#options.hub.clientCount,
      liveTicksMissed: this.#options.hub.ticksMissed,
      segmentsLostToHistory: this.#segmentsLost,
    };
  }

  #scheduleRetention(): void {
    this.#cancelRetention = this.#options.clock.after(RETENTION_INTERVAL_MS, () => {
      void this.#retain().finally(() => this.#scheduleRetention());
    });
  }

  async #retain(): Promise<void> {
    const { directory, clock, logger, historySegment } = this.#options;
    const bytesMax = this.#options.logBytesMax ?? 64 * 1024 ** 3;
    const keepMs = RING_SECONDS * 1000;
    try {
      const freed = await freeSegments({ directory, clock, logger, keepMs, bytesMax, historySegment });
      this.#segmentsLost += freed.lostToHistory;
    } catch (error) {
      logger.warn({ error: String(error) }, 'old segments could not be freed; trying again in a minute');
    }
  }

  /** Ends the collectors' connections, writes what is pending, closes the log. */
  async close(): Promise<void> {
    this.#cancelRetention();
    for (const session of this.#enrolment.sessions()) session.end(new AppError('SHUTTING_DOWN', 'the server stops'));
    await this.#log.close();
  }
}
