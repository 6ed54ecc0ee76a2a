import type { Alerting } from '../../../../alerting/index.ts';
import {
  alertsAnswerSchema,
  alertsQuerySchema,
  type Clock,
  explainAnswerSchema,
  explainQuerySchema,
} from '../../../../core/index.ts';
import type { HttpServer } from '../../server.ts';

export type AlertingRouteOptions = { readonly alerting: Alerting; readonly clock: Clock };

export function alertingRoutes(app: HttpServer, { alerting, clock }: AlertingRouteOptions): void {
  const config = { access: 'user' } as const;
  app.get(
    '/api/v1/alerts',
    {
      config,
      schema: {
        summary: 'Alerts that are open, or all of late',
        tags: ['alerting'],
        querystring: alertsQuerySchema,
        response: { 200: alertsAnswerSchema },
      },
    },
    async (request) => {
      const { status = 'open', limit = 200 } = request.query;
      return { nowMs: clock.nowMs(), alerts: [...(await alerting.alerts({ status, limit }))] };
    },
  );
  app.get(
    '/api/v1/alerts/explain',
    {
      config,
      schema: {
        summary: 'Why somebody was, or was not, told of a rule on an endpoint',
        tags: ['alerting'],
        querystring: explainQuerySchema,
        response: { 200: explainAnswerSchema },
      },
    },
    (request) => alerting.explain(request.query),
  );
}
