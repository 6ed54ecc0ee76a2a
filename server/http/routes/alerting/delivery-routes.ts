import { Type } from 'typebox';
import type { Alerting } from '../../../../alerting/index.ts';
import {
  acknowledgementSchema,
  type Clock,
  channelsAnswerSchema,
  channelTestAnswerSchema,
  deadLettersAnswerSchema,
  messageMembersAnswerSchema,
  onCallAnswerSchema,
  previewAnswerSchema,
  previewRequestSchema,
  resendAnswerSchema,
  silenceRequestSchema,
  silenceSchema,
  silencesAnswerSchema,
} from '../../../../core/index.ts';
import type { HttpServer } from '../../server.ts';
import { whoAsks } from './who-asks.ts';

const config = { access: 'user' } as const;
const tags = ['alerting'];
const closed = { additionalProperties: false } as const;
const byId = Type.Object({ id: Type.String({ minLength: 1, maxLength: 400 }) }, closed);

export type DeliveryRouteOptions = { readonly alerting: Alerting; readonly clock: Clock };

/** What people do about alerts and messages. */
export function deliveryRoutes(app: HttpServer, options: DeliveryRouteOptions): void {
  silenceRoutes(app, options);
  channelRoutes(app, options);
  messageRoutes(app, options);
}

function silenceRoutes(app: HttpServer, { alerting: { operations }, clock }: DeliveryRouteOptions): void {
  app.get(
    '/api/v1/silences',
    { config, schema: { summary: 'Silences in force or planned', tags, response: { 200: silencesAnswerSchema } } },
    async () => ({ nowMs: clock.nowMs(), silences: operations.silences() }),
  );
  app.post(
    '/api/v1/silences',
    {
      config,
      schema: {
        summary: 'Keep messages back for a time, with a reason; setting an id again changes it',
        tags,
        body: silenceRequestSchema,
        response: { 200: silenceSchema },
      },
    },
    (request) => operations.silence(request.body, whoAsks(request)),
  );
  app.delete(
    '/api/v1/silences/:id',
    {
      config,
      schema: {
        summary: 'End a silence now; one summary follows',
        tags,
        params: byId,
        response: { 200: silencesAnswerSchema },
      },
    },
    async (request) => {
      await operations.lift(request.params.id);
      return { nowMs: clock.nowMs(), silences: operations.silences() };
    },
  );
  app.post(
    '/api/v1/alerts/:id/acknowledge',
    {
      config,
      schema: {
        summary: 'Look after an incident: no escalation, no repetition',
        tags,
        params: byId,
        response: { 200: acknowledgementSchema },
      },
    },
    (request) => operations.acknowledge(request.params.id, whoAsks(request)),
  );
}

function channelRoutes(app: HttpServer, { alerting: { operations } }: DeliveryRouteOptions): void {
  app.get(
    '/api/v1/channels',
    { config, schema: { summary: 'Channels and how they fare', tags, response: { 200: channelsAnswerSchema } } },
    async () => ({ channels: operations.channels() }),
  );
  app.post(
    '/api/v1/channels/:id/test',
    {
      config: { ...config, rateLimit: { max: 30, timeWindow: '1 minute' } },
      schema: {
        summary: 'Send a test message, and see each hop of its way',
        tags,
        params: byId,
        response: { 200: channelTestAnswerSchema },
      },
    },
    (request) => operations.test(request.params.id, whoAsks(request)),
  );
  app.post(
    '/api/v1/templates/preview',
    {
      config,
      schema: {
        summary: 'What the templates of a channel make of a real event',
        tags,
        body: previewRequestSchema,
        response: { 200: previewAnswerSchema },
      },
    },
    (request) => operations.preview(request.body),
  );
  app.get(
    '/api/v1/oncall',
    { config, schema: { summary: 'Who is on duty now', tags, response: { 200: onCallAnswerSchema } } },
    async () => ({ rotations: operations.onCall() }),
  );
}

function messageRoutes(app: HttpServer, { alerting: { operations } }: DeliveryRouteOptions): void {
  const limit = Type.Object({ limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })) }, closed);
  app.get(
    '/api/v1/dead-letters',
    {
      config,
      schema: {
        summary: 'Messages that were given up',
        tags,
        querystring: limit,
        response: { 200: deadLettersAnswerSchema },
      },
    },
    async (request) => ({ deadLetters: await operations.deadLetters(request.query.limit ?? 200) }),
  );
  app.post(
    '/api/v1/dead-letters/:sequence/resend',
    {
      config,
      schema: {
        summary: 'Put a message that was given up back into the outbox',
        tags,
        params: Type.Object({ sequence: Type.Integer({ minimum: 0 }) }, closed),
        response: { 200: resendAnswerSchema },
      },
    },
    async (request) => {
      await operations.resend(request.params.sequence);
      return { resent: 1 };
    },
  );
  app.get(
    '/api/v1/events/:id/chart',
    {
      config,
      schema: {
        summary: 'A small picture of the window that an event was judged by',
        tags,
        params: byId,
        querystring: Type.Object(
          { form: Type.Optional(Type.Union([Type.Literal('png'), Type.Literal('svg')])) },
          closed,
        ),
      },
    },
    async (request, reply) => {
      const { type, bytes } = await operations.picture(request.params.id, request.query.form ?? 'svg');
      return reply.type(type).send(bytes);
    },
  );
  app.get(
    '/api/v1/messages/:id',
    {
      config,
      schema: {
        summary: 'All events that a digest stands for, a page at a time',
        tags,
        params: byId,
        querystring: Type.Object({ after: Type.Optional(Type.Integer({ minimum: 0 })) }, closed),
        response: { 200: messageMembersAnswerSchema },
      },
    },
    (request) => operations.members(request.params.id, request.query.after ?? 0),
  );
}
