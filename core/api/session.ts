import { type Static, Type } from 'typebox';
import { closed, identifier, timeMs } from './parts.ts';

const password = Type.String({ minLength: 10, maxLength: 256 });
const userName = Type.String({ minLength: 1, maxLength: 64, pattern: '^[A-Za-z0-9_.@-]+$' });

/** Either the one-time code that the terminal shows, or a name and a password. */
export const signInSchema = Type.Object(
  {
    code: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
    name: Type.Optional(userName),
    password: Type.Optional(Type.String({ minLength: 1, maxLength: 256 })),
  },
  closed,
);

/** `currentPassword` is asked for as soon as somebody has one. */
export const setPasswordSchema = Type.Object(
  { name: userName, password, currentPassword: Type.Optional(Type.String({ maxLength: 256 })) },
  closed,
);

export const sessionAnswerSchema = Type.Object(
  {
    signedIn: Type.Boolean(),
    user: Type.Union([Type.String(), Type.Null()]),
    passwordSet: Type.Boolean({ description: 'False until somebody has chosen a name and password' }),
    version: Type.String(),
  },
  closed,
);

export const tokenScopeSchema = Type.Union([Type.Literal('collector'), Type.Literal('api'), Type.Literal('push')]);

const nodeSchema = Type.String({
  minLength: 1,
  maxLength: 1024,
  description: 'The only node of the service tree that a push token may write to: cop=shop,cluster=eu',
});

export const createTokenSchema = Type.Object(
  { name: identifier, scope: tokenScopeSchema, node: Type.Optional(nodeSchema) },
  closed,
);

export const tokenSchema = Type.Object(
  {
    id: Type.String(),
    name: identifier,
    scope: tokenScopeSchema,
    node: Type.Optional(nodeSchema),
    createdAtMs: timeMs,
    lastUsedAtMs: Type.Union([timeMs, Type.Null()]),
  },
  closed,
);

/** `secret` is shown once and stored as a hash. */
export const createdTokenSchema = Type.Object({ ...tokenSchema.properties, secret: Type.String() }, closed);
export const tokensAnswerSchema = Type.Object({ tokens: Type.Array(tokenSchema) }, closed);

export type SignIn = Static<typeof signInSchema>;
export type SessionAnswer = Static<typeof sessionAnswerSchema>;
export type CreateToken = Static<typeof createTokenSchema>;
export type TokenScope = Static<typeof tokenScopeSchema>;
export type Token = Static<typeof tokenSchema>;
export type CreatedToken = Static<typeof createdTokenSchema>;
