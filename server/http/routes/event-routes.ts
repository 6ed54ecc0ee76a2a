import { type Clock, eventsAnswerSchema, eventsQuerySchema } from '../../../core/index.ts';
import type { HostEvents } from '../../operations/events/host-events.ts';
import type { HttpServer } from '../server.ts';

export type EventRouteOptions = { readonly events: HostEvents; readonly clock: Clock };

export function eventRoutes(app: HttpServer, { events, clock }: EventRouteOptions): void {
  app.get(
    '/api/v1/events',
    {
      config: { access: 'user' },
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
