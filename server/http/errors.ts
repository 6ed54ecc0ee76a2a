import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { AppError, type ErrorCode, isAppError } from '../../core/index.ts';

/** Fastify's own refusals, in our words. */
const codeByFastify: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'PAYLOAD_TOO_LARGE',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'UNSUPPORTED_MEDIA_TYPE',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'BAD_REQUEST',
  FST_ERR_CTP_INVALID_JSON_BODY: 'BAD_REQUEST',
  FST_ERR_VALIDATION: 'BAD_REQUEST',
};

/** Answers with a problem that a person can act on. What we did not expect stays in the log. */
export function sendError(error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const known = toAppError(error);
  if (known.status >= 500) request.log.error({ err: error, requestId: request.id }, 'a request failed');
  return reply.status(known.status).send(problemOf(known, request.id));
}

export function problemOf(error: AppError, requestId: string): object {
  return {
    code: error.code,
    message: error.message,
    ...(error.where === undefined ? {} : { where: error.where }),
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    requestId,
  };
}

function toAppError(error: FastifyError): AppError {
  if (isAppError(error)) return error.status === 500 ? internal() : error;
  const code = codeByFastify[error.code];
  if (code !== undefined) return new AppError(code, error.message);
  if (error.statusCode === 429) {
    return new AppError('TOO_MANY_REQUESTS', 'too many requests', {
      hint: 'wait as long as the Retry-After header says',
    });
  }
  if (error.statusCode !== undefined && error.statusCode < 500) return new AppError('BAD_REQUEST', error.message);
  return internal();
}

/** What broke inside is not the caller's business: a statement, a path, a reason of the engine. */
function internal(): AppError {
  return new AppError('INTERNAL', 'something went wrong here; the log has the details under this request’s id');
}
