import { Type } from 'typebox';
import {
  approvalBodySchema,
  type Clock,
  decisionsAnswerSchema,
  decisionsQuerySchema,
  type GroupsAnswer,
  groupsAnswerSchema,
  hookBodySchema,
  stopBodySchema,
} from '../../../core/index.ts';
import type { Scaler } from '../../../scaler/index.ts';
import type { HttpServer } from '../server.ts';

export type ScalingRouteOptions = { readonly scaler: Scaler; readonly clock: Clock };

export function scalingRoutes(app: HttpServer, { scaler }: ScalingRouteOptions): void {
  const config = { access: 'user' } as const;
  app.get(
    '/api/v1/groups',
    {
      config,
      schema: { summary: 'Scaling groups and their size', tags: ['scaling'], response: { 200: groupsAnswerSchema } },
    },
    async (): Promise<GroupsAnswer> => scaler.groups(),
  );
  app.get(
    '/api/v1/decisions',
    {
      config,
      schema: {
        summary: 'Why each group has the size it has, newest first',
        tags: ['scaling'],
        querystring: decisionsQuerySchema,
        response: { 200: decisionsAnswerSchema },
      },
    },
    (request) => scaler.decisions({ limit: 100, ...request.query }),
  );
  orderRoutes(app, scaler);
}

const name = Type.String({ minLength: 1, maxLength: 63 });
const closed = { additionalProperties: false } as const;

/** What people and other systems may tell the scaler. Each answers with the groups as they are then. */
function orderRoutes(app: HttpServer, scaler: Scaler): void {
  const config = { access: 'user' } as const;
  const tags = ['scaling'];
  const response = { 200: groupsAnswerSchema };
  app.put(
    '/api/v1/scaling/stop',
    { config, schema: { summary: 'Stop all scaling, or let it go on', tags, body: stopBodySchema, response } },
    async (request) => {
      await scaler.stop(request.body.reason, request.user ?? `token ${request.tokenId}`);
      return scaler.groups();
    },
  );
  app.post(
    '/api/v1/groups/:group/approval',
    {
      config,
      schema: {
        summary: 'Approve a change of a group in mode advise',
        description: 'Holds for five minutes, and up to the count that is named.',
        tags,
        params: Type.Object({ group: name }, closed),
        body: approvalBodySchema,
        response,
      },
    },
    async (request) => {
      scaler.approve(request.params.group, request.body.wanted, request.user ?? `token ${request.tokenId}`);
      return scaler.groups();
    },
  );
  app.put(
    '/api/v1/groups/:group/hooks/:policy',
    {
      config,
      schema: {
        summary: 'Set the bounds that a webhook policy holds',
        description: 'The same call again renews the time; `seconds` of 0 ends it.',
        tags,
        params: Type.Object({ group: name, policy: name }, closed),
        body: hookBodySchema,
        response,
      },
    },
    async (request) => {
      await scaler.hook(request.params, request.body);
      return scaler.groups();
    },
  );
}
