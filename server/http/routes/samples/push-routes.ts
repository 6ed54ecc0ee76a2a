import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { AppError, assert, type Clock } from '../../../../core/index.ts';
import { type CounterRates, takeFalconItems } from '../../push/open-falcon.ts';
import type { PushDoor, Pusher } from '../../push/push-door.ts';
import type { Refusals } from '../../push/refusals.ts';
import { RemoteWriteReader, unpack } from '../../push/remote-write.ts';
import { transferAnswer } from '../../push/transfer-answer.ts';
import type { HttpServer } from '../../server.ts';

const BODY_BYTES_MAX = 16 * 1024 * 1024;

/** Each sender's rate is counted in samples; requests may come as they like. */
const config = { access: 'push', rateLimit: false } as const;

export type PushRouteOptions = {
  readonly door: PushDoor;
  readonly rates: CounterRates;
  readonly clock: Clock;
};

/** Samples in the forms of others: Open-Falcon's push, Prometheus remote write. */
export function pushRoutes(app: HttpServer, options: PushRouteOptions): void {
  const routes: FastifyPluginAsync = async (scope) => {
    // Scripts push with whatever type their tool puts there.
    scope.removeAllContentTypeParsers();
    const taken = { parseAs: 'buffer', bodyLimit: BODY_BYTES_MAX } as const;
    scope.addContentTypeParser('*', taken, (_request, body, done) => done(null, body));
    falconRoutes(scope, options);
    remoteWriteRoutes(scope, options);
  };
  app.register(routes);
}

function falconRoutes(app: Pick<FastifyInstance, 'post'>, { door, rates, clock }: PushRouteOptions): void {
  const take = (request: FastifyRequest, items: readonly unknown[]): Promise<Refusals> => {
    const nowSecond = Math.floor(clock.nowMs() / 1000);
    return door.take(pusherOf(request), items.length, takeFalconItems(items, nowSecond, rates));
  };
  const description =
    'An array of {endpoint, metric, value, step, counterType, tags, timestamp}. The body and the answer are ' +
    "Open-Falcon's own; a token of scope push is asked for, as Bearer or as the password of Basic.";
  app.post(
    '/v1/push',
    { config, schema: { summary: "Samples, as Open-Falcon's agent takes them", description, tags: ['push'] } },
    async (request, reply) => {
      const items = itemsOf(request.body);
      if (items === 'blank') return reply.status(400).type('text/plain').send('body is blank');
      if (items === 'wrong') return reply.status(400).type('text/plain').send('connot decode body');
      const refusals = await take(request, items);
      if (refusals.count > 0) reply.header('x-saker-refused', String(refusals.count));
      return reply.type('text/plain').send('success');
    },
  );
  app.post(
    '/api/push',
    { config, schema: { summary: "Samples, as Open-Falcon's transfer takes them", description, tags: ['push'] } },
    async (request, reply) => {
      const begunMs = clock.monotonicMs();
      const items = itemsOf(request.body);
      if (items === 'blank') return reply.status(400).type('text/plain').send('blank body');
      if (items === 'wrong') return reply.status(400).type('text/plain').send('decode error');
      const refusals = await take(request, items);
      const Latency = Math.round(clock.monotonicMs() - begunMs);
      return { msg: 'success', data: transferAnswer(items.length, refusals, Latency) };
    },
  );
}

function itemsOf(body: unknown): readonly unknown[] | 'blank' | 'wrong' {
  const text = Buffer.isBuffer(body) ? body.toString('utf8') : '';
  if (text === '') return 'blank';
  try {
    const items: unknown = JSON.parse(text);
    return Array.isArray(items) ? items : 'wrong';
  } catch {
    return 'wrong';
  }
}

function remoteWriteRoutes(app: Pick<FastifyInstance, 'post'>, { door }: PushRouteOptions): void {
  const byName = new Map<string, RemoteWriteReader>();
  const readerOf = (name: string): RemoteWriteReader => {
    const reader = byName.get(name) ?? new RemoteWriteReader();
    byName.set(name, reader);
    return reader;
  };
  const write = async (request: FastifyRequest, reply: FastifyReply) => {
    if (!Buffer.isBuffer(request.body)) throw new AppError('BAD_REQUEST', 'the body is empty');
    const pusher = pusherOf(request);
    const message = unpack(request.body);
    const reader = readerOf(pusher.name);
    const total = reader.count(message);
    const refusals = await door.take(pusher, total, reader.take(message));
    if (refusals.count === 0) return reply.status(204).send();
    // The others are stored. A sender gives up what is answered so, and writes our words into its log.
    throw new AppError('BAD_REQUEST', refusals.words(total), { hint: 'what was not refused is stored' });
  };
  for (const path of ['/prometheus/api/v1/write', '/api/v1/write']) {
    app.post(
      path,
      {
        config,
        schema: {
          summary: 'Samples, by Prometheus remote write 1.0',
          description:
            'A snappy block of prometheus.WriteRequest. instance (else job) names the endpoint, __name__ the metric, ' +
            'the other labels are tags; a comma in a value becomes %2C. Samples are taken up to ten minutes late.',
          tags: ['push'],
          response: { 204: Type.Null() },
        },
      },
      write,
    );
  }
}

function pusherOf({ pusher }: FastifyRequest): Pusher {
  assert(pusher, 'a route for who pushes');
  return pusher;
}
