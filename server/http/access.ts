import type { FastifyRequest } from 'fastify';
import { readNode } from '../../alerting/index.ts';
import { AppError, type Token } from '../../core/index.ts';
import type { Accounts } from '../auth/accounts.ts';
import type { Tokens } from '../auth/tokens.ts';
import type { Pusher } from './push/push-door.ts';

/**
 * Who may call a route. `public`: anybody. `user`: a signed-in person, or an API token.
 * `person`: a signed-in person only. `collector`, `push`: a token of that scope. Every route says which.
 */
export type Access = 'public' | 'user' | 'person' | 'collector' | 'push';

export const SESSION_COOKIE = 'saker_session';

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: Access;
  }
  interface FastifyRequest {
    /** The signed-in person, if any. */
    user: string | null;
    /** Id of the token that the request came with, if any. */
    tokenId: string | null;
    /** Who pushes, where the route is for them. */
    pusher: Pusher | null;
  }
}

export type AccessOptions = {
  readonly accounts: Accounts;
  readonly tokens: Tokens;
  /** How people reach the console: what a browser calls its origin, also behind a proxy. */
  readonly publicUrl: string;
};

/** Lets a request through or throws `UNAUTHENTICATED`, `TOKEN_REFUSED` or `FORBIDDEN`. */
export async function checkAccess(
  request: FastifyRequest,
  { accounts, tokens, publicUrl }: AccessOptions,
): Promise<void> {
  const access = request.routeOptions.config.access;
  const sessionId = request.cookies[SESSION_COOKIE];
  if (access === 'collector') {
    request.tokenId = (await tokens.verify(bearer(request) ?? '', 'collector')).id;
    return;
  }
  if (access === 'push') {
    request.pusher = pusherOf(await tokens.verify(bearer(request) ?? basicPassword(request) ?? '', 'push'));
    return;
  }
  const secret = bearer(request);
  if (secret !== null && access === 'user') {
    request.tokenId = (await tokens.verify(secret, 'api')).id;
    return;
  }
  if (sessionId !== undefined) {
    refuseCrossSite(request, publicUrl);
    request.user = await accounts.userOf(sessionId);
  }
  if (access !== 'public' && request.user === null) {
    throw new AppError('UNAUTHENTICATED', 'sign in first', { hint: 'or send an API token as Authorization: Bearer …' });
  }
}

function pusherOf({ id, name, node }: Token): Pusher {
  const read = node === undefined ? null : readNode(node);
  // Written by us, in a form that we read; were it not so, the token may write nothing.
  if (read !== null && 'fault' in read) throw new AppError('TOKEN_REFUSED', 'the node of this token can not be read');
  return { name: `${name}/${id}`, node: read === null ? null : read.node };
}

/** Senders that know no other way put the token where a password goes. */
function basicPassword(request: FastifyRequest): string | null {
  const [, text = ''] = /^Basic ([A-Za-z0-9+/=]+)$/.exec(request.headers.authorization ?? '') ?? [];
  const [, password] = /^[^:]*:(.*)$/.exec(Buffer.from(text, 'base64').toString('utf8')) ?? [];
  return password ?? null;
}

function bearer(request: FastifyRequest): string | null {
  const header = request.headers.authorization;
  return header?.startsWith('Bearer ') === true ? header.slice('Bearer '.length) : null;
}

/**
 * A cookie proves who the browser's owner is, not who wrote the page: requests that change
 * something, and live connections, must come from a page of this very host.
 */
function refuseCrossSite(request: FastifyRequest, publicUrl: string): void {
  const isUpgrade = request.headers.upgrade !== undefined;
  if ((request.method === 'GET' || request.method === 'HEAD') && !isUpgrade) return;
  const site = request.headers['sec-fetch-site'];
  const origin = request.headers.origin;
  const foreign = site === 'cross-site' || site === 'same-site';
  const isOwn = origin === undefined || hostOf(origin) === request.headers.host || hostOf(origin) === hostOf(publicUrl);
  if (foreign || !isOwn) {
    throw new AppError('FORBIDDEN', 'this request comes from a page of another site', { where: 'Origin' });
  }
}

function hostOf(origin: string): string | null {
  return URL.canParse(origin) ? new URL(origin).host : null;
}
