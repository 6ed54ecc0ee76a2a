import { Type } from 'typebox';
import type { Alerting } from '../../../alerting/index.ts';
import {
  alertsAnswerSchema,
  alertsQuerySchema,
  backtestAnswerSchema,
  backtestQuerySchema,
  type Clock,
  explainAnswerSchema,
  explainQuerySchema,
  ruleBodySchema,
  rulesAnswerSchema,
} from '../../../core/index.ts';
import type { HttpServer } from '../server.ts';

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
    '/api/v1/rules',
    { config, schema: { summary: 'The rules in force', tags: ['alerting'], response: { 200: rulesAnswerSchema } } },
    async () => alerting.rules(),
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
  app.post(
    '/api/v1/rules/backtest',
    {
      config,
      schema: {
        summary: 'When the rules of a file would have fired, beside those in force',
        description: 'The very judge over the last 24 h by the second, and before that over minutes of history.',
        tags: ['alerting'],
        body: backtestQuerySchema,
        response: { 200: backtestAnswerSchema },
      },
    },
    (request) => alerting.backtest(request.body),
  );
  storedRuleRoutes(app, alerting);
}

const ruleName = Type.Object({ name: Type.String({ minLength: 1, maxLength: 100 }) }, { additionalProperties: false });

/** Rules that are made here and not in the file. Each answers with the rules in force. */
function storedRuleRoutes(app: HttpServer, { storedRules, rules }: Alerting): void {
  const config = { access: 'user' } as const;
  const tags = ['alerting'];
  app.get(
    '/api/v1/rules/:name',
    {
      config,
      schema: {
        summary: 'A rule that was made here, as it was given',
        tags,
        params: ruleName,
        response: { 200: ruleBodySchema },
      },
    },
    async (request) => ({ rule: storedRules.bodyOf(request.params.name) }),
  );
  app.put(
    '/api/v1/rules/:name',
    {
      config,
      schema: {
        summary: 'Make a rule, or change one that was made here',
        description: 'The body has the keys of a rule of the file (docs/rules.md), its name is that of the path.',
        tags,
        params: ruleName,
        body: ruleBodySchema,
        response: { 200: rulesAnswerSchema },
      },
    },
    async (request) => {
      await storedRules.put(request.params.name, request.body.rule, request.user ?? `token ${request.tokenId}`);
      return rules();
    },
  );
  app.delete(
    '/api/v1/rules/:name',
    {
      config,
      schema: {
        summary: 'Remove a rule that was made here; its alerts end',
        tags,
        params: ruleName,
        response: { 200: rulesAnswerSchema },
      },
    },
    async (request) => {
      await storedRules.remove(request.params.name);
      return rules();
    },
  );
}
