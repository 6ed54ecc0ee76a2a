import { Type } from 'typebox';
import type { HttpServer } from '../server.ts';

export type Readiness = { readonly ready: boolean; readonly parts: Readonly<Record<string, string>> };

export type OperationsRouteOptions = {
  readonly readiness: () => Promise<Readiness>;
  readonly metricsText: () => Promise<string>;
};

const readinessSchema = Type.Object(
  { ready: Type.Boolean(), parts: Type.Record(Type.String(), Type.String()) },
  { additionalProperties: false },
);

/** What machines ask: alive, ready, metrics. */
export function operationsRoutes(app: HttpServer, { readiness, metricsText }: OperationsRouteOptions): void {
  const config = { access: 'public', rateLimit: false } as const;
  app.get(
    '/healthz',
    {
      config,
      schema: {
        summary: 'Is the process alive',
        tags: ['operations'],
        response: { 200: Type.Object({ alive: Type.Boolean() }) },
      },
    },
    async () => ({ alive: true }),
  );
  app.get(
    '/readyz',
    {
      config,
      schema: {
        summary: 'Does it do its work',
        tags: ['operations'],
        response: { 200: readinessSchema, 503: readinessSchema },
      },
    },
    async (_request, reply) => {
      const state = await readiness();
      return reply.status(state.ready ? 200 : 503).send({ ready: state.ready, parts: { ...state.parts } });
    },
  );
  app.get(
    '/metrics',
    { config, schema: { summary: 'Prometheus text of Saker itself', tags: ['operations'], produces: ['text/plain'] } },
    async (_request, reply) =>
      reply
        .type('text/plain; version=0.0.4; charset=utf-8')
        .serializer(String)
        .send(await metricsText()),
  );
}
