/** A way out that is one or several HTTP requests: what is sent and what an answer means are pure functions. */
import { AppError, describeError } from '../../../../core/index.ts';
import type { RateLimit, SendResult, SendTools, Transport } from '../channel.ts';
import type { Message } from '../message/message.ts';
import type { Answer } from '../outbound/post.ts';

export type Part = {
  readonly url: string;
  readonly method?: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  /** Empty for a GET. */
  readonly body: string;
};

export type HttpTransport = {
  readonly allowInternal: boolean;
  readonly budget?: { readonly key: string; readonly limits: readonly RateLimit[] };
  readonly folds?: boolean;
  readonly mergesLow?: boolean;
  readonly needsRecipients?: boolean;
  /** False where the status alone decides: the answer then counts as soon as its head is in. */
  readonly readsBody: boolean;
  /** The message in the receiver's form, in as many parts as its limits ask for; none when nobody can be reached. */
  parts(message: Message, nowMs: number): readonly Part[];
  verdict(answer: Answer, host: string): SendResult;
};

export function httpTransport(transport: HttpTransport): Transport {
  const { budget, folds = true, mergesLow = false, needsRecipients = false } = transport;
  return {
    ...(budget === undefined ? {} : { budget }),
    folds,
    mergesLow,
    needsRecipients,
    send: (message, tools, fromPart) => sendParts(transport, { message, tools, fromPart }),
  };
}

type Sending = { readonly message: Message; readonly tools: SendTools; readonly fromPart: number };

async function sendParts(transport: HttpTransport, { message, tools, fromPart }: Sending): Promise<SendResult> {
  const parts = transport.parts(message, tools.clock.nowMs());
  if (parts.length === 0)
    return { kind: 'refused', reason: 'the message has no recipient whom this channel can reach' };
  for (const [index, part] of parts.entries()) {
    if (index < fromPart) continue;
    await tools.spend();
    const result = await sendPart(transport, { part, message, tools });
    if (result.kind !== 'delivered') return { ...result, partsSent: index };
  }
  return { kind: 'delivered' };
}

type OnePart = { readonly part: Part; readonly message: Message; readonly tools: SendTools };

async function sendPart(transport: HttpTransport, { part, message, tools }: OnePart): Promise<SendResult> {
  const { url, method = 'POST', body, headers = {} } = part;
  const host = new URL(url).host;
  try {
    const answer = await tools.outbound.send({
      url,
      method,
      allowInternal: transport.allowInternal,
      headers: { 'Content-Type': 'application/json', 'Idempotency-Key': message.key, ...headers },
      body,
      wantsBody: transport.readsBody,
    });
    return transport.verdict(answer, host);
  } catch (error) {
    if (error instanceof AppError) return { kind: 'retry', reason: describeError(error) };
    throw error;
  }
}

/** What a status says where the body does not matter: 2xx is a delivery. */
export function verdictOfStatus({ status, retryAfterMs }: Answer, host: string): SendResult {
  if (status >= 200 && status < 300) return { kind: 'delivered' };
  const redirected = status >= 300 && status < 400 ? ', a redirect, which is not followed' : '';
  const reason = `${host} answered ${status}${redirected}`;
  if (status === 429)
    return { kind: 'retry', reason, ...(retryAfterMs === undefined ? {} : { afterMs: retryAfterMs }) };
  // A client error is about what was sent; a time-out, a conflict and "too early" are about when.
  if (status >= 400 && status < 500 && ![408, 409, 423, 425].includes(status)) return { kind: 'refused', reason };
  return { kind: 'retry', reason };
}

/** Words of our own for a receiver's error code, and whether trying again is of use. */
export type CodeMeaning = { readonly words: string; readonly refused?: boolean; readonly afterMs?: number };

/** The verdict on an error code inside an answer; a code that nobody knows is tried again. */
export function verdictOfCode(host: string, code: number | string, meaning: CodeMeaning | undefined): SendResult {
  const known = meaning === undefined ? '' : `: ${meaning.words}`;
  const reason = `${host} answered with error code ${shownCode(code)}${known}`;
  if (meaning?.refused === true) return { kind: 'refused', reason };
  return { kind: 'retry', reason, ...(meaning?.afterMs === undefined ? {} : { afterMs: meaning.afterMs }) };
}

/** A code is a number or a short word; anything else is outside text that has no place in a log. */
function shownCode(code: number | string): string {
  return /^[A-Za-z0-9_.-]{1,64}$/.test(String(code)) ? String(code) : '(unreadable)';
}

/** The answer's JSON object, or null when it is none. */
export function jsonAnswer({ body }: Answer): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : null;
  } catch {
    return null;
  }
}
