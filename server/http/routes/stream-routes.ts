import { Type } from 'typebox';
import { WebSocket } from 'ws';
import { AppError, type Clock, describeError, isAppError, parseLiveRequest } from '../../../core/index.ts';
import type { LiveHub, Realtime } from '../../../realtime/index.ts';
import type { HttpServer } from '../server.ts';

/** What a live client may leave unread before it falls to the newest. */
const BUFFERED_BYTES_MAX = 1024 * 1024;

/** A live client's own messages are short. */
const REQUEST_BYTES_MAX = 64 * 1024;

const PING_INTERVAL_MS = 10_000;

export type StreamRouteOptions = { readonly realtime: Realtime; readonly hub: LiveHub; readonly clock: Clock };

/** The two WebSockets: collectors in, live samples out. */
export function streamRoutes(app: HttpServer, { realtime, hub, clock }: StreamRouteOptions): void {
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
    (socket) => {
      const connection = realtime.connect({
        send: (message) => {
          // `ws` keeps the bytes until they are sent, and the writer's buffer is used again at once.
          if (socket.readyState === WebSocket.OPEN) socket.send(message.slice());
        },
        close: (reason) => socket.close(1008, reason),
      });
      socket.on('message', (message, isBinary) => {
        connection.receive(isBinary && Buffer.isBuffer(message) ? message : new Uint8Array(0));
      });
      socket.on('close', () => connection.left());
      socket.on('error', () => socket.terminate());
      keepAlive(socket, clock);
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
    (socket) => serveLive(socket, hub, clock),
  );
}

function serveLive(socket: WebSocket, hub: LiveHub, clock: Clock): void {
  const { client, leave } = hub.join((message) => {
    if (socket.readyState !== WebSocket.OPEN) return true;
    if (socket.bufferedAmount > BUFFERED_BYTES_MAX) return false;
    socket.send(JSON.stringify(message));
    return true;
  });
  const refuse = (error: unknown): void => {
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
  keepAlive(socket, clock);
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

/** Ends connections whose other end is gone without a word. */
function keepAlive(socket: WebSocket, clock: Clock): void {
  let heard = true;
  let cancel = (): void => {};
  const beat = (): void => {
    if (!heard) return socket.terminate();
    heard = false;
    socket.ping();
    cancel = clock.after(PING_INTERVAL_MS, beat);
  };
  socket.on('pong', () => {
    heard = true;
  });
  socket.on('close', () => cancel());
  beat();
}
