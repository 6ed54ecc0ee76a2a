import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { WebSocket } from 'ws';
import { AppError, type Clock, describeError, isAppError, parseLiveRequest } from '../../../core/index.ts';
import type { CollectorSocket, LiveHub, Realtime } from '../../../realtime/index.ts';
import type { Accounts } from '../../auth/accounts.ts';
import type { Tokens } from '../../auth/tokens.ts';
import { SESSION_COOKIE } from '../access.ts';
import type { HttpServer } from '../server.ts';

/** What a live client may leave unread before it falls to the newest. */
const BUFFERED_BYTES_MAX = 1024 * 1024;

/** A live client's own messages are short. */
const REQUEST_BYTES_MAX = 64 * 1024;

const PING_INTERVAL_MS = 10_000;

/** Beats without an answer after which the other end is taken for gone. A collector always reads; a page may be busy. */
const COLLECTOR_SILENT_BEATS_MAX = 1;
const LIVE_SILENT_BEATS_MAX = 12;

export type StreamRouteOptions = {
  readonly realtime: Realtime;
  readonly hub: LiveHub;
  readonly clock: Clock;
  readonly accounts: Accounts;
  readonly tokens: Tokens;
};

/** The two WebSockets: collectors in, live samples out. */
export function streamRoutes(app: HttpServer, options: StreamRouteOptions): void {
  const { realtime, hub, clock, tokens } = options;
  app.get(
    '/api/v1/collect',
    {
      websocket: true,
      config: { access: 'collector', rateLimit: false },
      schema: {
        summary: 'WebSocket of a collector',
        description: 'Binary messages: core/frame/FORMAT.md',
        tags: ['streams'],
        headers: Type.Object({}),
      },
    },
    (socket, request) => {
      const tokenId = request.tokenId ?? '';
      const wire: CollectorSocket = {
        send: (message) => {
          // `ws` keeps the bytes until they are sent, and the writer's buffer is used again at once.
          if (socket.readyState === WebSocket.OPEN) socket.send(message.slice());
        },
        close: (reason) => socket.close(1008, reason),
      };
      const connection = realtime.connect(wire, (collector) => tokens.bind(tokenId, collector));
      socket.on('message', (message, isBinary) => {
        connection.receive(isBinary && Buffer.isBuffer(message) ? message : new Uint8Array(0));
      });
      socket.on('close', () => connection.left());
      socket.on('error', () => socket.terminate());
      keepAlive(socket, clock, {
        silentBeatsMax: COLLECTOR_SILENT_BEATS_MAX,
        isAllowed: () => isStillAllowed(request, options),
      });
    },
  );
  app.get(
    '/api/v1/live',
    {
      websocket: true,
      config: { access: 'user', rateLimit: false },
      schema: {
        summary: 'WebSocket of live samples',
        description: 'JSON messages: core/api/live.ts',
        tags: ['streams'],
        headers: Type.Object({}),
      },
    },
    (socket, request) => {
      serveLive(socket, hub);
      keepAlive(socket, clock, {
        silentBeatsMax: LIVE_SILENT_BEATS_MAX,
        isAllowed: () => isStillAllowed(request, options),
      });
    },
  );
}

function serveLive(socket: WebSocket, hub: LiveHub): void {
  const { client, leave } = hub.join((message) => {
    if (socket.readyState !== WebSocket.OPEN) return true;
    if (socket.bufferedAmount > BUFFERED_BYTES_MAX) return false;
    socket.send(JSON.stringify(message));
    return true;
  });
  const refuse = (error: unknown): void => {
    // It sends and sends, and reads nothing.
    if (socket.bufferedAmount > BUFFERED_BYTES_MAX) return socket.terminate();
    const code = isAppError(error) ? error.code : 'INTERNAL';
    socket.send(JSON.stringify({ type: 'error', id: null, code, message: describeError(error) }));
  };
  socket.on('message', (message) => {
    try {
      client.handle(parseLiveRequest(parseText(message)));
    } catch (error) {
      refuse(error);
    }
  });
  socket.on('close', leave);
  socket.on('error', () => socket.terminate());
}

function parseText(message: unknown): unknown {
  const text = Buffer.isBuffer(message) ? message.toString('utf8') : '';
  if (text.length > REQUEST_BYTES_MAX) throw new AppError('PAYLOAD_TOO_LARGE', `${text.length} characters`);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new AppError('BAD_REQUEST', 'a live request is not JSON', { cause });
  }
}

/** Tokens are revoked and people sign out while their connections are open. */
async function isStillAllowed(request: FastifyRequest, { accounts, tokens }: StreamRouteOptions): Promise<boolean> {
  if (request.tokenId !== null) return tokens.exists(request.tokenId);
  return (await accounts.userOf(request.cookies[SESSION_COOKIE] ?? '')) !== null;
}

/** Ends connections whose other end is gone without a word, or may not be here any more. */
function keepAlive(
  socket: WebSocket,
  clock: Clock,
  { silentBeatsMax, isAllowed }: { readonly silentBeatsMax: number; readonly isAllowed: () => Promise<boolean> },
): void {
  let silentBeats = 0;
  let cancel = (): void => {};
  const beat = async (): Promise<void> => {
    if (silentBeats++ >= silentBeatsMax) return socket.terminate();
    socket.ping();
    cancel = clock.after(PING_INTERVAL_MS, () => void beat());
    // A store that does not answer is no reason to end what was allowed a moment ago.
    if (!(await isAllowed().catch(() => true))) socket.close(1008, 'UNAUTHENTICATED');
  };
  socket.on('pong', () => {
    silentBeats = 0;
  });
  socket.on('close', () => cancel());
  void beat();
}
