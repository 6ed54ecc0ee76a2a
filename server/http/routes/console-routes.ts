import { existsSync } from 'node:fs';
import fastifyStatic from '@fastify/static';
import type { FastifyPluginAsync } from 'fastify';
import { AppError } from '../../../core/index.ts';
import type { HttpServer } from '../server.ts';

/** Serves the console, and its one page for every path that a browser asks a page of. */
export async function consoleRoutes(app: HttpServer, directory: string): Promise<void> {
  if (!existsSync(directory)) return;
  const console: FastifyPluginAsync = async (pages) => {
    pages.addHook('onRoute', (route) => {
      route.config = { ...route.config, access: 'public', rateLimit: false };
      route.schema = { ...route.schema, hide: true };
    });
    await pages.register(fastifyStatic, {
      root: directory,
      wildcard: false,
      preCompressed: true,
      index: ['index.html'],
      maxAge: '1h',
      setHeaders: (response, path) => {
        if (path.includes('/assets/')) response.header('cache-control', 'public, max-age=31536000, immutable');
        else response.header('cache-control', 'no-cache');
      },
    });
    pages.get('/*', async (request, reply) => {
      const wantsPage = request.headers.accept?.includes('text/html') === true;
      if (!wantsPage || request.url.startsWith('/api/')) {
        throw new AppError('NOT_FOUND', `there is no ${request.method} ${request.url.split('?')[0]}`);
      }
      return reply.sendFile('index.html');
    });
  };
  await app.register(console);
}
