import type { FastifyReply } from 'fastify';
import { Type } from 'typebox';
import { formatNode, readNode } from '../../../alerting/index.ts';
import {
  AppError,
  type CreateToken,
  createdTokenSchema,
  createTokenSchema,
  type SessionAnswer,
  type SignIn,
  sessionAnswerSchema,
  setPasswordSchema,
  signInSchema,
  tokensAnswerSchema,
} from '../../../core/index.ts';
import type { Accounts, Session } from '../../auth/accounts.ts';
import type { Tokens } from '../../auth/tokens.ts';
import { SESSION_COOKIE } from '../access.ts';
import type { HttpServer } from '../server.ts';

/** Sign-in is slow on purpose, and rare. */
const signInLimit = { rateLimit: { max: 10, timeWindow: '1 minute' } };

export type SessionRouteOptions = {
  readonly accounts: Accounts;
  readonly tokens: Tokens;
  readonly version: string;
  /** True when people reach the server over HTTPS. */
  readonly secureCookie: boolean;
};

export function sessionRoutes(app: HttpServer, options: SessionRouteOptions): void {
  const { accounts, version } = options;
  const answerFor = async (user: string | null): Promise<SessionAnswer> => ({
    signedIn: user !== null,
    user,
    passwordSet: await accounts.hasUser(),
    version,
  });

  app.get(
    '/api/v1/session',
    {
      config: { access: 'public' },
      schema: { summary: 'Who is signed in', tags: ['session'], response: { 200: sessionAnswerSchema } },
    },
    (request) => answerFor(request.user),
  );

  app.post(
    '/api/v1/session',
    {
      config: { access: 'public', ...signInLimit },
      schema: {
        summary: 'Sign in by one-time code, or by name and password',
        tags: ['session'],
        body: signInSchema,
        response: { 200: sessionAnswerSchema },
      },
    },
    async (request, reply) => {
      const session = await signIn(accounts, request.body);
      setCookie(reply, session, options.secureCookie);
      return answerFor(session.user);
    },
  );

  app.delete(
    '/api/v1/session',
    {
      config: { access: 'person' },
      schema: { summary: 'Sign out', tags: ['session'], response: { 200: sessionAnswerSchema } },
    },
    async (request, reply) => {
      await accounts.signOut(request.cookies[SESSION_COOKIE] ?? '');
      reply.clearCookie(SESSION_COOKIE, { path: '/' });
      return answerFor(null);
    },
  );

  app.post(
    '/api/v1/session/password',
    {
      config: { access: 'person', ...signInLimit },
      schema: {
        summary: 'Choose name and password for the next sign-in',
        tags: ['session'],
        body: setPasswordSchema,
        response: { 200: sessionAnswerSchema },
      },
    },
    async (request, reply) => {
      const session = await accounts.changePassword(request.user ?? '', request.body);
      setCookie(reply, session, options.secureCookie);
      return answerFor(session.user);
    },
  );
  tokenRoutes(app, options.tokens);
}

function tokenRoutes(app: HttpServer, tokens: Tokens): void {
  const byId = Type.Object({ id: Type.String({ minLength: 1, maxLength: 64 }) }, { additionalProperties: false });
  app.get(
    '/api/v1/tokens',
    {
      config: { access: 'person' },
      schema: { summary: 'Tokens, without their secrets', tags: ['session'], response: { 200: tokensAnswerSchema } },
    },
    async () => ({ tokens: await tokens.list() }),
  );
  app.post(
    '/api/v1/tokens',
    {
      config: { access: 'person' },
      schema: {
        summary: 'Make a token; its secret is shown once',
        tags: ['session'],
        body: createTokenSchema,
        response: { 200: createdTokenSchema },
      },
    },
    ({ body }) => tokens.create(body.name, body.scope, nodeOf(body)),
  );
  app.delete(
    '/api/v1/tokens/:id',
    {
      config: { access: 'person' },
      schema: {
        summary: 'Revoke a token; takes effect within five seconds',
        tags: ['session'],
        params: byId,
        response: { 200: tokensAnswerSchema },
      },
    },
    async (request) => {
      await tokens.revoke(request.params.id);
      return { tokens: await tokens.list() };
    },
  );
}

function signIn(accounts: Accounts, { code, name, password }: SignIn): Promise<Session> {
  if (code !== undefined && name === undefined && password === undefined) return accounts.signInWithCode(code.trim());
  if (code === undefined && name !== undefined && password !== undefined) {
    return accounts.signInWithPassword(name, password);
  }
  throw new AppError('BAD_REQUEST', 'send either code, or name and password', { where: 'body' });
}

function setCookie(reply: FastifyReply, session: Session, secure: boolean): void {
  reply.setCookie(SESSION_COOKIE, session.id, {
    path: '/',
    httpOnly: true,
    sameSite: 'strict',
    secure,
    expires: new Date(session.expiresAtMs),
  });
}

/** The node that a push token is for, in the tree's own order. */
function nodeOf({ scope, node }: CreateToken): string | null {
  if (node === undefined) return null;
  const read = readNode(node);
  if ('fault' in read) throw new AppError('BAD_REQUEST', read.fault, { where: 'body/node' });
  if (scope !== 'push')
    throw new AppError('BAD_REQUEST', `a token of scope ${scope} has no node`, { where: 'body/node' });
  return formatNode(read.node);
}
