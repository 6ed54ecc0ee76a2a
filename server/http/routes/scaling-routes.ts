import {
  type Clock,
  decisionsAnswerSchema,
  decisionsQuerySchema,
  type GroupsAnswer,
  groupsAnswerSchema,
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
}
