import {
  consistencyAnswerSchema,
  consistencyQuerySchema,
  hostInventoryAnswerSchema,
  hostInventoryQuerySchema,
  monitorsAnswerSchema,
} from '../../../core/index.ts';
import type { Fleet } from '../../operations/fleet/fleet.ts';
import type { HttpServer } from '../server.ts';

/** What is watched on the hosts, and how alike they are. */
export function fleetRoutes(app: HttpServer, fleet: Fleet): void {
  const config = { access: 'user' } as const;
  const tags = ['fleet'];
  app.get(
    '/api/v1/monitors',
    {
      config,
      schema: {
        summary: 'Monitors of all hosts and how they fare',
        tags,
        response: { 200: monitorsAnswerSchema },
      },
    },
    async () => fleet.monitors(),
  );
  app.get(
    '/api/v1/inventory',
    {
      config,
      schema: {
        summary: 'What hosts are: kernel, limits, mounts, packages, hashes of files',
        tags,
        querystring: hostInventoryQuerySchema,
        response: { 200: hostInventoryAnswerSchema },
      },
    },
    async (request) => ({ hosts: fleet.inventories(request.query.host) }),
  );
  app.get(
    '/api/v1/consistency',
    {
      config,
      schema: {
        summary: 'Whether the hosts of a node are alike',
        description: 'Compares each item with the baseline of monitors.yaml, else with what most of the hosts have.',
        tags,
        querystring: consistencyQuerySchema,
        response: { 200: consistencyAnswerSchema },
      },
    },
    async (request) => fleet.consistency(request.query),
  );
}
