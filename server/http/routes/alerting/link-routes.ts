/**
 * The small page behind a link in a message: what is wrong, and one button. Looking changes nothing, because chat
 * programs look at links by themselves; only the button acts. No script, no cookie, nothing from elsewhere.
 */
import type { FastifyReply } from 'fastify';
import { Type } from 'typebox';
import type { Alerting } from '../../../../alerting/index.ts';
import { describeError, isAppError } from '../../../../core/index.ts';
import type { HttpServer } from '../../server.ts';
import { donePage, linkPage, problemPage, STYLE } from './link-pages.ts';

const params = Type.Object({ token: Type.String({ minLength: 10, maxLength: 2000 }) }, { additionalProperties: false });
/** A person presses a few times; more is a machine that tries tokens. */
const limited = { rateLimit: { max: 60, timeWindow: '1 minute' } };
const config = { access: 'public', ...limited } as const;
const hide = { hide: true } as const;

type Sources = { readonly alerting: Alerting };

/** Registered as a part of its own: only here are forms read, everywhere else they are refused. */
export function linkRoutes(app: HttpServer, sources: Sources): void {
  app.register((part: HttpServer, _, done) => {
    routesOf(part, sources);
    done();
  });
}

function routesOf(app: HttpServer, { alerting }: Sources): void {
  const { operations } = alerting;
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string', bodyLimit: 4096 },
    (_, body, done) => {
      done(null, Object.fromEntries(new URLSearchParams(String(body))));
    },
  );
  app.get('/act/style.css', { config, schema: hide }, (_, reply) => reply.type('text/css; charset=utf-8').send(STYLE));
  app.get('/act/:token', { config, schema: { ...hide, params } }, async (request, reply) => {
    await answer(reply, async () =>
      linkPage(await operations.openLink(request.params.token, ['acknowledge', 'silence'])),
    );
    return reply;
  });
  app.get('/act/:token/chart.png', { config, schema: { ...hide, params } }, async (request, reply) => {
    const { type, bytes } = await operations.openPicture(request.params.token);
    return reply.type(type).header('Cache-Control', 'private, max-age=60').send(bytes);
  });
  app.post('/act/:token', { config, schema: { ...hide, params } }, async (request, reply) => {
    const { minutes = '60', reason = '' } = formOf(request.body);
    const silenceMs = (/^\d{1,5}$/.test(minutes) ? Number(minutes) : 60) * 60_000;
    await answer(reply, async () => donePage(await operations.useLink(request.params.token, { silenceMs, reason })));
    return reply;
  });
}

/** The fields of a form; none where the button had none. */
function formOf(body: unknown): Readonly<Record<string, string>> {
  if (typeof body !== 'object' || body === null) return {};
  return Object.fromEntries(Object.entries(body).map(([name, value]) => [name, String(value)]));
}

/** Problems are pages here: a person reads them. */
async function answer(reply: FastifyReply, page: () => Promise<string>): Promise<void> {
  reply.header('Cache-Control', 'no-store').header('X-Robots-Tag', 'noindex');
  reply.type('text/html; charset=utf-8');
  try {
    await reply.send(await page());
  } catch (error) {
    if (!isAppError(error) || error.status >= 500) throw error;
    await reply.status(error.status).send(problemPage(describeError(error)));
  }
}
