/**
 * The one way out: a POST with a deadline, a cap on the answer, no redirects, and a check of the
 * address that the connection is really made to. The check sits in the connection's own name
 * lookup, so that a name which resolves differently the next time (DNS rebinding) gains nothing.
 */
import dns from 'node:dns';
import http from 'node:http';
import https from 'node:https';
import type { LookupFunction } from 'node:net';
import { AppError, type Clock } from '../../../core/index.ts';
import { addressClass } from './addresses.ts';

/** From the first look at the name to the end of the answer. */
export const DEADLINE_MS = 10_000;
/** Of an answer, this much is read; then the connection is closed. */
export const ANSWER_BYTES_MAX = 64 * 1024;

export type PostRequest = {
  readonly url: string;
  readonly allowInternal: boolean;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

export type Outbound = {
  /**
   * Resolves with the status as soon as the answer's head is in; its body is read to its end, to
   * `ANSWER_BYTES_MAX` or to the deadline, and thrown away. Rejects with `DELIVERY_FAILED`.
   */
  post(request: PostRequest): Promise<{ readonly status: number }>;
  /** Ends all requests under way, and refuses new ones. */
  close(): void;
};

/** Answers with all addresses of a name, as `dns.lookup` with `all: true` does. */
export type ResolveName = (
  hostname: string,
  done: (error: Error | null, addresses: readonly dns.LookupAddress[]) => void,
) => void;

export type OutboundOptions = {
  readonly clock: Clock;
  /** As in `saker/0.1.0`. */
  readonly userAgent: string;
  readonly resolveName?: ResolveName;
};

const systemResolve: ResolveName = (hostname, done) => {
  dns.lookup(hostname, { all: true }, (error, addresses) => done(error, addresses ?? []));
};

export function createOutbound({ clock, userAgent, resolveName = systemResolve }: OutboundOptions): Outbound {
  const closing = new AbortController();
  return {
    async post({ url, allowInternal, headers, body }) {
      closing.signal.throwIfAborted();
      const target = new URL(url);
      refuse(target.host, addressClass(target.hostname), allowInternal);
      const options: https.RequestOptions = {
        method: 'POST',
        headers: { ...headers, 'User-Agent': userAgent, 'Content-Length': Buffer.byteLength(body) },
        lookup: guardedLookup(target.host, allowInternal, resolveName),
        // A connection of its own for each message: a kept one would have been checked for another channel's rights.
        agent: false,
      };
      const request = target.protocol === 'https:' ? https.request(target, options) : http.request(target, options);
      return exchange(request, { host: target.host, body, clock, closing: closing.signal });
    },
    close: () => closing.abort(new AppError('SHUTTING_DOWN', 'the server is stopping')),
  };
}

type Exchange = {
  readonly host: string;
  readonly body: string;
  readonly clock: Clock;
  readonly closing: AbortSignal;
};

function exchange(request: http.ClientRequest, { host, body, clock, closing }: Exchange): Promise<{ status: number }> {
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
    request.on('error', (cause) => {
      reject(cause instanceof AppError ? cause : new AppError('DELIVERY_FAILED', wordsFor(host, cause), { cause }));
    });
    request.on('response', (response) => {
      drain(request, response);
      resolve({ status: response.statusCode ?? 0 });
    });
    request.end(body);
  });
}

/** Lets the receiver finish its answer, within bounds. */
function drain(request: http.ClientRequest, response: http.IncomingMessage): void {
  let bytes = 0;
  response.on('error', () => {}); // The status has been taken; what becomes of the body does not matter.
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > ANSWER_BYTES_MAX) request.destroy();
  });
}

function guardedLookup(host: string, allowInternal: boolean, resolveName: ResolveName): LookupFunction {
  return (hostname, options, callback) => {
    resolveName(hostname, (error, addresses) => {
      const first = addresses[0];
      if (error || first === undefined) return callback(error ?? new Error('no address'), '', 4);
      try {
        // One bad address spoils the name: which of them is tried first is not ours to choose.
        for (const { address } of addresses) refuse(host, addressClass(address), allowInternal);
      } catch (refusal) {
        return callback(refusal instanceof Error ? refusal : new Error(String(refusal)), '', 4);
      }
      if (options.all) return callback(null, [...addresses]);
      callback(null, first.address, first.family);
    });
  };
}

function refuse(host: string, kind: ReturnType<typeof addressClass>, allowInternal: boolean): void {
  if (kind === 'never') {
    throw new AppError('DELIVERY_FAILED', `${host} is at an address that no message may go to`, {
      hint: "write the receiver's own address into the channel's url",
    });
  }
  if (kind === 'internal' && !allowInternal) {
    throw new AppError('DELIVERY_FAILED', `${host} is at an internal address, and the channel does not allow that`, {
      hint: 'add "allow_internal: true" to the channel if it is meant',
    });
  }
}

function wordsFor(host: string, cause: Error): string {
  const code = 'code' in cause ? String(cause.code) : '';
  if (code === 'ECONNREFUSED') return `${host} refused the connection`;
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return `the name ${host} can not be resolved`;
  if (code === 'ECONNRESET') return `${host} closed the connection without an answer`;
  return `${host} can not be reached (${code === '' ? 'no code' : code})`;
}
