/**
 * A server's live stream as the console reads it: one subscription to what is shown, and the list
 * of endpoints, asked for again when the server says that it changed.
 */
import { WebSocket } from 'ws';
import {
  AppError,
  type Clock,
  type DescribedSeries,
  describeError,
  type EndpointsAnswer,
  endpointsAnswerSchema,
  isAppError,
  type LiveMessage,
  liveMessageSchema,
  parserOf,
  sleep,
} from '../../../core/index.ts';
import { Board } from './board.ts';
import { shownMetrics } from './row.ts';
import type { Source } from './source.ts';

const ANSWER_MS_MAX = 10_000;
const RETRY_MS_MIN = 500;
const RETRY_MS_MAX = 10_000;
/** The server sends something each second while a collector lives; pings come every 10 s. */
const SILENCE_MS_MAX = 30_000;
/** Changes of endpoints come in bursts. */
const ENDPOINTS_EVERY_MS = 1000;
const MESSAGE_BYTES_MAX = 8 * 1024 * 1024;

const parseEndpoints = parserOf(endpointsAnswerSchema, 'BAD_REQUEST', 'list of endpoints');
const parseMessage = parserOf(liveMessageSchema, 'BAD_REQUEST', 'live message');

export type ServerSourceOptions = { readonly url: string; readonly token: string; readonly clock: Clock };

export class ServerSource implements Source {
  readonly kind = 'server';
  readonly isInside = false;
  readonly board = new Board();
  readonly title: string;
  note: string | null = 'connecting …';
  readonly #options: ServerSourceOptions;
  #columns: DescribedSeries[] = [];
  /** The server's clock less ours. */
  #offsetMs = 0;
  #endpointsAskedAtMs = Number.NEGATIVE_INFINITY;
  #areEndpointsStale = true;

  constructor(options: ServerSourceOptions) {
    this.#options = options;
    this.title = options.url;
  }

  nowMs(): number {
    return this.#options.clock.nowMs() + this.#offsetMs;
  }

  /** Throws `TOKEN_REFUSED` when the server does not take the token; every other fault is tried again. */
  async run(onTick: () => void, signal: AbortSignal): Promise<void> {
    let waitMs = RETRY_MS_MIN;
    while (!signal.aborted) {
      try {
        await this.#askEndpoints(signal);
        await this.#stream(() => {
          waitMs = RETRY_MS_MIN;
          onTick();
        }, signal);
      } catch (error) {
        if (signal.aborted) return;
        if (isAppError(error, 'TOKEN_REFUSED')) throw error;
        this.note = `${describeError(error)}; trying again in ${Math.ceil(waitMs / 1000)} s`;
        onTick();
      }
      await sleep(this.#options.clock, waitMs, signal).catch(() => {});
      waitMs = Math.min(waitMs * 2, RETRY_MS_MAX);
    }
  }

  async #askEndpoints(signal: AbortSignal): Promise<void> {
    const { url, token, clock } = this.#options;
    this.#areEndpointsStale = false;
    this.#endpointsAskedAtMs = clock.monotonicMs();
    const within = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS_MAX)]);
    const answer = await fetch(`${url}/api/v1/endpoints`, {
      headers: { authorization: `Bearer ${token}` },
      signal: within,
    }).catch((cause: unknown) => {
      throw new AppError('TIMEOUT', `the server does not answer: ${reasonOf(cause)}`, { where: url, cause });
    });
    if (answer.status === 401 || answer.status === 403) throw refused(url);
    if (!answer.ok) throw new AppError('BAD_REQUEST', `the server answered with status ${answer.status}`);
    const { nowMs, endpoints }: EndpointsAnswer = parseEndpoints(await answer.json());
    this.#offsetMs = nowMs - clock.nowMs();
    this.board.describe(endpoints.map(({ collector: _, lastSampleMs: __, seriesCount: ___, ...endpoint }) => endpoint));
  }

  /** Reads one connection to its end. Rejects with why it ended. */
  #stream(onTick: () => void, signal: AbortSignal): Promise<never> {
    const { url, token, clock } = this.#options;
    const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/api/v1/live`, {
      headers: { authorization: `Bearer ${token}` },
      handshakeTimeout: ANSWER_MS_MAX,
      maxPayload: MESSAGE_BYTES_MAX,
      perMessageDeflate: false,
    });
    this.#columns = [];
    return new Promise((_, reject) => {
      let heardAtMs = clock.monotonicMs();
      let cancelWatch = (): void => {};
      const watch = (): void => {
        cancelWatch = clock.after(SILENCE_MS_MAX, () => {
          if (clock.monotonicMs() - heardAtMs >= SILENCE_MS_MAX) socket.terminate();
          else watch();
        });
      };
      const fail = (error: Error): void => {
        cancelWatch();
        signal.removeEventListener('abort', stop);
        socket.terminate();
        reject(error);
      };
      const stop = (): void => fail(new AppError('SHUTTING_DOWN', 'stopped'));
      signal.addEventListener('abort', stop, { once: true });
      watch();
      socket.on('ping', () => {
        heardAtMs = clock.monotonicMs();
      });
      socket.on('open', () => {
        this.note = null;
        socket.send(JSON.stringify({ type: 'subscribe', id: 1, select: { metrics: shownMetrics } }));
      });
      socket.on('message', (content) => {
        heardAtMs = clock.monotonicMs();
        try {
          if (this.#heard(parseMessage(JSON.parse(String(content))))) onTick();
          this.#refreshEndpoints(signal);
        } catch (error) {
          fail(error instanceof Error ? error : new Error(String(error)));
        }
      });
      socket.on('error', (cause) => fail(new AppError('TIMEOUT', `the live stream failed: ${cause.message}`)));
      socket.on('close', (code) => fail(new AppError('TIMEOUT', `the server ended the live stream (${code})`)));
    });
  }

  /** True when the board has new values. */
  #heard(message: LiveMessage): boolean {
    if (message.type === 'series') {
      this.#columns.splice(message.first, this.#columns.length, ...message.series);
      return false;
    }
    if (message.type === 'changed' && message.topic === 'endpoints') this.#areEndpointsStale = true;
    if (message.type === 'error') throw new AppError('BAD_REQUEST', `the server refused: ${message.message}`);
    if (message.type !== 'tick') return false;
    for (const [at, column] of message.columns.entries()) {
      const series = this.#columns[column];
      const value = message.values[at];
      if (series === undefined || typeof value !== 'number') continue;
      this.board.put(series.endpoint, { metric: series.metric, tags: series.tags, second: message.second, value });
    }
    return true;
  }

  #refreshEndpoints(signal: AbortSignal): void {
    const { clock } = this.#options;
    if (!this.#areEndpointsStale || clock.monotonicMs() - this.#endpointsAskedAtMs < ENDPOINTS_EVERY_MS) return;
    this.#askEndpoints(signal).catch((error: unknown) => {
      this.#areEndpointsStale = true;
      this.note = describeError(error);
    });
  }
}

/** `fetch` says why in the cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}

function refused(url: string): AppError {
  return new AppError('TOKEN_REFUSED', 'the server does not take this token', {
    where: url,
    hint: 'make one of scope api under Settings, or with POST /api/v1/tokens',
  });
}
