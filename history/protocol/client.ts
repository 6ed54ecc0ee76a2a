import { Agent, type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { AppError, type Clock, type QueryRange, type QueryRangeAnswer } from '../../core/index.ts';
import { ANSWER_BYTES_MAX, errorOf, type HistoryStatus, parseAnswer, parseStatus } from './schemas.ts';

/** The engine gives a query 10 s; waiting for its turn and the way back come on top. */
const QUERY_DEADLINE_MS = 15_000;
const STATUS_DEADLINE_MS = 2000;

const CONNECTIONS_MAX = 6;

const AWAY_HINT = 'the history process is starting, or not running; ranges of the last 24 h need it not';

export type HistoryClientOptions = {
  readonly socketPath: string;
  readonly clock: Clock;
  readonly queryDeadlineMs?: number;
  readonly statusDeadlineMs?: number;
};

type Call = {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: string;
  readonly deadlineMs: number;
  readonly signal?: AbortSignal | undefined;
};

/**
 * The history process as the server sees it. Every call has a deadline and throws
 * `HISTORY_UNAVAILABLE` when the process is away, hangs, or answers nonsense; errors of the other
 * side arrive as they were thrown there.
 */
export class HistoryClient {
  readonly #options: HistoryClientOptions;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS_MAX });

  constructor(options: HistoryClientOptions) {
    this.#options = options;
  }

  /** One-minute rollups of a range. Aborting the signal ends the query over there as far as its engine can. */
  async queryRange(query: QueryRange, options: { readonly signal?: AbortSignal } = {}): Promise<QueryRangeAnswer> {
    const answer = await this.#call({
      method: 'POST',
      path: '/query_range',
      body: JSON.stringify(query),
      deadlineMs: this.#options.queryDeadlineMs ?? QUERY_DEADLINE_MS,
      signal: options.signal,
    });
    return parseAnswer(answer);
  }

  async status(): Promise<HistoryStatus> {
    const deadlineMs = this.#options.statusDeadlineMs ?? STATUS_DEADLINE_MS;
    return parseStatus(await this.#call({ method: 'GET', path: '/status', deadlineMs }));
  }

  close(): void {
    this.#agent.destroy();
  }

  /** Everything asked here is a reading, so a connection that turns out to be dead is tried once more, on a new one. */
  async #call(call: Call): Promise<unknown> {
    try {
      return await this.#attempt(call);
    } catch (error) {
      if (!(error instanceof StaleConnection)) throw error;
      return await this.#attempt(call, false).catch((again: unknown) => {
        throw again instanceof StaleConnection ? away(again.cause) : again;
      });
    }
  }

  #attempt(call: Call, agent: Agent | false = this.#agent): Promise<unknown> {
    const { socketPath, clock } = this.#options;
    return new Promise((resolve, reject) => {
      const request = httpRequest({
        socketPath,
        agent,
        method: call.method,
        path: call.path,
        headers: { 'content-type': 'application/json' },
      });
      // Once an answer has begun, destroying the request with an error shows as a reset: keep the reason.
      let cut: AppError | null = null;
      const cutOff = (reason: AppError): void => {
        cut = reason;
        request.destroy(reason);
      };
      const cancelDeadline = clock.after(call.deadlineMs, () => cutOff(late(call.deadlineMs)));
      const onAbort = (): void => cutOff(aborted(call.signal));
      call.signal?.addEventListener('abort', onAbort, { once: true });
      if (call.signal?.aborted) onAbort();
      const settle = (): void => {
        cancelDeadline();
        call.signal?.removeEventListener('abort', onAbort);
      };
      request.on('error', (error) => {
        settle();
        reject(cut ?? failure(error, request));
      });
      request.once('response', (response) => {
        readAnswer(response)
          .then(resolve, (error: unknown) => {
            request.destroy();
            reject(cut ?? failure(error, request));
          })
          .finally(settle);
      });
      request.end(call.body);
    });
  }
}

/** A kept connection that the other side had closed before it saw the request. */
class StaleConnection extends Error {}

function failure(error: unknown, request: ClientRequest): Error {
  if (error instanceof AppError) return error;
  const isReset = error instanceof Error && 'code' in error && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
  return isReset && request.reusedSocket ? new StaleConnection('stale', { cause: error }) : away(error);
}

function away(cause: unknown): AppError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new AppError('HISTORY_UNAVAILABLE', `history does not answer: ${reason}`, { hint: AWAY_HINT, cause });
}

const late = (deadlineMs: number): AppError =>
  new AppError('HISTORY_UNAVAILABLE', `history did not answer within ${deadlineMs} ms`, { hint: AWAY_HINT });

const aborted = (signal: AbortSignal | undefined): AppError =>
  new AppError('HISTORY_UNAVAILABLE', 'the question was withdrawn', { cause: signal?.reason });

async function readAnswer(response: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response) {
    if (!Buffer.isBuffer(chunk)) continue;
    bytes += chunk.length;
    if (bytes > ANSWER_BYTES_MAX) {
      throw new AppError('HISTORY_UNAVAILABLE', `an answer of more than ${ANSWER_BYTES_MAX} bytes`);
    }
    chunks.push(chunk);
  }
  const body: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
  if (response.statusCode !== 200) throw errorOf(body);
  return body;
}
