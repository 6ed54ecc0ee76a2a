import type { FastifyRequest } from 'fastify';
import { AppError } from '../../core/index.ts';
import type { Accounts } from '../auth/accounts.ts';
import type { Tokens } from '../auth/tokens.ts';

/**
 * Who may call a route. `public`: anybody. `user`: a signed-in person, or an API token.
 * `person`: a signed-in person only. `collector`: a collector's token. Every route says which.
 */
export type Access = 'public' | 'user' | 'person' | 'collector';

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
