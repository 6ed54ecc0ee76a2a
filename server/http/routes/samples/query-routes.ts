import type { FastifyReply } from 'fastify';
import type { TSchema } from 'typebox';
import {
  type Clock,
  instantAnswerSchema,
  instantQuerySchema,
  memoryAnswerSchema,
  memoryQuerySchema,
  rangeAnswerSchema,
  rangeQuerySchema,
} from '../../../../core/index.ts';
import type { HostEvents } from '../../../operations/events/host-events.ts';
import { memoryAnswer } from '../../../operations/memory-answer.ts';
import type { QueryDoor } from '../../../query/query-door.ts';
import type { HttpServer } from '../../server.ts';

const limitsText =
  'Limits: 1,000 series, 11,000 buckets of a series, 300,000 points in an answer, 100,000,000 samples read, and time; ' +
  'an error says which, by how much, and what to do. A query ends when its client goes.';

/** The door writes the answer as text, so for the compiler the schema is one of anything. */
const rangeResponses: { readonly 200: TSchema } = { 200: rangeAnswerSchema };

export type QueryRouteOptions = {
  readonly queries: Pick<QueryDoor, 'range' | 'instant'>;
  readonly events: Pick<HostEvents, 'list'>;
  readonly clock: Clock;
};

/** What series measured: over a range, or at a moment. */
export function queryRoutes(app: HttpServer, { queries, events, clock }: QueryRouteOptions): void {
  const config = { access: 'user' } as const;
  app.post(
    '/api/v1/query_range',
    {
      config,
      schema: {
        summary: 'A range of series, in buckets or as it came',
        description: `The last 24 h by the second from memory, older ranges by the minute from history, stitched. ${limitsText}`,
        tags: ['data'],
        body: rangeQuerySchema,
        response: rangeResponses,
      },
    },
    async (request, reply) => {
      const text = await queries.range(request.body, whileConnected(reply));
      // It is text already: a serialiser would write it once more.
      return reply.type('application/json; charset=utf-8').serializer(String).send(text);
    },
  );
  app.post(
    '/api/v1/query',
    {
      config,
      schema: {
        summary: 'Series at a moment: newest values, the largest and smallest, totals by label',
        description:
          `Of the last 24 h. The value of a series is its newest sample, or what a window before the moment comes to. ` +
          `rank looks at any number of series. ${limitsText}`,
        tags: ['data'],
        body: instantQuerySchema,
        response: { 200: instantAnswerSchema },
      },
    },
    (request, reply) => queries.instant(request.body, whileConnected(reply)),
  );
  app.get(
    '/api/v1/memory',
    {
      config,
      schema: {
        summary: 'The memory of a container now, and what it means',
        description: 'Usage, working set and anonymous memory against the limit, with a verdict in words.',
        tags: ['data'],
        querystring: memoryQuerySchema,
        response: { 200: memoryAnswerSchema },
      },
    },
    (request, reply) =>
      memoryAnswer({ queries, events }, request.query.endpoint, {
        nowMs: clock.nowMs(),
        signal: whileConnected(reply),
      }),
  );
}

/** Aborts when the connection ends before the answer does. */
function whileConnected(reply: FastifyReply): AbortSignal {
  const controller = new AbortController();
  // It may have ended while the caller's token was looked up.
  if (reply.raw.destroyed || reply.request.raw.socket.destroyed) controller.abort();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) controller.abort();
  });
  return controller.signal;
}
