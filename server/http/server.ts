import type { IncomingMessage, ServerResponse } from 'node:http';
import cookie from '@fastify/cookie';
import helmet from '@fastify/helmet';
import rateLimit from '@fastify/rate-limit';
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import websocket from '@fastify/websocket';
import fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyPluginAsync,
  LogController,
  type RawServerDefault,
  type RouteOptions,
} from 'fastify';
import { AppError, MESSAGE_BYTES_MAX } from '../../core/index.ts';
import type { Accounts } from '../auth/accounts.ts';
import type { Tokens } from '../auth/tokens.ts';
import { checkAccess } from './access.ts';
import { sendError } from './errors.ts';
import { compileSchema } from './validation.ts';

const BODY_BYTES_MAX = 64 * 1024;
const REQUEST_TIMEOUT_MS = 15_000;
const REQUESTS_PER_MINUTE_MAX = 1200;

export type HttpServer = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;

export type HttpServerOptions = {
  readonly logger: FastifyBaseLogger;
  readonly accounts: Accounts;
  readonly tokens: Tokens;
  readonly version: string;
  readonly publicUrl: string;
  /** Addresses of proxies whose X-Forwarded-For is believed; null: nobody's. */
  readonly trustedProxy: string | null;
};

/** The door: limits, headers, access and errors, the same for every route. Routes come after. */
export async function createHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const app: HttpServer = fastify({
    loggerInstance: options.logger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: BODY_BYTES_MAX,
    trustProxy: options.trustedProxy ?? false,
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionTimeout: 0,
    keepAliveTimeout: 30_000,
    maxRequestsPerSocket: 0,
    forceCloseConnections: true,
    exposeHeadRoutes: false,
    // Signed links in messages carry what they are about; nothing else has such long names.
    routerOptions: { maxParamLength: 2000 },
    http: { maxHeaderSize: 16 * 1024, headersTimeout: 10_000 },
  }).withTypeProvider<TypeBoxTypeProvider>();
  app.setValidatorCompiler(compileSchema);
  app.setSerializerCompiler(() => JSON.stringify);
  app.setErrorHandler(sendError);
  app.decorateRequest('user', null);
  app.decorateRequest('tokenId', null);
  app.decorateRequest('pusher', null);
  app.removeContentTypeParser('text/plain');
  requireAccessAndSchema(app);
  await app.register(cookie);
  await registerHelmet(app);
  await app.register(rateLimit, { max: REQUESTS_PER_MINUTE_MAX, timeWindow: '1 minute' });
  await app.register(websocket, { options: { maxPayload: MESSAGE_BYTES_MAX, perMessageDeflate: false } });
  await registerDocs(app, options.version);
  app.addHook('preValidation', (request) => checkAccess(request, options));
  app.setNotFoundHandler({}, (request) => {
    throw new AppError('NOT_FOUND', `there is no ${request.method} ${request.url.split('?')[0]}`);
  });
  return app;
}

/** A route that does not say who may call it, or what it takes, is an error at start, not a hole. */
function requireAccessAndSchema(app: HttpServer): void {
  const routes: RouteOptions[] = [];
  app.addHook('onRoute', (route) => {
    routes.push(route);
  });
  app.addHook('onReady', async () => {
    for (const { url, config, schema } of routes) {
      if (config?.access === undefined) throw new Error(`route ${url} does not say who may call it`);
      if (schema === undefined) throw new Error(`route ${url} has no schema`);
    }
  });
}

async function registerHelmet(app: HttpServer): Promise<void> {
  await app.register(helmet, {
    contentSecurityPolicy: {
      directives: {
        defaultSrc: ["'self'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'", 'data:'],
        connectSrc: ["'self'", 'ws:', 'wss:'],
        objectSrc: ["'none'"],
        frameAncestors: ["'none'"],
        baseUri: ["'none'"],
        formAction: ["'self'"],
        upgradeInsecureRequests: null,
      },
    },
    hsts: false,
    referrerPolicy: { policy: 'no-referrer' },
  });
}

async function registerDocs(app: HttpServer, version: string): Promise<void> {
  await app.register(swagger, {
    // The WebSocket plugin hides its routes; people look for the live stream here all the same.
    transform: ({ schema, url, route }) => ({
      schema: route.websocket === true ? { ...schema, hide: false } : schema,
      url,
    }),
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Saker',
        description: 'Everything that the console does. Times are milliseconds since 1970.',
        version,
      },
      components: {
        securitySchemes: {
          session: { type: 'apiKey', in: 'cookie', name: 'saker_session' },
          token: { type: 'http', scheme: 'bearer' },
        },
      },
    },
  });
  const pages: FastifyPluginAsync = async (docs) => {
    // The documentation's own routes carry no schema; they are static and public.
    docs.addHook('onRoute', (route) => {
      route.config = { ...route.config, access: 'public' };
      route.schema = { ...route.schema, hide: true };
    });
    await docs.register(swaggerUi, { routePrefix: '/api/docs' });
  };
  await app.register(pages);
}
