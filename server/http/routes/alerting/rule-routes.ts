/** Rules: those in force, making and changing them, and what one would do. */
import { Type } from 'typebox';
import type { Alerting } from '../../../../alerting/index.ts';
import {
  backtestAnswerSchema,
  backtestQuerySchema,
  checkAnswerSchema,
  checkRequestSchema,
  entryAnswerSchema,
  entryBodySchema,
  entryQuerySchema,
  rulesAnswerSchema,
} from '../../../../core/index.ts';
import type { HttpServer } from '../../server.ts';
import { whoAsks } from './who-asks.ts';

const config = { access: 'user' } as const;
const tags = ['alerting'];
const params = Type.Object({ name: Type.String({ minLength: 1, maxLength: 100 }) }, { additionalProperties: false });

export function ruleRoutes(app: HttpServer, alerting: Alerting): void {
  app.get(
    '/api/v1/rules',
    {
      config,
      schema: { summary: 'The rules and templates in force', tags, response: { 200: rulesAnswerSchema } },
    },
    async () => alerting.rules(),
  );
  app.post(
    '/api/v1/rules/backtest',
    {
      config,
      schema: {
        summary: 'When rules would have fired, beside those in force',
        description: 'The very judge over the last 24 h by the second, and before that over minutes of history.',
        tags,
        body: backtestQuerySchema,
        response: { 200: backtestAnswerSchema },
      },
    },
    (request) => alerting.backtest(request.body),
  );
  app.post(
    '/api/v1/rules/check',
    {
      config,
      schema: {
        summary: 'What is wrong with a rule, what it means and what it would watch; changes nothing',
        tags,
        body: checkRequestSchema,
        response: { 200: checkAnswerSchema },
      },
    },
    async (request) => alerting.ruleEditor.check(request.body),
  );
  entryRoutes(app, alerting, { kind: 'rule', path: '/api/v1/rules/:name' });
  entryRoutes(app, alerting, { kind: 'template', path: '/api/v1/rule-templates/:name' });
}

type Entries = { readonly kind: 'rule' | 'template'; readonly path: string };

/** What is kept here and not in a file. Each change answers with the rules in force. */
function entryRoutes(app: HttpServer, { ruleEditor, rules }: Alerting, { kind, path }: Entries): void {
  app.get(
    path,
    {
      config,
      schema: {
        summary: `A ${kind} as it was written, with its versions`,
        tags,
        params,
        querystring: entryQuerySchema,
        response: { 200: entryAnswerSchema },
      },
    },
    (request) => ruleEditor.entry({ kind, name: request.params.name, template: request.query.template }),
  );
  app.put(
    path,
    {
      config,
      schema: {
        summary: `Make a ${kind}, or change one that was made here`,
        description: `The body has the keys of a ${kind} of the file (docs/rules.md), its name is that of the path.`,
        tags,
        params,
        body: entryBodySchema,
        response: { 200: rulesAnswerSchema },
      },
    },
    async (request) => {
      const { template } = request.body;
      await ruleEditor.put({ kind, name: request.params.name, template }, request.body, whoAsks(request));
      return rules();
    },
  );
  app.delete(
    path,
    {
      config,
      schema: {
        summary: `Remove a ${kind} that was made here; its alerts end`,
        tags,
        params,
        querystring: entryQuerySchema,
        response: { 200: rulesAnswerSchema },
      },
    },
    async (request) => {
      const { template, version } = request.query;
      await ruleEditor.remove({ kind, name: request.params.name, template }, version, whoAsks(request));
      return rules();
    },
  );
}
