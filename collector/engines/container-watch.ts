/**
 * Knows which containers run, without polling: Docker's event stream tells who starts and ends,
 * and one list at the start of each stream tells who was there before it.
 *
 * The stream is opened before the list is asked for, so nothing falls between the two. Events only
 * say that something happened to a container; what is true now is asked of Docker then. Every
 * question has a deadline; a Docker that is away or hangs is tried again after growing waits, and
 * meanwhile the containers that are known are measured on.
 */
import type { IncomingMessage } from 'node:http';
import { type Clock, describeError, isAppError, type Logger, sleep } from '../../core/index.ts';
import type { ContainerDescription } from '../sampling/identity.ts';
import { Backoff } from '../transport/backoff.ts';
import { type DockerEvent, parseEvent, parseInspect, parseList, parseVersion } from './answers.ts';
import type { DockerHttp } from './docker-http.ts';

const DEADLINE_MS = 5000;
const ASK_AGAIN_MS = 5000;
/** Questions about single containers that are under way at once. */
const INSPECTIONS_MAX = 4;
/** Containers that wait to be asked about; beyond it the stream is given up and a list taken. */
const DIRTY_MAX = 4096;
/** A line of the event stream: labels travel in it. */
const LINE_LENGTH_MAX = 1024 * 1024;

const ACTIONS_THAT_END = new Set(['die', 'destroy']);
const ACTIONS = ['start', 'die', 'destroy', 'rename', 'update', 'health_status'];
const EVENTS_PATH = `/events?filters=${encodeURIComponent(JSON.stringify({ type: ['container'], event: ACTIONS }))}`;

export type WatchEvents = {
  /** Docker answers; `version` is null where it does not say. */
  readonly connected: (version: string | null) => void;
  readonly running: (container: ContainerDescription) => void;
  readonly ended: (id: string) => void;
  /** The whole of what runs: everything else has ended. */
  readonly listed: (ids: ReadonlySet<string>) => void;
};

export type WatchOptions = {
  /** Whose socket it is: Podman speaks the same language. */
  readonly engine: 'docker' | 'podman';
  readonly docker: DockerHttp;
  readonly events: WatchEvents;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly random: () => number;
};

export class ContainerWatch {
  readonly #options: WatchOptions;
  readonly #backoff: Backoff;
  /** What was said last about Docker being away: said once, not every ten seconds. */
  #complaint = '';
  #isAway = false;
  /** Times that the stream ended or could not be opened. */
  reconnects = 0;
  /** Questions about one container that found no answer. */
  inspectFailures = 0;

  constructor(options: WatchOptions) {
    this.#options = options;
    this.#backoff = new Backoff(options.random);
  }

  /** False once it could not be asked: what it would tell has to be found out otherwise. */
  get mayTell(): boolean {
    return !this.#isAway;
  }

  /** Watches until `signal` aborts. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const reason = await this.#watchOnce(signal).catch((error: unknown) => error);
      if (signal.aborted) return;
      this.reconnects++;
      this.#isAway = true;
      this.#complain(describeError(reason));
      await sleep(this.#options.clock, this.#backoff.nextMs(), signal).catch(() => {});
    }
  }

  /** One life of the stream. Resolves with the reason when it ends, rejects when it never began. */
  async #watchOnce(signal: AbortSignal): Promise<unknown> {
    const { engine, docker, events, logger } = this.#options;
    const life = new AbortController();
    const both = AbortSignal.any([signal, life.signal]);
    const stream = await docker.openStream(EVENTS_PATH, DEADLINE_MS, both);
    try {
      const round = new Round(this.#options, both, () => this.inspectFailures++);
      const ended = readLines(stream, (line) => {
        if (!round.heard(line)) stream.destroy(new Error('more events than can be followed at once'));
      });
      const version = await docker.getJson('/version', DEADLINE_MS, both).then(parseVersion, () => null);
      signal.throwIfAborted();
      events.connected(version);
      const ids = parseList(await docker.getJson('/containers/json', DEADLINE_MS, both));
      events.listed(new Set(ids));
      round.begin(ids);
      logger.info({ engine, version, containers: ids.length }, 'watching the containers of an engine');
      this.#backoff.reset();
      this.#isAway = false;
      this.#complaint = '';
      return await ended;
    } finally {
      life.abort();
      stream.destroy();
    }
  }

  #complain(reason: string): void {
    if (reason === this.#complaint) return;
    this.#complaint = reason;
    const { engine, logger } = this.#options;
    logger.warn({ engine, reason }, 'an engine does not answer: names of its containers are known when it is back');
  }
}

/** The questions that belong to one life of the stream. */
class Round {
  readonly #options: WatchOptions;
  readonly #signal: AbortSignal;
  readonly #onFailure: () => void;
  /** Ids to ask about, in the order in which something happened to them. */
  readonly #dirty = new Set<string>();
  /** Ids asked about now; one that becomes dirty meanwhile is asked about again. */
  readonly #asking = new Set<string>();
  /** Events that came before the list; null once it is there. */
  #held: DockerEvent[] | null = [];

  constructor(options: WatchOptions, signal: AbortSignal, onFailure: () => void) {
    this.#options = options;
    this.#signal = signal;
    this.#onFailure = onFailure;
  }

  /** False when there is more to do than can be remembered. */
  heard(line: string): boolean {
    const event = parseEvent(line);
    if (event === null) return true;
    if (this.#held !== null) return this.#held.push(event) < DIRTY_MAX;
    return this.#handle(event);
  }

  /**
   * The list is there. What was heard while Docker made it is handled now: the list may be older,
   * and must not end a container whose start was heard.
   */
  begin(ids: readonly string[]): void {
    const held = this.#held ?? [];
    this.#held = null;
    this.#ask(ids);
    for (const event of held) this.#handle(event);
  }

  #handle(event: DockerEvent): boolean {
    if (ACTIONS_THAT_END.has(event.action)) {
      this.#dirty.delete(event.id);
      this.#options.events.ended(event.id);
      // An answer that is under way may be older than this event: ask again after it.
      if (!this.#asking.has(event.id)) return true;
    }
    this.#ask([event.id]);
    return this.#dirty.size < DIRTY_MAX;
  }

  #ask(ids: readonly string[]): void {
    for (const id of ids) this.#dirty.add(id);
    this.#next();
  }

  #next(): void {
    for (const id of this.#dirty) {
      if (this.#asking.size >= INSPECTIONS_MAX || this.#signal.aborted) return;
      if (this.#asking.has(id)) continue;
      this.#dirty.delete(id);
      this.#asking.add(id);
      void this.#inspect(id).finally(() => {
        this.#asking.delete(id);
        this.#next();
      });
    }
  }

  /** Never rejects. */
  async #inspect(id: string): Promise<void> {
    const { docker, events, clock, logger } = this.#options;
    try {
      const answer = parseInspect(await docker.getJson(`/containers/${id}/json`, DEADLINE_MS, this.#signal));
      // Something happened while Docker answered; the next question tells.
      if (this.#dirty.has(id) || this.#signal.aborted) return;
      if (answer === null) events.ended(id);
      else events.running(answer);
    } catch (error) {
      if (this.#signal.aborted) return;
      if (isAppError(error, 'NOT_FOUND')) return events.ended(id);
      this.#onFailure();
      logger.warn(
        { container: id, reason: describeError(error) },
        'Docker does not describe a container; asking again',
      );
      void sleep(clock, ASK_AGAIN_MS, this.#signal).then(
        () => this.#ask([id]),
        () => {},
      );
    }
  }
}

/** Hands on the lines of a stream; resolves with the reason when it ends. */
function readLines(stream: IncomingMessage, onLine: (line: string) => void): Promise<unknown> {
  stream.setEncoding('utf8');
  let rest = '';
  stream.on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line.trim() !== '') onLine(line);
    if (rest.length > LINE_LENGTH_MAX) stream.destroy(new Error('an event without an end'));
  });
  return new Promise((resolve) => {
    stream.once('end', () => resolve(new Error('the event stream of Docker ended')));
    stream.once('error', resolve);
    stream.once('close', () => resolve(new Error('the event stream of Docker closed')));
  });
}
