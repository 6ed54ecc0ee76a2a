/**
 * The one way out over HTTP: a request with a deadline, a cap on the answer, no redirects, and a check
 * of the address that the connection is really made to. The check sits in the connection's own name
 * lookup, so that a name which resolves differently the next time (DNS rebinding) gains nothing.
 */
import { setMaxListeners } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import type { LookupFunction } from 'node:net';
import { AppError, type Clock } from '../../../../core/index.ts';
import { addressClass } from './addresses.ts';
import { type ResolveName, refuseAddress, resolveGuarded, systemResolve } from './resolve.ts';

/** From the first look at the name to the end of the answer. */
export const DEADLINE_MS = 10_000;
/** Of an answer, this much is read; then the connection is closed. */
export const ANSWER_BYTES_MAX = 64 * 1024;

/** A receiver that asks for more patience than this is asked again all the same. */
const RETRY_AFTER_MS_MAX = 600_000;

export type OutboundRequest = {
  readonly url: string;
  readonly method: 'GET' | 'POST';
  readonly allowInternal: boolean;
  readonly headers: Readonly<Record<string, string>>;
  /** Empty for a GET. */
  readonly body: string;
  /** Whether what the answer says matters, and not only its status. */
  readonly wantsBody: boolean;
};

export type Answer = {
  readonly status: number;
  /** Of the answer's body, at most `ANSWER_BYTES_MAX`; empty when it was not wanted. */
  readonly body: string;
  /** From the Retry-After header where it names seconds. */
  readonly retryAfterMs?: number;
};

export type Outbound = {
  /**
   * Where the body is not wanted, resolves as soon as the answer's head is in; the body is read to its end, to
   * `ANSWER_BYTES_MAX` or to the deadline, and thrown away. Where it is wanted, resolves at its end or at
   * `ANSWER_BYTES_MAX`. Rejects with `DELIVERY_FAILED`, or `SHUTTING_DOWN` after `close`.
   */
  send(request: OutboundRequest): Promise<Answer>;
  /** Ends all requests under way, and refuses new ones. */
  close(): void;
};

export type OutboundOptions = {
  readonly clock: Clock;
  /** As in `saker/0.1.0`. */
  readonly userAgent: string;
  readonly resolveName?: ResolveName;
};

export function createOutbound({ clock, userAgent, resolveName = systemResolve }: OutboundOptions): Outbound {
  const closing = new AbortController();
  // Each request under way waits for it: one a channel.
  setMaxListeners(0, closing.signal);
  return {
    async send({ url, method, allowInternal, headers, body, wantsBody }) {
      closing.signal.throwIfAborted();
      const target = new URL(url);
      refuseAddress(target.host, addressClass(target.hostname), allowInternal);
      const options: https.RequestOptions = {
        method,
        headers: {
          ...headers,
          'User-Agent': userAgent,
          ...(method === 'POST' ? { 'Content-Length': Buffer.byteLength(body) } : {}),
        },
        lookup: guardedLookup(target.host, allowInternal, resolveName),
        // A connection of its own for each message: a kept one would have been checked for another channel's rights.
        agent: false,
      };
      const request = target.protocol === 'https:' ? https.request(target, options) : http.request(target, options);
      return exchange(request, { host: target.host, body, wantsBody, clock, closing: closing.signal });
    },
    close: () => closing.abort(new AppError('SHUTTING_DOWN', 'the server is stopping')),
  };
}

type Exchange = {
  readonly host: string;
  readonly body: string;
  readonly wantsBody: boolean;
  readonly clock: Clock;
  readonly closing: AbortSignal;
};

function exchange(request: http.ClientRequest, exchange: Exchange): Promise<Answer> {
  const { host, body, wantsBody, clock, closing } = exchange;
  return new Promise((resolve, reject) => {
    const cancelDeadline = clock.after(DEADLINE_MS, () => {
      request.destroy(new AppError('DELIVERY_FAILED', `${host} did not answer within ${DEADLINE_MS / 1000} s`));
    });
    const onClosing = () => request.destroy(closing.reason);
    closing.addEventListener('abort', onClosing, { once: true });
    request.on('close', () => {
      cancelDeadline();
      closing.removeEventListener('abort', onClosing);
    });
    const fail = (cause: Error) =>
      reject(cause instanceof AppError ? cause : new AppError('DELIVERY_FAILED', wordsFor(host, cause), { cause }));
    request.on('error', fail);
    request.on('response', (response) => {
      const head = { status: response.statusCode ?? 0, ...retryAfterOf(response.headers['retry-after']) };
      if (!wantsBody) resolve({ ...head, body: '' });
      read(request, response, { done: (text) => resolve({ ...head, body: text }), fail });
    });
    request.end(body);
  });
}

type Reading = { readonly done: (text: string) => void; readonly fail: (cause: Error) => void };

/** Lets the receiver finish its answer, within bounds. For an answer that was taken by its head, the end is no news. */
function read(request: http.ClientRequest, response: http.IncomingMessage, { done, fail }: Reading): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const textSoFar = () => Buffer.concat(chunks).toString('utf8', 0, ANSWER_BYTES_MAX);
  response.on('error', fail);
  response.on('end', () => done(textSoFar()));
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    chunks.push(chunk);
    if (bytes <= ANSWER_BYTES_MAX) return;
    done(textSoFar());
    request.destroy();
  });
}

function retryAfterOf(header: string | undefined): { readonly retryAfterMs?: number } {
  if (header === undefined || !/^\d{1,6}$/.test(header)) return {};
  return { retryAfterMs: Math.min(Number(header) * 1000, RETRY_AFTER_MS_MAX) };
}

function guardedLookup(host: string, allowInternal: boolean, resolveName: ResolveName): LookupFunction {
  return (hostname, options, callback) => {
    resolveGuarded({ host, hostname, allowInternal, resolveName }, (error, addresses) => {
      const first = addresses[0];
      if (error || first === undefined) return callback(error ?? new Error('no address'), '', 4);
      if (options.all) return callback(null, [...addresses]);
      callback(null, first.address, first.family);
    });
  };
}

/** What went wrong with a connection, in words that name the host and never the URL. */
export function wordsFor(host: string, cause: Error): string {
  const code = 'code' in cause ? String(cause.code) : '';
  if (code === 'ECONNREFUSED') return `${host} refused the connection`;
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return `the name ${host} can not be resolved`;
  if (code === 'ECONNRESET') return `${host} closed the connection without an answer`;
  return `${host} can not be reached (${code === '' ? 'no code' : code})`;
}
