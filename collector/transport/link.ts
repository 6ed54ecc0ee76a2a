/**
 * The one connection to the server: greets, sends frames, hears acknowledgements, comes back.
 *
 *     waiting ──► connecting ──► greeting ──► open ──┐
 *        ▲             │            │           │    │ frames out, acks in
 *        └─────────────┴────────────┴───────────┴────┘ any failure: wait, then again
 *
 * The server is heard at least every second while it is well, so 15 s of silence end a connection.
 * After the welcome the newest frame goes first, then the backlog, a few frames a tick, so that
 * what is live is never late because of what is old.
 */
import { readFile } from 'node:fs/promises';
import { WebSocket } from 'ws';
import {
  type Ack,
  AppError,
  ByteWriter,
  type CancelTimer,
  type Clock,
  describeError,
  isAppError,
  type Logger,
  MESSAGE_BYTES_MAX,
  type MonitorsMessage,
  open,
  openJson,
  parseAck,
  parseEventsTaken,
  parseRefusal,
  parseWelcome,
  type Welcome,
} from '../../core/index.ts';
import type { DescribedFrame } from '../sampling/sampler.ts';
import { Backoff } from './backoff.ts';
import type { ClockOffset } from './clock-offset.ts';
import type { EventQueue } from './event-queue.ts';
import { FrameChain } from './frame-chain.ts';
import type { ResendBuffer } from './resend-buffer.ts';
import type { Spool } from './spool/spool.ts';
import { readWantedMonitors } from './wanted-monitors.ts';

const HANDSHAKE_MS = 10_000;
const SILENCE_MS_MAX = 15_000;
const WATCH_MS = 5000;
const CLOSE_MS = 1000;
/** Unsent bytes in the socket above which nothing more is handed to it. */
const BUFFERED_BYTES_MAX = 1024 * 1024;
/** Backlog frames between two ticks: ten minutes are caught up in half a minute. */
const BACKLOG_PER_TICK = 20;
/** Wait after a refusal that will be repeated until somebody changes something. */
const REFUSED_WAIT_MS = 10_000;
/** What is told besides samples, with room for the envelope. */
const NOTE_BYTES_MAX = MESSAGE_BYTES_MAX - 1024;
const TOKEN_LENGTH_MAX = 4096;

const COLLECT_PATH = '/api/v1/collect';

export type LinkOptions = {
  /** Address of the server, e.g. `ws://127.0.0.1:7070`. */
  readonly server: string;
  /** File whose content is the join token; read for each connection, so that it may be changed. */
  readonly tokenFile: string;
  readonly collector: string;
  readonly bootEpoch: number;
  readonly version: string;
  readonly buffer: ResendBuffer;
  readonly events: EventQueue;
  /** What found no place in memory; null: nothing is kept beyond it. */
  readonly spool: Spool | null;
  readonly offset: ClockOffset;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Numbers in 0 … 1, to spread reconnects. */
  readonly random: () => number;
  /** The server says what it wants watched here. */
  readonly onMonitors: (wanted: MonitorsMessage) => void;
};

type NoteType = 'report' | 'inventory';

type State =
  | { readonly kind: 'closed' }
  | { readonly kind: 'waiting'; readonly cancel: CancelTimer }
  | { readonly kind: 'reading token' }
  | { readonly kind: 'greeting'; readonly socket: WebSocket; readonly chain: FrameChain; readonly sinceMs: number }
  | { readonly kind: 'open'; readonly socket: WebSocket; readonly chain: FrameChain };

export class Link {
  readonly #options: LinkOptions;
  readonly #clock: Clock;
  readonly #backoff: Backoff;
  readonly #writer = new ByteWriter(64 * 1024);
  #state: State = { kind: 'closed' };
  #cancelWatch: CancelTimer = () => {};
  #heardAtMs = 0;
  /** Why the last connection ended, when the server said so and will say it again. */
  #refusal: string | null = null;
  #complaint = '';
  /** What was said last of each kind: said again on each connection. */
  readonly #notes = new Map<NoteType, object>();
  #wishes: Promise<void> = Promise.resolve();
  /** Connections that ended or never began, since the start. */
  reconnects = 0;
  /** Frames that found no place in a message: a bug, or a dictionary beyond its bounds. */
  unsendable = 0;

  constructor(options: LinkOptions) {
    this.#options = options;
    this.#clock = options.clock;
    this.#backoff = new Backoff(options.random);
  }

  get isOpen(): boolean {
    return this.#state.kind === 'open';
  }

  start(): void {
    this.#connect();
    this.#armWatch();
  }

  /** Ends the connection, waiting at most a second for the server to agree. */
  async stop(): Promise<void> {
    this.#cancelWatch();
    const state = this.#state;
    this.#state = { kind: 'closed' };
    if (state.kind === 'waiting') state.cancel();
    if (state.kind === 'greeting' || state.kind === 'open') await closeSocket(state.socket, this.#clock);
  }

  /** A tick has a new frame: it is kept, sent, and followed by some of the backlog. */
  offer(described: DescribedFrame): void {
    this.#options.buffer.push(described);
    this.#sendWaiting();
  }

  /** Tells the server something that is no sample, now and on each connection until it is replaced. */
  note(type: NoteType, body: object): void {
    const bytes = Buffer.byteLength(JSON.stringify(body), 'utf8');
    if (bytes > NOTE_BYTES_MAX) {
      const fields = { note: type, bytes, bytesMax: NOTE_BYTES_MAX };
      return this.#options.logger.warn(
        fields,
        'more is to be told of this host than fits into a message; it is left out',
      );
    }
    this.#notes.set(type, body);
    if (this.#state.kind === 'open') this.#state.chain.sendJson(type, body);
  }

  #connect(): void {
    this.#state = { kind: 'reading token' };
    readToken(this.#options.tokenFile).then(
      (token) => {
        if (this.#state.kind === 'reading token') this.#open(token);
      },
      (error: unknown) => {
        this.#refusal = describeError(error);
        if (this.#state.kind === 'reading token') this.#lost('there is no token');
      },
    );
  }

  #open(token: string): void {
    const { collector, bootEpoch, version } = this.#options;
    let socket: WebSocket;
    try {
      socket = new WebSocket(`${this.#options.server.replace(/\/+$/, '')}${COLLECT_PATH}`, {
        headers: { authorization: `Bearer ${token}` },
        perMessageDeflate: false,
        maxPayload: MESSAGE_BYTES_MAX,
        handshakeTimeout: HANDSHAKE_MS,
      });
    } catch (error) {
      return this.#lost(describeError(error));
    }
    const chain = new FrameChain((message) => socket.send(message), this.#clock, this.#writer);
    this.#state = { kind: 'greeting', socket, chain, sinceMs: this.#clock.monotonicMs() };
    this.#heardAtMs = this.#clock.monotonicMs();
    this.#listen(socket);
    let greetedAtMs = Number.NaN;
    socket.on('open', () => {
      if (!this.#isCurrent(socket)) return;
      this.#heardAtMs = this.#clock.monotonicMs();
      greetedAtMs = this.#clock.nowMs();
      chain.sendJson('hello', { collector, bootEpoch, version, nowMs: greetedAtMs });
    });
    socket.on('message', (content: Buffer, isBinary: boolean) => {
      if (this.#isCurrent(socket))
        this.#guard(socket, () => this.#heard(socket, isBinary ? content : null, greetedAtMs));
    });
  }

  /** What ends a connection, and what shows that it lives. */
  #listen(socket: WebSocket): void {
    let reason = 'the connection was closed';
    socket.on('unexpected-response', (request, response) => {
      const status = response.statusCode ?? 0;
      reason = `the server answered with status ${status}`;
      if (status === 401 || status === 403) {
        this.#refusal = `the server refused the join token in ${this.#options.tokenFile}: put the server's token there`;
      }
      request.destroy();
      // Destroying the request alone gives no close.
      socket.terminate();
    });
    socket.on('error', (error) => {
      // A request that was destroyed because of its status says less than the status.
      if (!reason.startsWith('the server answered')) reason = error.message;
    });
    socket.on('close', () => {
      if (this.#isCurrent(socket)) this.#lost(reason);
    });
    for (const event of ['ping', 'pong'] as const) {
      socket.on(event, () => {
        if (this.#isCurrent(socket)) this.#heardAtMs = this.#clock.monotonicMs();
      });
    }
  }

  #isCurrent(socket: WebSocket): boolean {
    return (this.#state.kind === 'greeting' || this.#state.kind === 'open') && this.#state.socket === socket;
  }

  /** Whatever the server sends must not stop the ticks: a message that can not be read ends the connection. */
  #guard(socket: WebSocket, run: () => void): void {
    try {
      run();
    } catch (error) {
      this.#unreadable(socket, error);
    }
  }

  #unreadable(socket: WebSocket, error: unknown): void {
    this.#options.logger.warn({ reason: describeError(error) }, 'a message of the server could not be handled');
    socket.terminate();
  }

  #heard(socket: WebSocket, content: Buffer | null, greetedAtMs: number): void {
    this.#heardAtMs = this.#clock.monotonicMs();
    if (content === null) throw new AppError('FRAME_INVALID', 'a text message');
    const { type, body } = open(content);
    if (type === 'welcome') return this.#welcomed(parseWelcome(openJson(body)), greetedAtMs);
    if (type === 'ack') return this.#acknowledged(parseAck(openJson(body)));
    if (type === 'monitors') return this.#wanted(openJson(body), socket);
    if (type === 'eventsTaken') return this.#options.events.taken(parseEventsTaken(openJson(body)).batch);
    if (type === 'refusal') return this.#refused(parseRefusal(openJson(body)));
    throw new AppError('FRAME_INVALID', `a ${type} message, which only a collector sends`);
  }

  #wanted(body: unknown, socket: WebSocket): void {
    // One after the other: what is loaded for the first one must not let a later one overtake it.
    this.#wishes = this.#wishes
      .then(() => readWantedMonitors(body))
      .then(
        (wanted) => {
          if (this.#isCurrent(socket)) this.#options.onMonitors(wanted);
        },
        (error: unknown) => this.#unreadable(socket, error),
      );
  }

  #welcomed(welcome: Welcome, greetedAtMs: number): void {
    const state = this.#state;
    if (state.kind !== 'greeting') throw new AppError('FRAME_INVALID', 'a second welcome');
    const { buffer, offset, logger, server } = this.#options;
    offset.heard({ sentAtMs: greetedAtMs, serverMs: welcome.nowMs, nowMs: this.#clock.nowMs() });
    buffer.acknowledgeThrough(welcome.ackedSeq);
    this.#state = { kind: 'open', socket: state.socket, chain: state.chain };
    this.#complaint = '';
    logger.info({ server, backlog: buffer.size }, 'connected to the server');
    for (const [type, note] of this.#notes) state.chain.sendJson(type, note);
    this.#sendWaiting();
  }

  #acknowledged(ack: Ack): void {
    const { bootEpoch, buffer, spool, offset } = this.#options;
    spool?.acknowledge(ack.bootEpoch, ack.seq);
    if (ack.bootEpoch !== bootEpoch) return;
    buffer.acknowledge(ack.seq);
    offset.heard({ sentAtMs: ack.echoMs, serverMs: ack.nowMs, nowMs: this.#clock.nowMs() });
    // Only now is the server known to take what is sent: a welcome alone may be followed by a refusal.
    this.#backoff.reset();
  }

  #refused(refusal: { readonly code: string; readonly message: string; readonly fatal: boolean }): void {
    const fields = { code: refusal.code, reason: refusal.message };
    if (refusal.fatal) this.#refusal = `the server refused this collector: ${refusal.message} (${refusal.code})`;
    else this.#options.logger.warn(fields, 'the server refused a part of what was sent');
  }

  /** The newest frame first, then the oldest ones, as far as the socket and the pace allow. */
  #sendWaiting(): void {
    const state = this.#state;
    if (state.kind !== 'open') return;
    const { buffer, events, spool } = this.#options;
    const newest = buffer.newestUnsent();
    if (newest !== null && !this.#send(state, newest)) return;
    const batch = events.take();
    if (batch !== null) state.chain.sendJson('events', batch);
    for (let count = 0; count < BACKLOG_PER_TICK; count++) {
      const oldest = buffer.oldestUnsent() ?? spool?.next() ?? null;
      if (oldest === null || !this.#send(state, oldest)) return;
    }
  }

  /** False when the connection takes nothing more now. */
  #send({ socket, chain }: Extract<State, { kind: 'open' }>, described: DescribedFrame): boolean {
    if (socket.readyState !== WebSocket.OPEN || socket.bufferedAmount >= BUFFERED_BYTES_MAX) return false;
    const { buffer, spool, bootEpoch, logger } = this.#options;
    const { seq } = described.frame;
    try {
      chain.sendFrame(described);
      if (described.frame.bootEpoch === bootEpoch) buffer.sent(seq);
      spool?.sent(described);
    } catch (error) {
      if (!isAppError(error, 'FRAME_TOO_LARGE')) throw error;
      this.unsendable++;
      buffer.acknowledge(seq);
      spool?.acknowledge(described.frame.bootEpoch, seq);
      logger.error({ seq, reason: describeError(error) }, 'a frame is too large to be sent, and given up');
    }
    return true;
  }

  #lost(reason: string): void {
    this.#options.buffer.connectionLost();
    this.#options.events.connectionLost();
    this.#options.spool?.connectionLost();
    this.reconnects++;
    const refusal = this.#refusal;
    this.#refusal = null;
    const waitMs = refusal === null ? this.#backoff.nextMs() : REFUSED_WAIT_MS;
    this.#complain(refusal ?? reason, refusal !== null);
    this.#state = { kind: 'waiting', cancel: this.#clock.after(waitMs, () => this.#connect()) };
  }

  /** A reason is logged when it is new, not with each attempt. */
  #complain(reason: string, isRefusal: boolean): void {
    if (reason === this.#complaint) return;
    this.#complaint = reason;
    const fields = { server: this.#options.server, reason };
    const { logger } = this.#options;
    if (isRefusal) logger.error(fields, 'the server does not let this collector in; trying again every 10 s');
    else logger.warn(fields, 'no connection to the server; frames are kept');
  }

  #armWatch(): void {
    this.#cancelWatch = this.#clock.after(WATCH_MS, () => {
      this.#watch();
      this.#armWatch();
    });
  }

  #watch(): void {
    const state = this.#state;
    if (state.kind !== 'greeting' && state.kind !== 'open') return;
    const nowMs = this.#clock.monotonicMs();
    const isSilent = nowMs - this.#heardAtMs > SILENCE_MS_MAX;
    const isUngreeted = state.kind === 'greeting' && nowMs - state.sinceMs > SILENCE_MS_MAX;
    if (isSilent || isUngreeted) return state.socket.terminate();
    if (state.socket.readyState === WebSocket.OPEN) state.socket.ping();
  }
}

async function readToken(tokenFile: string): Promise<string> {
  let token: string;
  try {
    token = (await readFile(tokenFile, 'utf8')).trim();
  } catch (cause) {
    const hint = 'write the join token that the server printed into it';
    throw new AppError('TOKEN_REFUSED', 'the token file can not be read', { where: tokenFile, hint, cause });
  }
  // A token is one word of printable ASCII: it becomes a header.
  if (token === '' || token.length > TOKEN_LENGTH_MAX || !/^[\x21-\x7e]+$/.test(token)) {
    throw new AppError('TOKEN_REFUSED', 'the token file does not hold a token', { where: tokenFile });
  }
  return token;
}

function closeSocket(socket: WebSocket, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    if (socket.readyState === WebSocket.CLOSED) return resolve();
    const cancel = clock.after(CLOSE_MS, () => socket.terminate());
    socket.once('close', () => {
      cancel();
      resolve();
    });
    socket.close(1000);
  });
}
