import { AppError, type Clock, type CollectorStatus, type Hello } from '../../core/index.ts';
import type { CollectorSession, CollectorSessionStatus } from './collector-session.ts';

/** A connection that was silent for longer gives its name away. */
const SILENT_MS_MAX = 5000;

/** Names that are remembered, connected or not. */
const COLLECTORS_MAX = 10_000;

type Connected = {
  readonly kind: 'connected';
  readonly session: CollectorSession;
  readonly hello: Hello;
  readonly sinceMs: number;
};
/** What is left of a collector that is gone: its last words, not its dictionaries. */
type Gone = { readonly kind: 'gone'; readonly last: CollectorSessionStatus };

/** Who is connected under which name: one live writer each. */
export class Enrolment {
  readonly #clock: Clock;
  /** In the order of arrival and departure: the first one that is gone left longest ago. */
  readonly #byName = new Map<string, Connected | Gone>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * A connection of the same run replaces the one before (it reconnected). Another run has to wait
   * until the first is gone or silent: two hosts with one name are never mixed.
   */
  enrol(hello: Hello, session: CollectorSession): void {
    const holder = this.#byName.get(hello.collector);
    if (holder?.kind === 'connected') {
      if (holder.hello.bootEpoch !== hello.bootEpoch && this.#isAlive(holder)) throw nameTaken(hello.collector);
      holder.session.end(new AppError('CONFLICT', 'the collector connected anew'));
    }
    this.#makeRoom(hello.collector);
    this.#byName.delete(hello.collector);
    const sinceMs = this.#clock.monotonicMs();
    this.#byName.set(hello.collector, { kind: 'connected', session, hello, sinceMs });
  }

  #isAlive({ session, sinceMs }: Connected): boolean {
    const { lastFrameMs } = session.status();
    if (lastFrameMs !== null) return this.#clock.nowMs() - lastFrameMs < SILENT_MS_MAX;
    return this.#clock.monotonicMs() - sinceMs < SILENT_MS_MAX;
  }

  /** Forgets whoever left longest ago; refuses only when everybody is here. */
  #makeRoom(name: string): void {
    if (this.#byName.has(name) || this.#byName.size < COLLECTORS_MAX) return;
    for (const [other, { kind }] of this.#byName) {
      if (kind === 'connected') continue;
      this.#byName.delete(other);
      return;
    }
    throw new AppError('SERIES_BUDGET', `${COLLECTORS_MAX} collectors are connected already`);
  }

  leave(session: CollectorSession): void {
    const name = session.hello?.collector ?? '';
    const holder = this.#byName.get(name);
    if (holder?.kind !== 'connected' || holder.session !== session) return;
    this.#byName.delete(name);
    this.#byName.set(name, { kind: 'gone', last: session.status() });
  }

  /** `refusedOf` tells how many series of a collector found no place. */
  status(refusedOf: (collector: string) => number): CollectorStatus[] {
    return [...this.#byName].map(([name, entry]) => {
      const status = entry.kind === 'connected' ? entry.session.status() : entry.last;
      return { name, connected: entry.kind === 'connected', ...status, seriesRefused: refusedOf(name) };
    });
  }

  /** The connection that has this name now. */
  find(name: string): CollectorSession | null {
    const entry = this.#byName.get(name);
    return entry?.kind === 'connected' ? entry.session : null;
  }

  *sessions(): Iterable<CollectorSession> {
    for (const entry of this.#byName.values()) if (entry.kind === 'connected') yield entry.session;
  }
}

function nameTaken(name: string): AppError {
  return new AppError('IDENTITY_TAKEN', `a live collector is called ${name} already`, {
    hint: 'give each host’s collector a name of its own with --name',
  });
}
