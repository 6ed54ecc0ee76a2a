/**
 * The transfer's door for agents: Go's `net/rpc/jsonrpc` over TCP, a stream of JSON values without frames. Agents send no
 * token, so it is off unless it is asked for, and open to the addresses that are named only.
 */
import { once } from 'node:events';
import { type BlockList, createServer, isIP, type Socket } from 'node:net';
import { type Clock, describeError, isAppError, type Logger } from '../../../core/index.ts';
import { JsonStream } from './json-stream.ts';
import { type CounterRates, takeFalconItems } from './open-falcon.ts';
import type { PushDoor } from './push-door.ts';
import { transferAnswer } from './transfer-answer.ts';

/** One call of an agent has 200 items or so. */
const CALL_BYTES_MAX = 16 * 1024 * 1024;
const CONNECTIONS_MAX = 10_000;
const IDLE_MS_MAX = 10 * 60_000;

/** Calls of one connection that wait for the disk; beyond it nothing more is read. */
const CALLS_MAX = 16;

export type TransferRpcOptions = {
  readonly door: PushDoor;
  readonly rates: CounterRates;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Agents' addresses. */
  readonly allowed: BlockList;
};

/** Listens for agents until `close`. Rejects when the address is taken. */
export async function listenForAgents(
  options: TransferRpcOptions,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<{ readonly port: number; close(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    const address = socket.remoteAddress ?? '';
    if (!options.allowed.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')) {
      options.logger.warn({ address }, 'an agent outside --falcon-rpc-allow was refused');
      socket.destroy();
      return;
    }
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    serve(socket, options);
  });
  server.maxConnections = CONNECTIONS_MAX;
  server.listen(port, host);
  await once(server, 'listening');
  const address = server.address();
  const close = async (): Promise<void> => {
    const closed = once(server, 'close');
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  return { port: typeof address === 'object' && address !== null ? address.port : port, close };
}

function serve(socket: Socket, options: TransferRpcOptions): void {
  const stream = new JsonStream(CALL_BYTES_MAX);
  let calls = 0;
  const answer = (text: string): void => {
    calls--;
    if (calls < CALLS_MAX) socket.resume();
    if (!socket.destroyed) socket.write(text);
  };
  socket.setTimeout(IDLE_MS_MAX, () => socket.destroy());
  socket.on('error', () => socket.destroy());
  socket.on('data', (bytes) => {
    try {
      for (const call of stream.push(bytes)) {
        calls++;
        if (calls >= CALLS_MAX) socket.pause();
        void respond(call, options).then(answer);
      }
    } catch (error) {
      // After what is no JSON nothing can be found again, and Go's server hangs up too.
      options.logger.warn({ error: describeError(error) }, 'an agent’s connection was ended');
      socket.destroy();
    }
  });
}

type Call = { readonly method: unknown; readonly params: unknown; readonly id: unknown };

async function respond(text: string, options: TransferRpcOptions): Promise<string> {
  let call: Call = { method: null, params: null, id: null };
  const reply = (result: unknown, error: string | null): string =>
    `${JSON.stringify({ id: call.id, result, error })}\n`;
  try {
    call = { ...call, ...JSON.parse(text) };
    if (call.method === 'Transfer.Ping') return reply({ code: 0 }, null);
    if (call.method !== 'Transfer.Update') return reply(null, `rpc: can't find method ${String(call.method)}`);
    const items: unknown = Array.isArray(call.params) ? call.params[0] : null;
    if (!Array.isArray(items)) return reply(null, 'json: params is not an array that holds one array of items');
    return reply(await update(items, options), null);
  } catch (error) {
    if (error instanceof SyntaxError) return reply(null, `json: ${error.message}`);
    if (!isAppError(error)) options.logger.error({ error: String(error) }, 'a push of an agent failed');
    return reply(null, isAppError(error) ? describeError(error) : 'it can not be stored; the log here says why');
  }
}

async function update(items: readonly unknown[], { door, rates, clock }: TransferRpcOptions) {
  const begunMs = clock.monotonicMs();
  const nowSecond = Math.floor(clock.nowMs() / 1000);
  const pusher = { name: 'falcon-agents', node: null };
  const refusals = await door.take(pusher, items.length, takeFalconItems(items, nowSecond, rates));
  return transferAnswer(items.length, refusals, Math.round(clock.monotonicMs() - begunMs));
}
