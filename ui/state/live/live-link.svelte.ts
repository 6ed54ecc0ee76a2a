import type { LiveMessage, LiveTopic, Selector } from '../../../core/api/index.ts';
import type { Cancel, Clock } from '../clock.ts';
import { retryDelayMs } from './retry.ts';
import { type LiveListener, Subscriptions } from './subscriptions.ts';

/** `lostAtMs` and `retryAtMs` are on the browser's clock. */
export type LinkStatus =
  | { readonly kind: 'idle' }
  | { readonly kind: 'connecting'; readonly lostAtMs: number | null }
  | { readonly kind: 'open' }
  | { readonly kind: 'waiting'; readonly lostAtMs: number; readonly retryAtMs: number };

/** A link on which nothing came for this long is asked whether it is still there. */
const SILENCE_MS = 10_000;
const CONNECT_TIMEOUT_MS = 10_000;

export type LinkPorts = {
  readonly clock: Clock;
  /** Resolves to false when the server does not answer. A lost session is its own business. */
  readonly isServerThere: () => Promise<boolean>;
};

/** The one WebSocket of the page. Reconnects by itself until it is stopped. */
export class LiveLink {
  status = $state.raw<LinkStatus>({ kind: 'idle' });
  /** When the last message came, for tests and the curious. Plain: it changes with every tick. */
  lastMessageAtMs = 0;

  readonly #ports: LinkPorts;
  readonly #subscriptions = new Subscriptions();
  #socket: WebSocket | null = null;
  #attempt = 0;
  #cancelTimer: Cancel = () => {};

  constructor(ports: LinkPorts) {
    this.#ports = ports;
    addEventListener('online', () => this.retryNow());
  }

  subscribe(select: Selector, listener: LiveListener): () => void {
    return this.#subscriptions.add(select, listener);
  }

  onChanged(topic: LiveTopic, run: () => void): () => void {
    return this.#subscriptions.onChanged(topic, run);
  }

  start(): void {
    if (this.status.kind === 'idle') this.#connect(null);
  }

  stop(): void {
    this.#drop();
    this.#attempt = 0;
    this.status = { kind: 'idle' };
  }

  /** Skips what is left of the countdown. */
  retryNow(): void {
    if (this.status.kind === 'waiting') this.#connect(this.status.lostAtMs);
  }

  #connect(lostAtMs: number | null): void {
    this.#drop();
    this.status = { kind: 'connecting', lostAtMs };
    const url = new URL('/api/v1/live', location.href);
    url.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';
    const socket = new WebSocket(url);
    this.#socket = socket;
    socket.onopen = () => this.#opened(socket);
    socket.onmessage = (event) => this.#received(event.data);
    socket.onclose = () => this.#lost();
    this.#wait(CONNECT_TIMEOUT_MS, () => this.#lost());
  }

  #opened(socket: WebSocket): void {
    this.#attempt = 0;
    this.lastMessageAtMs = this.#ports.clock.nowMs();
    this.status = { kind: 'open' };
    this.#subscriptions.opened((request) => socket.send(JSON.stringify(request)));
    this.#watchSilence();
  }

  #received(text: unknown): void {
    if (typeof text !== 'string') return;
    this.lastMessageAtMs = this.#ports.clock.nowMs();
    const message: LiveMessage = JSON.parse(text);
    this.#subscriptions.receive(message);
  }

  #lost(): void {
    const nowMs = this.#ports.clock.nowMs();
    const since = this.status.kind === 'connecting' ? this.status.lostAtMs : null;
    this.#drop();
    const delayMs = retryDelayMs(this.#attempt++);
    const lostAtMs = since ?? nowMs;
    this.status = { kind: 'waiting', lostAtMs, retryAtMs: nowMs + delayMs };
    this.#wait(delayMs, () => this.#connect(lostAtMs));
    // A refused upgrade looks like any other loss; the question finds out whether we are signed out.
    void this.#ports.isServerThere();
  }

  /** A half-open connection reports nothing: when it is silent for long, ask over another one. */
  #watchSilence(): void {
    this.#wait(SILENCE_MS, () => void this.#askWhenSilent());
  }

  async #askWhenSilent(): Promise<void> {
    const socket = this.#socket;
    const silentMs = this.#ports.clock.nowMs() - this.lastMessageAtMs;
    if (silentMs >= SILENCE_MS && !this.#subscriptions.isEmpty) {
      const there = await this.#ports.isServerThere();
      if (socket !== this.#socket) return;
      if (!there) return this.#lost();
    }
    if (this.status.kind === 'open') this.#watchSilence();
  }

  #wait(delayMs: number, run: () => void): void {
    this.#cancelTimer();
    this.#cancelTimer = this.#ports.clock.after(delayMs, run);
  }

  #drop(): void {
    this.#cancelTimer();
    const socket = this.#socket;
    this.#socket = null;
    if (!socket) return;
    socket.onopen = null;
    socket.onmessage = null;
    socket.onclose = null;
    socket.close();
    this.#subscriptions.closed();
  }
}
