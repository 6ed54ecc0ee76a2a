import {
  type Clock,
  collectorsAnswerSchema,
  endpointsAnswerSchema,
  eventsAnswerSchema,
  eventsQuerySchema,
  findMetric,
  metadataAnswerSchema,
  metrics,
  type SeriesAnswer,
  seriesAnswerSchema,
  seriesQuerySchema,
} from '../../../../core/index.ts';
import type { Realtime } from '../../../../realtime/index.ts';
import type { HostEvents } from '../../../operations/events/host-events.ts';
import type { HttpServer } from '../../server.ts';

export type DataRouteOptions = {
  readonly realtime: Realtime;
  readonly clock: Clock;
  readonly events: HostEvents;
};

/** What there is, and what it measured. */
export function dataRoutes(app: HttpServer, { realtime, clock, events }: DataRouteOptions): void {
  const config = { access: 'user' } as const;
  app.get(
    '/api/v1/endpoints',
    { config, schema: { summary: 'Hosts and containers', tags: ['data'], response: { 200: endpointsAnswerSchema } } },
    async () => ({ nowMs: clock.nowMs(), endpoints: realtime.endpoints() }),
  );
  app.get(
    '/api/v1/collectors',
    {
      config,
      schema: {
        summary: 'Collectors and their connections',
        tags: ['data'],
        response: { 200: collectorsAnswerSchema },
      },
    },
    async () => ({ nowMs: clock.nowMs(), collectors: realtime.collectors() }),
  );
  app.get(
    '/api/v1/series',
    {
      config,
      schema: {
        summary: 'Series by endpoint and metric',
        tags: ['data'],
        querystring: seriesQuerySchema,
        response: { 200: seriesAnswerSchema },
      },
    },
    async (request) => listSeries(realtime, request.query),
  );
  app.get(
    '/api/v1/metadata',
    { config, schema: { summary: 'The metric catalogue', tags: ['data'], response: { 200: metadataAnswerSchema } } },
    async () => ({ metrics: metrics.map((metric) => ({ ...metric, tags: [...metric.tags] })) }),
  );
  app.get(
    '/api/v1/events',
    {
      config,
      schema: {
        summary: 'What happened on hosts and to containers',
        description: 'OOM kills, hung tasks, disk errors and crashes from the kernel log of each host, newest first.',
        tags: ['data'],
        querystring: eventsQuerySchema,
        response: { 200: eventsAnswerSchema },
      },
    },
    async (request) => ({ nowMs: clock.nowMs(), events: await events.list(request.query) }),
  );
}

type SeriesFilter = { readonly endpoint?: string; readonly metric?: string; readonly limit?: number };

function listSeries(realtime: Realtime, { endpoint, metric, limit = 1000 }: SeriesFilter): SeriesAnswer {
  const series: SeriesAnswer['series'] = [];
  for (const store of realtime.ring.endpoints()) {
    if (endpoint !== undefined && store.endpoint.name !== endpoint) continue;
    for (const one of store.series()) {
      if (metric !== undefined && one.metric !== metric) continue;
      if (series.length === limit) return { series, truncated: true };
      const unit = findMetric(one.metric)?.unit ?? null;
      series.push({ endpoint: one.endpoint, metric: one.metric, tags: one.tags, unit });
    }
  }
  return { series, truncated: false };
}
