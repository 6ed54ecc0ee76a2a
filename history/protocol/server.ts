import { chmod, lstat, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { AppError, type Clock, isAppError, type Logger, sleep } from '../../core/index.ts';
import type { Follower } from '../follower/follower.ts';
import { queryRange } from '../query/query-range.ts';
import type { HistoryStore } from '../store/store.ts';
import { parseRequest, problemOf, REQUEST_BYTES_MAX } from './schemas.ts';

/** Queries at once; the embedded engine runs them one after the other anyway. */
const QUERIES_MAX = 4;

const CONNECTIONS_MAX = 32;

/** `sun_path` of unix(7), less its closing zero. */
const SOCKET_PATH_BYTES_MAX = 107;

export type ServeOptions = {
  readonly store: HistoryStore;
  readonly follower: Follower;
  readonly socketPath: string;
  readonly clock: Clock;
  readonly logger: Logger;
};

export type HistoryServer = {
  /** Takes no more requests, and lets those that run end within `deadlineMs`. */
  close(deadlineMs: number): Promise<void>;
};

/**
 * Answers the server's requests. The socket is for its owner only (mode 0600); one that a dead
 * process left behind is replaced, so the caller must hold the data folder.
 *
 * Throws `CONFIG_INVALID` when the path can not be a socket's.
 */
export async function serveHistory(options: ServeOptions): Promise<HistoryServer> {
  const { socketPath, clock } = options;
  await makeRoom(socketPath);
  const door = new Door(options);
  const server = createServer({ requestTimeout: 10_000, keepAliveTimeout: 60_000 }, (request, response) => {
    void door.answer(request, response);
  });
  server.maxConnections = CONNECTIONS_MAX;
  await listen(server, socketPath);
  await chmod(socketPath, 0o600);
  return {
    close: async (deadlineMs) => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      const waiting = new AbortController();
      await Promise.race([closed, sleep(clock, deadlineMs, waiting.signal).catch(() => {})]);
      waiting.abort();
      server.closeAllConnections();
    },
  };
}

async function makeRoom(socketPath: string): Promise<void> {
  if (Buffer.byteLength(socketPath) > SOCKET_PATH_BYTES_MAX) {
    throw new AppError('CONFIG_INVALID', `a socket's path has at most ${SOCKET_PATH_BYTES_MAX} bytes`, {
      where: socketPath,
      hint: 'choose a data folder with a shorter path',
    });
  }
  const found = await lstat(socketPath).catch(() => null);
  if (found === null) return;
  if (!found.isSocket()) {
    throw new AppError('CONFIG_INVALID', 'there is something else where the history socket should be', {
      where: socketPath,
      hint: 'remove it',
    });
  }
  await rm(socketPath, { force: true });
}

/** Listening creates the socket at once, so the mask holds for no other file. */
async function listen(server: Server, socketPath: string): Promise<void> {
  const mask = process.umask(0o177);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(socketPath, () => {
        server.off('error', reject);
        resolve();
      });
      process.umask(mask);
    });
  } finally {
    process.umask(mask);
  }
}

class Door {
  readonly #options: ServeOptions;
  #running = 0;
  #queries = 0;
  #refused = 0;

  constructor(options: ServeOptions) {
    this.#options = options;
  }

  /** Never rejects: an error is an answer. */
  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController();
    response.once('close', () => gone.abort(new Error('the client has gone')));
    try {
      send(response, 200, await this.#route(request, gone.signal));
    } catch (error) {
      if (gone.signal.aborted) return;
      if (!isAppError(error)) this.#options.logger.error({ error }, 'a request to history failed');
      const { status, problem } = problemOf(error);
      // A body that was refused half-way is still on its way: the connection is of no more use.
      if (!request.complete) response.setHeader('connection', 'close');
      send(response, status, problem);
    }
  }

  async #route(request: IncomingMessage, signal: AbortSignal): Promise<object> {
    const route = `${request.method} ${request.url}`;
    if (route === 'GET /status') return this.#status();
    if (route === 'POST /query_range') return this.#query(await readJson(request), signal);
    throw new AppError('NOT_FOUND', `history knows no ${route}`);
  }

  async #status(): Promise<object> {
    const { store, follower } = this.#options;
    const status = await follower.status();
    return { kind: store.kind, ...status, queries: this.#queries, queriesRefused: this.#refused };
  }

  async #query(body: unknown, signal: AbortSignal): Promise<object> {
    const query = parseRequest(body);
    if (this.#running >= QUERIES_MAX) {
      this.#refused++;
      throw new AppError('TOO_MANY_REQUESTS', `history answers ${QUERIES_MAX} queries at a time`, {
        hint: 'try again in a moment',
      });
    }
    this.#running++;
    this.#queries++;
    try {
      return await queryRange(this.#options.store, query, { signal });
    } finally {
      this.#running--;
    }
  }
}

function send(response: ServerResponse, status: number, body: object): void {
  const text = JSON.stringify(body);
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
  response.end(text);
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    if (!Buffer.isBuffer(chunk)) continue;
    bytes += chunk.length;
    if (bytes > REQUEST_BYTES_MAX) {
      throw new AppError('PAYLOAD_TOO_LARGE', `a query has at most ${REQUEST_BYTES_MAX} bytes`);
    }
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch (cause) {
    throw new AppError('BAD_REQUEST', 'the query is not JSON', { cause });
  }
}
