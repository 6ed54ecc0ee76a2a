import { AppError, type Clock, type CollectorStatus, type Hello, type TimestampMs } from '../../core/index.ts';
import type { CollectorSession, CollectorSessionStatus } from './collector-session.ts';

/** A connection that was silent for longer gives its name away. */
const SILENT_MS_MAX = 5000;

/** Names that are remembered, connected or not. */
const COLLECTORS_MAX = 10_000;

type Enrolled = {
  readonly session: CollectorSession;
  readonly hello: Hello;
  readonly sinceMs: number;
  connected: boolean;
};

/** Who is connected under which name: one live writer each. */
export class Enrolment {
  readonly #clock: Clock;
  readonly #byName = new Map<string, Enrolled>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * A connection of the same run replaces the one before (it reconnected). Another run has to wait
   * until the first is gone or silent: two hosts with one name are never mixed.
   */
  enrol(hello: Hello, session: CollectorSession): void {
    const holder = this.#byName.get(hello.collector);
    if (holder?.connected && holder.hello.bootEpoch !== hello.bootEpoch && this.#isAlive(holder)) {
      throw new AppError('IDENTITY_TAKEN', `a live collector is called ${hello.collector} already`, {
        hint: 'give each host’s collector a name of its own with --name',
      });
    }
    if (holder === undefined && this.#byName.size >= COLLECTORS_MAX) {
      throw new AppError('SERIES_BUDGET', `${COLLECTORS_MAX} collectors are known already`);
    }
    if (holder?.connected) holder.session.end(new AppError('CONFLICT', 'the collector connected anew'));
    this.#byName.set(hello.collector, { session, hello, sinceMs: this.#clock.monotonicMs(), connected: true });
  }

  #isAlive(holder: Enrolled): boolean {
    const { lastFrameMs } = holder.session.status();
    if (lastFrameMs !== null) return this.#clock.nowMs() - lastFrameMs < SILENT_MS_MAX;
    return this.#clock.monotonicMs() - holder.sinceMs < SILENT_MS_MAX;
  }

  leave(session: CollectorSession): void {
    for (const enrolled of this.#byName.values()) if (enrolled.session === session) enrolled.connected = false;
  }

  status(): CollectorStatus[] {
    return [...this.#byName].map(([name, { session, connected }]) =>
      collectorStatus(name, connected, session.status()),
    );
  }

  *sessions(): Iterable<CollectorSession> {
    for (const { session, connected } of this.#byName.values()) if (connected) yield session;
  }
}

function collectorStatus(name: string, connected: boolean, status: CollectorSessionStatus): CollectorStatus {
  const { lastFrameMs } = status;
  return {
    name,
    connected,
    version: status.version,
    lastFrameMs: lastFrameMs === null ? null : (lastFrameMs as TimestampMs),
    ackedSeq: status.ackedSeq,
    clockSkewMs: status.clockSkewMs,
    seriesCount: status.seriesCount,
    seriesRefused: 0,
  };
}
