/**
 * Links that work without signing in, for a person with a phone at night. Each is good for one purpose, about one
 * incident, until it expires; whoever holds the message may use it, and what they do is written down with the name
 * of whom the message was for. Changing one character of a link makes it void.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { type Static, Type } from 'typebox';
import { AppError, parserOf } from '../../../core/index.ts';

const payloadSchema = Type.Object(
  {
    /** Purpose. */
    p: Type.Union([Type.Literal('acknowledge'), Type.Literal('silence'), Type.Literal('chart')]),
    /** Key of the event. */
    k: Type.String({ minLength: 1, maxLength: 400 }),
    /** Whom the message was for. */
    b: Type.String({ maxLength: 255 }),
    /** Expires, in seconds since 1970. */
    e: Type.Integer({ minimum: 0 }),
  },
  { additionalProperties: false },
);

const parsePayload = parserOf(payloadSchema, 'FORBIDDEN', 'the link');

export type LinkPurpose = Static<typeof payloadSchema>['p'];

export type SignedLink = {
  readonly purpose: LinkPurpose;
  readonly eventKey: string;
  readonly by: string;
  readonly expiresAtMs: number;
};

/** An incident that is older than this is dealt with from the console. */
export const LINK_LIFE_MS = 24 * 3600 * 1000;

const TOKEN_CHARACTERS_MAX = 2000;

/** `payload.signature`, both base64url: HMAC-SHA256 over the payload as it is written. */
export function signLink(secret: string, { purpose, eventKey, by, expiresAtMs }: SignedLink): string {
  const payload = { p: purpose, k: eventKey, b: by.slice(0, 255), e: Math.floor(expiresAtMs / 1000) };
  const text = Buffer.from(JSON.stringify(payload)).toString('base64url');
  return `${text}.${signatureOf(secret, text)}`;
}

/** Throws `FORBIDDEN` for a link that was not made here, is for something else, or has expired. */
export function readLink(secret: string, token: string, nowMs: number): SignedLink {
  const [text = '', signature = ''] = token.split('.');
  const expected = Buffer.from(signatureOf(secret, text));
  const given = Buffer.from(signature);
  const isGenuine = given.length === expected.length && timingSafeEqual(given, expected);
  if (!isGenuine || token.length > TOKEN_CHARACTERS_MAX) throw new AppError('FORBIDDEN', 'this link is not valid');
  const payload = parsePayload(JSON.parse(Buffer.from(text, 'base64url').toString('utf8')));
  const link: SignedLink = { purpose: payload.p, eventKey: payload.k, by: payload.b, expiresAtMs: payload.e * 1000 };
  if (link.expiresAtMs > nowMs) return link;
  throw new AppError('FORBIDDEN', 'this link has expired', { hint: 'open the alert in the console' });
}

const signatureOf = (secret: string, text: string): string =>
  createHmac('sha256', secret).update(`saker-link-1.${text}`).digest('base64url');
